/** What the catalogue says of a table that is written: its columns' types, by which texts become values. */
import type pg from 'pg';
import { SyncError } from '../../domain/errors.ts';
import { quoteIdent, quoteTable } from '../../pg/identifiers.ts';
import type { WriteEntity } from '../write-contract.ts';
import { parseTable } from './relation.ts';
import { kindOf, scaleOf, type WriteColumn } from './write-back-values.ts';

export type WriteTable = {
  readonly spec: WriteEntity;
  /** As a statement names it. */
  readonly sqlName: string;
  readonly key: readonly WriteColumn[];
  /** Every column of the table, by its name. */
  readonly columns: ReadonlyMap<string, WriteColumn>;
  /** What verdicts show of a row: the key first. */
  readonly rowColumns: readonly WriteColumn[];
};

/** Domains are resolved to their base types: a cast to a domain cuts what is too long, an assignment refuses it. */
const COLUMNS = `
  WITH RECURSIVE base AS (
    SELECT attnum, attname AS column, attgenerated <> '' AS generated, attidentity = 'a' AS always,
           atttypid AS type, atttypmod AS modifier, 0 AS depth
      FROM pg_catalog.pg_attribute WHERE attrelid = $1::oid AND attnum > 0 AND NOT attisdropped
    UNION ALL
    SELECT attnum, base.column, generated, always, t.typbasetype,
           CASE WHEN modifier >= 0 THEN modifier ELSE t.typtypmod END, depth + 1
      FROM base JOIN pg_catalog.pg_type AS t ON t.oid = base.type WHERE t.typtype = 'd'
  )
  SELECT * FROM (
    SELECT DISTINCT ON (attnum) attnum, base.column, generated, always, modifier,
           n.nspname AS schema, t.typname AS name, t.typtype AS kind
      FROM base JOIN pg_catalog.pg_type AS t ON t.oid = base.type
      JOIN pg_catalog.pg_namespace AS n ON n.oid = t.typnamespace
     ORDER BY attnum, depth DESC
  ) AS resolved ORDER BY attnum`;

type ColumnRow = {
  readonly column: string;
  readonly generated: 't' | 'f';
  readonly always: 't' | 'f';
  readonly modifier: string;
  readonly schema: string;
  readonly name: string;
  readonly kind: string;
};

/** @throws SyncError SOURCE_QUERY with scope 'entity' when the table or a column named by the entity is missing. */
export async function describeTable(client: pg.PoolClient, spec: WriteEntity): Promise<WriteTable> {
  const found = await findTable(client, spec.table);
  if (found === null) throw missing(spec, `table ${spec.table} is not there`);
  const { rows } = await client.query<ColumnRow>(COLUMNS, [found.oid]);
  const columns = new Map(rows.map((row) => [row.column, writeColumn(row)]));
  const named = (name: string): WriteColumn => {
    const column = columns.get(name);
    if (column === undefined) throw missing(spec, `table ${spec.table} has no column ${name}`);
    return column;
  };
  const key = spec.key.map(named);
  if (spec.originColumn !== undefined) named(spec.originColumn);
  const shown = spec.rowColumns?.map(named) ?? [...columns.values()];
  return {
    spec,
    sqlName: found.sqlName,
    key,
    columns,
    rowColumns: [...key, ...shown.filter((column) => !key.includes(column))],
  };
}

export type FoundTable = { readonly oid: string; readonly sqlName: string };

/** By the login's search_path where no schema is named. */
export async function findTable(client: pg.PoolClient, text: string): Promise<FoundTable | null> {
  const { schema, table } = parseTable(text);
  const name = schema === null ? quoteIdent(table) : quoteTable({ schema, table });
  const { rows } = await client.query<{ oid: string; schema: string; table: string }>(
    `SELECT c.oid, n.nspname AS schema, c.relname AS table
       FROM pg_catalog.pg_class AS c JOIN pg_catalog.pg_namespace AS n ON n.oid = c.relnamespace
      WHERE c.oid = to_regclass($1) AND c.relkind IN ('r', 'p', 'v', 'f')`,
    [name],
  );
  const [row] = rows;
  return row === undefined
    ? null
    : { oid: row.oid, sqlName: quoteTable({ schema: row.schema, table: row.table }) };
}

export function writeColumn(row: ColumnRow): WriteColumn {
  const kind = kindOf(row);
  return {
    name: row.column,
    kind,
    castType: quoteTable({ schema: row.schema, table: row.name }),
    scale: scaleOf(kind, Number(row.modifier)),
    readOnly: row.generated === 't' ? 'generated' : row.always === 't' ? 'identity' : null,
  };
}

function missing(spec: WriteEntity, problem: string): SyncError {
  return new SyncError('SOURCE_QUERY', {
    message: `Entity ${spec.entity}: ${problem}`,
    details: { scope: 'entity' },
    remedy:
      'Correct the entity’s `read.table`, `key` or `upload`; `syncline plan` shows what the source has.',
  });
}
