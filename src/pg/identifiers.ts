/** Identifiers go into SQL through here only; values never do. */
import { SyncError } from '../domain/errors.ts';

/** PostgreSQL cuts longer names silently, and two of them could become one. */
const MAX_NAME_BYTES = 63;

export function quoteIdent(name: string): string {
  if (name === '' || name.includes('\0') || Buffer.byteLength(name) > MAX_NAME_BYTES) {
    throw new SyncError('CONFIG_INVALID', {
      message: `The name ${JSON.stringify(name)} is empty or longer than ${MAX_NAME_BYTES} bytes`,
    });
  }
  return `"${name.replaceAll('"', '""')}"`;
}

export function quoteTable(table: { schema: string; table: string }): string {
  return `${quoteIdent(table.schema)}.${quoteIdent(table.table)}`;
}
