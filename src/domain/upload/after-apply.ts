/** Which groups of rows a change concerns, for the statements that `afterApply` runs once for each of them. */
import { decodeKey } from '../keys.ts';
import type { FieldTexts } from './decision.ts';

export type AfterApplySpec = {
  /** Of its columns, and its place among those of the same: what is still to be done outlives a corrected statement. */
  readonly id: string;
  readonly sql: string;
  /** Mirror columns whose values make a group, and are $1 …; null: each row by itself, by its key. */
  readonly per: readonly string[] | null;
  /** false: in the transaction that settles the change. */
  readonly later: boolean;
};

/** A row that was written. `before` and `after`: null where it is not there. */
export type AffectedRow = {
  readonly key: string;
  readonly before: FieldTexts | null;
  readonly after: FieldTexts | null;
};

export type AffectedGroup = { readonly step: AfterApplySpec; readonly values: readonly (string | null)[] };

/**
 * Each group once, in an order that all writers share. A row that changed its group concerns both; one without a group
 * (NULL in each column) concerns none.
 */
export function affectedGroups(
  steps: readonly AfterApplySpec[],
  rows: readonly AffectedRow[],
  keyColumns: number,
): AffectedGroup[] {
  const groups = new Map<string, AffectedGroup>();
  for (const step of steps) {
    for (const values of rows.flatMap((row) => valuesOf(step, row, keyColumns))) {
      if (values.some((value) => value !== null))
        groups.set(JSON.stringify([step.id, values]), { step, values });
    }
  }
  return [...groups.entries()].sort(([a], [b]) => (a < b ? -1 : 1)).map(([, group]) => group);
}

function valuesOf({ per }: AfterApplySpec, row: AffectedRow, keyColumns: number): (string | null)[][] {
  if (per === null) return [decodeKey(row.key, keyColumns)];
  const sides = [row.before, row.after].filter((side) => side !== null);
  return sides.map((side) => per.map((name) => side[name] ?? null));
}

/** Highest number of a parameter in the SQL. */
export function parametersOf(sql: string): number {
  return Math.max(0, ...[...sql.matchAll(/\$(\d+)/g)].map(([, number]) => Number(number)));
}
