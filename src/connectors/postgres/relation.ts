/** What an entity reads, as the FROM and WHERE of every statement about it. */
import type { EntitySpec, ReadSpec } from '../../domain/entity.ts';
import { SyncError } from '../../domain/errors.ts';
import { quoteIdent, quoteTable } from '../../pg/identifiers.ts';

/** A result column and the table column that it comes from, when it comes from one. */
export type ColumnOrigin = { readonly name: string; readonly tableOid: number; readonly attribute: number };

/** `FROM … ` of the entity. Columns need no qualification: there is one item in it. */
export function fromClause(read: ReadSpec): string {
  // The line break ends a comment that the user's SQL may end with.
  if (read.kind === 'sql') return `FROM (${read.sql.trim().replace(/;\s*$/, '')}\n) AS entity`;
  const { schema, table } = parseTable(read.table);
  return `FROM ${schema === null ? quoteIdent(table) : quoteTable({ schema, table })}`;
}

/** `WHERE …` of the entity's own filter and the given conditions; empty when there are none. */
export function whereClause(spec: Pick<EntitySpec, 'read'>, conditions: readonly string[] = []): string {
  const own = spec.read.where === undefined ? [] : [`${spec.read.where}\n`];
  const all = [...own, ...conditions];
  return all.length === 0 ? '' : `WHERE ${all.map((condition) => `(${condition})`).join(' AND ')}`;
}

/** Names as SQL reads them: lower case unless quoted, `schema.table` or `table` by the login's search_path. */
export function parseTable(text: string): { schema: string | null; table: string } {
  const parts = [...text.trim().matchAll(/"((?:[^"]|"")+)"|([^".\s]+)/g)].map((match) =>
    match[1] === undefined ? (match[2] as string).toLowerCase() : match[1].replaceAll('""', '"'),
  );
  const wellFormed = /^\s*(?:"(?:[^"]|"")+"|[^".\s]+)(?:\.(?:"(?:[^"]|"")+"|[^".\s]+))?\s*$/.test(text);
  const [first, second] = parts;
  if (!wellFormed || first === undefined) {
    throw new SyncError('CONFIG_INVALID', {
      message: `\`read.table\` is ${JSON.stringify(text)}; write schema.table, with double quotes around names that need them`,
    });
  }
  return second === undefined ? { schema: null, table: first } : { schema: first, table: second };
}
