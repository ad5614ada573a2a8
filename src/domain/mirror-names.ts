/** Names that a mirror's tables and columns may have. */

/** PostgreSQL cuts longer identifiers without a word. */
const MAX_IDENTIFIER_BYTES = 63;

/** Columns that every PostgreSQL table has. */
const POSTGRES_COLUMNS = new Set(['tableoid', 'xmin', 'cmin', 'xmax', 'cmax', 'ctid']);

/** Of staging tables: they stand beside the mirror's columns there. */
const STAGING_COLUMN = /^_(changed_\d+|soft_delete|mirror_xid)$/;

const SCHEMAS_OF_OTHERS = /^(pg_.*|information_schema|syncline)$/i;

/** What is wrong with the name of a mirror column; null when nothing is. */
export function whyNoColumn(name: string): string | null {
  if (name.startsWith('sync_')) return 'names that begin with sync_ are Syncline’s own';
  if (POSTGRES_COLUMNS.has(name)) return `${name} is a system column of PostgreSQL`;
  if (STAGING_COLUMN.test(name)) return `${name} is a column of Syncline’s staging tables`;
  return whyNoIdentifier(name);
}

export function whyNoSchema(name: string): string | null {
  if (SCHEMAS_OF_OTHERS.test(name)) return `schema ${name} is not for mirrors`;
  return whyNoIdentifier(name);
}

export function whyNoIdentifier(name: string): string | null {
  if (name === '') return 'a name is missing';
  if (name.includes('\0')) return 'a name cannot contain NUL';
  const bytes = new TextEncoder().encode(name).length;
  return bytes > MAX_IDENTIFIER_BYTES
    ? `the name has ${bytes} bytes, PostgreSQL allows ${MAX_IDENTIFIER_BYTES}`
    : null;
}
