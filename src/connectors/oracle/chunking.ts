/** How a full run of an entity is cut into chunks: along its keys, or along the places of its rows. */
import type { SourceColumn } from '../../domain/entity.ts';
import type { TableFacts } from './dictionary.ts';
import { hasIndexOn } from './dictionary.ts';

/**
 * By ROWID where no index gives the rows of a table in key order. A row with an incomplete key would belong to the last
 * key range, which places do not have: then it is the keys all the same.
 */
export function chunksByRowid(at: {
  readonly table: TableFacts | null;
  /** null: unknown. */
  readonly indexes: readonly (readonly string[])[] | null;
  readonly keys: readonly SourceColumn[];
}): boolean {
  const { table, indexes, keys } = at;
  if (table?.storage !== 'heap' || indexes === null) return false;
  if (keys.some(({ nullable }) => nullable)) return false;
  return !hasIndexOn(
    indexes,
    keys.map(({ name }) => name),
  );
}
