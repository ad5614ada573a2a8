/**
 * A pushed change at its receipt, for somebody who sees only some partitions of the entity (C13). A row that is out of
 * sight and one that never was are answered alike, so that nobody learns of a row by guessing its id. What may have
 * changed by then is looked at again when the change is applied.
 */
import type { StoredVerdict } from '../upload/stored-verdict.ts';
import { type EntityScope, isPartitioned } from './scope.ts';

export type Received = {
  readonly operation: 'insert' | 'update' | 'delete';
  /** Values that the change sets, by mirror column, as texts. */
  readonly values: Readonly<Record<string, unknown>>;
  /** The row, or its tombstone, is in sight; or the device itself is about to make it. */
  readonly isKnown: boolean;
};

/** @returns null: nothing stands against it here. */
export function judgeReceived(scope: EntityScope, change: Received): StoredVerdict | null {
  if (!isPartitioned(scope)) return null;
  const { operation, values, isKnown } = change;
  if (operation !== 'insert' && !isKnown) return goneVerdict(change);
  const foreign = Object.entries(scope.partitions).find(([column, allowed]) => {
    if (!Object.hasOwn(values, column)) return operation === 'insert';
    const value = values[column];
    const text = typeof value === 'number' || typeof value === 'boolean' ? String(value) : value;
    return typeof text !== 'string' || !allowed.includes(text);
  });
  if (operation === 'delete' || foreign === undefined) return null;
  return {
    status: 'rejected',
    code: 'NOT_ALLOWED',
    message: `${foreign[0]} has to be one of your own values`,
  };
}

/** As of a row that is neither there nor remembered (C14): a delete finds nothing to do, an update has lost. */
function goneVerdict({ operation, values }: Received): StoredVerdict {
  return operation === 'delete'
    ? { status: 'applied' }
    : { status: 'conflict', clashing: Object.keys(values) };
}
