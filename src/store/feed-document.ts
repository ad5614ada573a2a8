/** Documents: rows as devices get them. PostgreSQL builds their texts; nobody else looks into them. */
import type pg from 'pg';
import type { DocumentColumn } from '../domain/access/document-schema.ts';
import type { EntityScope } from '../domain/access/scope.ts';
import { keySql } from '../domain/keys.ts';
import { quoteIdent, quoteTable } from '../pg/identifiers.ts';
import type { Db } from '../pg/pool.ts';
import { type FeedEntity, feedColumnType } from './feed-entity.ts';
import { castable, inScope } from './feed-scope.ts';
import { bindings, bindLiteral, unbounded } from './mirror-target.ts';

/** PostgreSQL's functions take 100 arguments. */
const FIELDS_A_CALL = 90;

/** Types whose JSON says exactly the value; of the others the document has the text that PostgreSQL prints. */
const AS_JSON = new Set([
  'smallint',
  'integer',
  'real',
  'double precision',
  'boolean',
  'json',
  'jsonb',
  'date',
  'timestamp without time zone',
  'timestamp with time zone',
]);

/** The id of the row on the wire. */
export function idSql(entity: FeedEntity, alias: string): string {
  const key = keySql(
    entity.keyColumns.map((name) => ({
      expression: `${alias}.${quoteIdent(name)}`,
      type: feedColumnType(entity, name),
    })),
  );
  return entity.hasIds ? `coalesce(${alias}.sync_id, ${key})` : key;
}

type DocumentOptions = {
  /** Of the mirror's row: its columns by their names. */
  readonly alias: string;
  /** SQL of the store's incarnation. */
  readonly incarnation: string;
  readonly hidden: EntityScope['hidden'];
  /** SQL of an xid8: of fields whose last change is below it the document says nothing, unless `whole` is true. */
  readonly changedSince?: { readonly xid: string; readonly whole: string };
};

/** SQL text of the document of a row; a tombstone's has its key only. */
export function documentSql(entity: FeedEntity, options: DocumentOptions): string {
  const { alias, changedSince } = options;
  const shown = entity.columns.filter(({ name }) => name !== 'id' || !entity.keyColumns.includes(name));
  const visible = shown.filter(({ name }) => !options.hidden.includes(name));
  const keys = visible.filter(({ name }) => entity.keyColumns.includes(name));
  const whole = rowJson(entity, options, { deleted: 'false', columns: visible });
  const changed =
    changedSince === undefined
      ? whole
      : `CASE WHEN ${changedSince.whole} THEN ${whole} ELSE ${changedJson(entity, options, visible)} END`;
  const tombstone = rowJson(entity, options, { deleted: 'true', columns: keys });
  return `CASE WHEN ${alias}.sync_deleted_at IS NULL THEN ${changed} ELSE ${tombstone} END`;
}

function rowJson(
  entity: FeedEntity,
  { alias, incarnation }: DocumentOptions,
  row: { readonly deleted: string; readonly columns: readonly DocumentColumn[] },
): string {
  const values = row.columns.map((column) => `${valueSql(alias, column)} AS ${quoteIdent(column.name)}`);
  const system = [
    `${idSql(entity, alias)} AS id`,
    `${incarnation} || '.' || ${alias}.sync_xid::text AS rev`,
    `${row.deleted} AS _deleted`,
  ];
  return `(SELECT row_to_json(document)::text FROM (SELECT ${[...system, ...values].join(', ')}) AS document)`;
}

/** Text for what JSON would round or spell in another way. */
function valueSql(alias: string, { name, type }: DocumentColumn): string {
  const column = `${alias}.${quoteIdent(name)}`;
  return AS_JSON.has(type.replace(/\(\d+\)/, '')) ? column : `${column}::text`;
}

/** A removal of a row that the reader may not see, or of what never became one. */
export function removalSql(options: {
  readonly id: string;
  readonly incarnation: string;
  readonly xid: string;
}): string {
  const { id, incarnation, xid } = options;
  return `json_build_object('id', ${id}, 'rev', ${incarnation} || '.' || (${xid})::text, '_deleted', true)::text`;
}

/** Keys say which row it is, and are there always. */
function changedJson(
  entity: FeedEntity,
  { alias, incarnation, changedSince }: DocumentOptions,
  columns: readonly DocumentColumn[],
): string {
  const fields = columns.map((column) => {
    const pair = `${bindLiteral(`,${JSON.stringify(column.name)}:`)} || coalesce(to_json(${valueSql(alias, column)})::text, 'null')`;
    if (entity.keyColumns.includes(column.name)) return pair;
    return `CASE WHEN ${stampSql(alias, column.name)} >= ${changedSince?.xid} THEN ${pair} END`;
  });
  const head = `'{"id":' || to_json(${idSql(entity, alias)})::text || ',"rev":"' || ${incarnation} || '.' || ${alias}.sync_xid::text || '","_deleted":false'`;
  const parts: string[] = [];
  for (let i = 0; i < fields.length; i += FIELDS_A_CALL) {
    parts.push(`concat(${fields.slice(i, i + FIELDS_A_CALL).join(', ')})`);
  }
  return [head, ...parts, `'}'`].join(' || ');
}

/** When a field of a row changed last: an xid8 (field-stamps.ts). */
export function stampSql(alias: string, name: string): string {
  const field = bindLiteral(name);
  return `coalesce(${alias}.sync_fields->${field}->>'x', ${alias}.sync_fields->'*'->>'x', ${alias}.sync_xid::text)::xid8`;
}

/** A wire id as SQL: its text, and the key that it may be, part by part. */
export type IdSql = { readonly id: string; readonly keys: readonly string[] };

/**
 * @param id SQL of a text, of a column: what is constant PostgreSQL works out as it plans, whatever guards it. What
 * cannot be a key of the mirror is none.
 */
function idOf(entity: FeedEntity, id: string): IdSql {
  const keys = entity.keyColumns.map((name, i) => {
    const type = feedColumnType(entity, name);
    const part = entity.keyColumns.length === 1 ? id : `(syncline.key_parts(${id}))[${i + 1}]`;
    return `CASE WHEN pg_input_is_valid(${part}, ${bindLiteral(type)}) THEN (${part})::${unbounded(type)} END`;
  });
  return { id, keys };
}

/**
 * Ids of a relation, with their keys beside them. They are made before the join: beneath row level security an index is
 * used only where nothing but safe comparisons stands between it and the other relation's columns.
 */
export function idsFrom(
  entity: FeedEntity,
  ids: { readonly columns: string; readonly id: string; readonly from: string },
  alias: string,
): { readonly sql: string; readonly idOf: (id: string) => IdSql } {
  const { keys } = idOf(entity, ids.id);
  const names = keys.map((_, i) => `key_part_${i + 1}`);
  const made = keys.map((key, i) => `${key} AS ${names[i]}`);
  return {
    sql: `(SELECT ${[ids.columns, ...made].join(', ')} FROM ${ids.from} OFFSET 0) AS ${alias}`,
    idOf: (id) => ({ id, keys: names.map((name) => `${alias}.${name}`) }),
  };
}

/** Condition that the row `alias` is the one with this wire id: the id that a device gave it, or else its key. */
export function hasId(entity: FeedEntity, alias: string, { id, keys }: IdSql): string {
  const same = entity.keyColumns.map((name, i) => `${alias}.${quoteIdent(name)} = ${keys[i]}`).join(' AND ');
  const found = entity.hasIds ? `(${alias}.sync_id = ${id} OR (${same}))` : same;
  return `(${found} AND ${idSql(entity, alias)} = ${id})`;
}

/** Rows of a shared mirror that belong to the entity. */
export function ownRowsSql({ spec }: FeedEntity, alias: string): string {
  return spec.mirror.shared ? `${alias}.sync_source = ${bindLiteral(spec.source)}` : 'true';
}

/**
 * Documents (JSON texts) of rows in scope, by id; tombstones too.
 * @returns nothing of ids that are not there, or out of scope.
 */
export async function readDocuments(
  db: Db | pg.PoolClient,
  entity: FeedEntity,
  request: { readonly ids: readonly string[]; readonly scope: EntityScope },
): Promise<ReadonlyMap<string, string>> {
  if (request.ids.length === 0) return new Map();
  const { scope } = request;
  const partitions = await castable(db, entity, scope.partitions);
  const { values, bind } = bindings();
  const document = documentSql(entity, { alias: 'm', incarnation: 'h.incarnation', hidden: scope.hidden });
  const given = `unnest(${bind([...new Set(request.ids)])}::text[]) AS given (id)`;
  const asked = idsFrom(entity, { columns: 'given.id', id: 'given.id', from: given }, 'asked');
  const { rows } = await db.query<{ id: string; document: string }>(
    `SELECT asked.id, ${document} AS document
       FROM (SELECT incarnation FROM syncline.store_identity) AS h,
            ${asked.sql}
       JOIN LATERAL (SELECT * FROM ${quoteTable(entity.spec.mirror)} AS m
                      WHERE ${hasId(entity, 'm', asked.idOf('asked.id'))} AND ${ownRowsSql(entity, 'm')}) AS m ON true
      WHERE ${inScope(entity, { alias: 'm', partitions }, bind)}`,
    values,
  );
  return new Map(rows.map(({ id, document: text }) => [id, text]));
}
