/**
 * Ranges of ROWIDs, for tables that no index gives in key order: a walk over keys would sort the whole table, and each
 * chunk read it all. Such ranges say nothing of keys, so their entities have an unproved key order.
 */
import type { KeyRange } from '../../domain/source-shape.ts';
import type { Binds } from './binds.ts';

/** No key begins like this. */
export const ROWID_PREFIX = '\u0001rowid:';

export function isRowidRange({ lower, upper }: KeyRange): boolean {
  return lower?.startsWith(ROWID_PREFIX) === true || upper?.startsWith(ROWID_PREFIX) === true;
}

export function rowidConditions({ lower, upper }: KeyRange, { bind }: Binds): string[] {
  const bound = (operator: string, text: string | null): string[] =>
    text === null ? [] : [`ROWID ${operator} CHARTOROWID(${bind(text.slice(ROWID_PREFIX.length))})`];
  return [...bound('>', lower), ...bound('<=', upper)];
}
