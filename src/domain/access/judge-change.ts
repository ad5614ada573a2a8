/**
 * A change as it is applied, or carried out after a decision, for a sender who sees only part of the entity (C13): what
 * judge-push.ts said at its receipt may not hold any more. A row that is out of sight, and one that never was, are
 * answered alike. What rules and approvers make of a change is theirs.
 */
import type { Change, Decision, RowNow } from '../upload/decision.ts';
import { type EntityScope, isInScope, isPartitioned, mayWriteField } from './scope.ts';

export type Asked = {
  readonly operation: Change['operation'];
  /** By mirror column, as PostgreSQL prints them. */
  readonly values: Readonly<Record<string, string | null>>;
  /** Fields of which the device says what it did to them. */
  readonly described: readonly string[];
};

/** @returns what to tell the sender; null: nothing stands against it, as far as it can be seen without the row. */
export function whyNotAllowed(
  scope: EntityScope,
  { operation, values, described }: Asked,
): { readonly code: string; readonly message: string } | null {
  const sent = [...Object.keys(values), ...described];
  const field = sent.find((name) => !mayWriteField(scope, name));
  if (field !== undefined) return { code: 'NOT_ALLOWED', message: `${field} may not be changed` };
  if (operation === 'delete') return null;
  const foreign = Object.entries(scope.partitions).find(([column, allowed]) => {
    // Nobody knows what would come of it.
    if (described.includes(column)) return true;
    if (!Object.hasOwn(values, column)) return operation === 'insert';
    const value = values[column];
    return typeof value !== 'string' || !allowed.includes(value);
  });
  if (foreign === undefined) return null;
  return { code: 'NOT_ALLOWED', message: `${foreign[0]} has to be one of your own values` };
}

/** The row as its sender may know of it. */
export function rowSeenBy(scope: EntityScope | null, now: RowNow): RowNow {
  if (scope === null || !isPartitioned(scope) || now.state === 'unknown') return now;
  const values = now.state === 'row' ? now.row.values : (now.values ?? {});
  return isInScope(scope, values) ? now : { state: 'unknown' };
}

/**
 * What is decided without a look at policies or rules, which would tell of a row that is out of sight: a delete of it
 * finds nothing to do, an update has lost, and its key is not free.
 * @param now the row as it is. @returns null: the change is decided as any other.
 */
export function decideOutOfSight(
  scope: EntityScope | null,
  change: Pick<Change, 'operation' | 'values' | 'operations'>,
  now: RowNow,
): Decision | null {
  if (scope === null || !isPartitioned(scope)) return null;
  if (rowSeenBy(scope, now).state !== 'unknown') return null;
  const notes = { policyIgnored: null };
  const { operation } = change;
  if (operation === 'delete') return { kind: 'same', clocks: {}, notes };
  if (operation === 'update') {
    const fields = [...new Set([...Object.keys(change.values), ...Object.keys(change.operations)])];
    const outcomes = [{ fields, took: 'server', by: 'serverWins' } as const];
    return { kind: 'serverWins', clash: null, clocks: {}, outcomes, effects: [], notes };
  }
  if (now.state !== 'row') return null;
  return {
    kind: 'reject',
    code: 'CHANGE_INVALID',
    message: 'The row cannot be made under this key',
    rule: null,
    cause: null,
    effects: [],
    notes,
  };
}
