/** What an entity reads, as the FROM and WHERE of every statement about it. */
import type { EntitySpec, ReadSpec } from '../../domain/entity.ts';
import { SyncError } from '../../domain/errors.ts';

export function quoteName(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

export type TableName = { readonly schema: string | null; readonly table: string };

export function quoteTable({ schema, table }: TableName): string {
  return schema === null ? quoteName(table) : `${quoteName(schema)}.${quoteName(table)}`;
}

/**
 * `FROM …` of the entity. Columns need no qualification: there is one item in it.
 * @param asOf ` AS OF SCN …` for a table; the queries of `read.sql` have their snapshot from their transaction.
 */
export function fromClause(read: ReadSpec, asOf = ''): string {
  // The line break ends a comment that the user's SQL may end with.
  if (read.kind === 'sql') return `FROM (${read.sql.trim().replace(/;\s*$/, '')}\n) entity`;
  return `FROM ${quoteTable(parseTable(read.table))}${asOf}`;
}

/** `WHERE …` of the entity's own filter and the given conditions; empty when there are none. */
export function whereClause(spec: Pick<EntitySpec, 'read'>, conditions: readonly string[] = []): string {
  const own = spec.read.where === undefined ? [] : [`${spec.read.where}\n`];
  const all = [...own, ...conditions];
  return all.length === 0 ? '' : `WHERE ${all.map((condition) => `(${condition})`).join(' AND ')}`;
}

/** Names as SQL reads them: upper case unless quoted, `schema.table`, or `table` of the login's own schema. */
export function parseTable(text: string): TableName {
  const parts = [...text.trim().matchAll(/"([^"]+)"|([^".\s]+)/g)].map((match) =>
    match[1] === undefined ? (match[2] as string).toUpperCase() : match[1],
  );
  const wellFormed = /^\s*(?:"[^"]+"|[^".@\s]+)(?:\.(?:"[^"]+"|[^".@\s]+))?\s*$/.test(text);
  const [first, second] = parts;
  if (!wellFormed || first === undefined) {
    throw new SyncError('CONFIG_INVALID', {
      message: `\`read.table\` is ${JSON.stringify(text)}; write SCHEMA.TABLE, with double quotes around names that need them`,
      remedy: 'A table behind a database link is read by `read.sql`.',
    });
  }
  return second === undefined ? { schema: null, table: first } : { schema: first, table: second };
}
