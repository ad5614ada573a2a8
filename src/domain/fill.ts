/**
 * What every row of a mirror is filled by: where its columns come from, and the rules that decide which rows are there.
 * A full run brings all rows to it; an increment brings those that change. So what is new in it since the last full run
 * needs another one, or rows that do not change would stay as they were for ever.
 */
import { stableJson } from './config-hash.ts';
import type { EntityPlan } from './entity.ts';

/** Functions have no value to compare: only their user knows whether old rows matter, so these are told, not acted on. */
const ONLY_TOLD = new Set(['validate', 'revision']);
const ARROW = ' ← ';

/** One text each, `<column> ← <what fills it>` or `(<rule>) ← <what it is>`. */
export function fillOf(plan: EntityPlan, revision: string | null): string[] {
  const { softDelete, deduplicate, validate } = plan.spec;
  const by = deduplicate && { ...deduplicate, retentionMs: undefined };
  return [
    // Names alone would not tell a column that is filled from another one since.
    ...plan.loadColumns.map(({ name, from }) => `${name}${ARROW}${from ?? 'compute'}`),
    ...followed(plan),
    rule('softDelete', softDelete),
    rule('deduplicate', by),
    rule('validate', validate === null ? null : 'a function'),
    rule('revision', revision),
  ];
}

/** Increments by another column, or another log, never saw what the new one says of rows before their watermark. */
function followed(plan: EntityPlan): string[] {
  const { changedAt, capture } = plan.spec;
  if (capture) return [captureRule(plan)];
  return changedAt === null ? [] : [rule('changedAt', [...changedAt.columns].sort())];
}

/** The entry of an entity with `capture`: a log that may have a gap since the last full run is another one. */
export function captureRule({ captureId }: Pick<EntityPlan, 'captureId'>): string {
  return rule('capture', captureId);
}

const rule = (name: string, value: unknown): string => `(${name})${ARROW}${stableJson(value)}`;

export type FillGaps = {
  /** Columns and rules that only a full run brings to every row. */
  readonly needed: readonly string[];
  /** Rules that rows loaded before may not follow; a full run would make them. */
  readonly told: readonly string[];
};

/** What `wanted` has that the last full run did not have. */
export function fillGaps(wanted: readonly string[], had: readonly string[]): FillGaps {
  const before = new Set(had);
  const names = wanted.filter((entry) => !before.has(entry)).map(nameOf);
  return {
    needed: names.filter((name) => !ONLY_TOLD.has(name)),
    told: names.filter((name) => ONLY_TOLD.has(name)),
  };
}

function nameOf(entry: string): string {
  const name = entry.slice(0, entry.indexOf(ARROW));
  return /^\(.*\)$/.test(name) ? name.slice(1, -1) : `column ${name}`;
}
