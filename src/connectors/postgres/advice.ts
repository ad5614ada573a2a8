/** What would make an entity's reads cheaper or safer, for `check` and `plan`. Advice only: nothing depends on it. */
import type pg from 'pg';
import type { EntitySpec, SourceColumn } from '../../domain/entity.ts';
import type { SourceShape } from '../../domain/source-shape.ts';
import { quoteIdent, quoteTable } from '../../pg/identifiers.ts';
import { isTextKey } from './keys-sql.ts';
import type { ColumnOrigin } from './relation.ts';

type Advice = SourceShape['advice'][number];
type Table = { readonly schema: string; readonly table: string; readonly isPartitioned: boolean };
type Index = { readonly attributes: readonly number[]; readonly collations: readonly string[] };
type Entity = {
  readonly spec: EntitySpec;
  readonly columns: readonly SourceColumn[];
  readonly origins: readonly ColumnOrigin[];
};

/** Collations "C" and "POSIX": an index of another one cannot give rows in the order of their bytes. */
const BYTE_COLLATIONS = ['950', '951'];

export async function adviseIndexes(client: pg.PoolClient, entity: Entity): Promise<Advice[]> {
  const { spec } = entity;
  const advice: Advice[] = [];
  const keys = spec.key.map((name) => originOf(entity, name));
  const [first] = keys;
  const isOneTable = first !== undefined && keys.every((key) => key?.tableOid === first.tableOid);
  if (isOneTable) advice.push(...(await adviseKey(client, entity, keys as ColumnOrigin[])));
  for (const name of spec.changedAt?.columns ?? []) {
    const origin = originOf(entity, name);
    if (origin !== undefined) advice.push(...(await adviseChangedAt(client, origin)));
  }
  return advice;
}

function originOf({ origins }: Entity, name: string): ColumnOrigin | undefined {
  const exact = origins.find((origin) => origin.name === name);
  return exact ?? origins.find((origin) => origin.name.toLowerCase() === name.toLowerCase());
}

async function adviseKey(
  client: pg.PoolClient,
  entity: Entity,
  keys: readonly ColumnOrigin[],
): Promise<Advice[]> {
  const table = await readTable(client, keys[0]?.tableOid ?? 0);
  if (table === null) return [];
  const isText = keys.map((key) =>
    entity.columns.some((column) => column.name === key.name && isTextKey(column)),
  );
  const indexes = await readIndexes(client, keys[0]?.tableOid ?? 0);
  const serves = (index: Index): boolean =>
    keys.every(
      (key, i) =>
        index.attributes[i] === key.attribute &&
        (!isText[i] || BYTE_COLLATIONS.includes(index.collations[i] ?? '')),
    );
  if (indexes.some(serves)) return [];
  const list = keys.map((key, i) => `${quoteIdent(key.name)}${isText[i] ? ' COLLATE "C"' : ''}`).join(', ');
  return [
    {
      problem: `No index gives the rows of ${table.schema}.${table.table} in key order: a full run sorts them for each chunk`,
      sql: createIndex(table, list),
    },
  ];
}

async function adviseChangedAt(client: pg.PoolClient, origin: ColumnOrigin): Promise<Advice[]> {
  const table = await readTable(client, origin.tableOid);
  if (table === null) return [];
  const indexes = await readIndexes(client, origin.tableOid);
  if (indexes.some((index) => index.attributes[0] === origin.attribute)) return [];
  return [
    {
      problem: `No index begins with ${origin.name} of ${table.schema}.${table.table}: every increment reads the whole table`,
      sql: createIndex(table, quoteIdent(origin.name)),
    },
  ];
}

function createIndex(table: Table, columns: string): string {
  return `CREATE INDEX ${table.isPartitioned ? '' : 'CONCURRENTLY '}ON ${quoteTable(table)} (${columns});`;
}

async function readTable(client: pg.PoolClient, oid: number): Promise<Table | null> {
  const { rows } = await client.query<{ schema: string; table: string; kind: string }>(
    `SELECT n.nspname AS schema, c.relname AS table, c.relkind AS kind
       FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace WHERE c.oid = $1 AND c.relkind IN ('r', 'p', 'm')`,
    [oid],
  );
  const [row] = rows;
  return row === undefined ? null : { schema: row.schema, table: row.table, isPartitioned: row.kind === 'p' };
}

async function readIndexes(client: pg.PoolClient, tableOid: number): Promise<Index[]> {
  const { rows } = await client.query<{ attributes: string; collations: string }>(
    `SELECT i.indkey::text AS attributes, i.indcollation::text AS collations
       FROM pg_index i JOIN pg_class c ON c.oid = i.indexrelid JOIN pg_am a ON a.oid = c.relam
      WHERE i.indrelid = $1 AND i.indisvalid AND i.indpred IS NULL AND a.amname = 'btree'`,
    [tableOid],
  );
  return rows.map((row) => ({
    attributes: row.attributes.split(' ').map(Number),
    collations: row.collations.split(' '),
  }));
}

/** C20: what a joined read misses silently. */
export async function adviseJoins(
  client: pg.PoolClient,
  { spec, origins, joins }: Pick<Entity, 'spec' | 'origins'> & { readonly joins: ReadonlySet<string> },
): Promise<Advice[]> {
  if (spec.read.kind === 'table' || spec.changedAt === null) return [];
  const advice: Advice[] = [];
  if (joins.has('Inner')) {
    advice.push({
      problem:
        'An inner join drops rows without a partner: a row that loses its partner stays in the mirror until the next full run',
      sql: '-- use LEFT JOIN in read.sql unless that is meant',
    });
  }
  const watched = spec.changedAt.columns.map(
    (name) => originOf({ spec, origins, columns: [] }, name)?.tableOid,
  );
  // A computed time of change may speak for any table.
  if (watched.includes(0)) return advice;
  const unwatched = [...new Set(origins.map((origin) => origin.tableOid))].filter(
    (oid) => oid !== 0 && !watched.includes(oid),
  );
  for (const oid of unwatched) {
    const { rows } = await client.query<{ name: string }>('SELECT $1::oid::regclass::text AS name', [oid]);
    advice.push({
      problem: `Columns of ${rows[0]?.name} are read, but none of its columns is in changedAt: its changes wait for the next full run`,
      sql: `-- select the time of change of ${rows[0]?.name} in read.sql and list it in changedAt`,
    });
  }
  return advice;
}
