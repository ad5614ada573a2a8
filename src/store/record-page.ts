/** Live rows of a mirror as they are now, by key or by a declared column: for people and apps that browse, not for sync. */
import type pg from 'pg';
import type { EntityScope } from '../domain/access/scope.ts';
import { SyncError } from '../domain/errors.ts';
import { quoteIdent, quoteTable } from '../pg/identifiers.ts';
import { documentSql, hasId, idsFrom, ownRowsSql } from './feed-document.ts';
import { type FeedEntity, feedColumnType } from './feed-entity.ts';
import { encodedKeySql, filterSql, keyParts } from './feed-query.ts';
import { castable, inScope } from './feed-scope.ts';
import { type Bind, bindings, unbounded } from './mirror-target.ts';

export type RecordSort = { readonly column: string; readonly direction: 'asc' | 'desc' };

/** The row behind which a page begins: its sorted value as text, and its encoded key. */
export type RecordMark = { readonly value: string | null; readonly key: string };

export type RecordPage = {
  /** JSON texts. */
  readonly documents: readonly string[];
  /** Behind the page's last row; null: there is no more. */
  readonly next: RecordMark | null;
};

export type RecordQuery = {
  readonly scope: EntityScope;
  readonly limit: number;
  readonly after: RecordMark | null;
  /** null: by key. NULLs come last. */
  readonly sort: RecordSort | null;
  /** Equality, by column. */
  readonly filter: Readonly<Record<string, string>> | null;
};

/** Declared columns need not be indexed: a long sort shall not keep a connection from pulls. */
const MOST_MS = 10_000;

/** @throws SyncError REQUEST_INVALID where a value is none of its column's; STORE_UNAVAILABLE when it takes too long */
export async function readRecordPage(
  client: pg.PoolClient,
  entity: FeedEntity,
  query: RecordQuery,
): Promise<RecordPage> {
  const partitions = await castable(client, entity, query.scope.partitions);
  await client.query(`SELECT set_config('statement_timeout', '${MOST_MS}', true)`);
  try {
    const { values, bind } = bindings();
    const { rows } = await client.query<{ document: string; key: string; value: string | null }>(
      pageSql(entity, { ...query, scope: { ...query.scope, partitions } }, bind),
      values,
    );
    const taken = rows.slice(0, query.limit);
    const last = taken.at(-1);
    return {
      documents: taken.map(({ document }) => document),
      next: rows.length > taken.length && last !== undefined ? { value: last.value, key: last.key } : null,
    };
  } catch (error) {
    throw refused(error);
  }
}

/** The encoded key of a row by its id on the wire, whoever may see it; null: no row has the id. */
export async function readRecordKey(
  client: pg.PoolClient,
  entity: FeedEntity,
  id: string,
): Promise<string | null> {
  // From a relation: of a parameter PostgreSQL would work out the key as it plans, also where it is none.
  const given = 'unnest($1::text[]) AS given (id)';
  const asked = idsFrom(entity, { columns: 'given.id', id: 'given.id', from: given }, 'asked');
  const { rows } = await client.query<{ key: string }>(
    `SELECT ${encodedKeySql(entity, 'm')} AS key
       FROM ${asked.sql} JOIN ${quoteTable(entity.spec.mirror)} AS m ON ${hasId(entity, 'm', asked.idOf('asked.id'))}
      WHERE ${ownRowsSql(entity, 'm')}`,
    [[id]],
  );
  return rows[0]?.key ?? null;
}

function pageSql(entity: FeedEntity, query: RecordQuery, bind: Bind): string {
  const { scope, sort, filter, limit } = query;
  const document = documentSql(entity, { alias: 'm', incarnation: 'h.incarnation', hidden: scope.hidden });
  const keys = entity.keyColumns.map((name) => `m.${quoteIdent(name)}`);
  const sorted = sort === null ? null : `m.${quoteIdent(sort.column)}`;
  const where = [
    ownRowsSql(entity, 'm'),
    'm.sync_deleted_at IS NULL',
    inScope(entity, { alias: 'm', partitions: scope.partitions }, bind),
    filterSql({ entity, filter }, bind) ?? 'true',
    afterSql(entity, query, bind),
  ];
  const order = sorted === null ? keys : [`${sorted} IS NULL`, `${sorted} ${sort?.direction}`, ...keys];
  return `SELECT ${document} AS document, ${encodedKeySql(entity, 'm')} AS key, (${sorted ?? 'NULL'})::text AS value
            FROM (SELECT m.* FROM ${quoteTable(entity.spec.mirror)} AS m
                   WHERE ${where.join(' AND ')} ORDER BY ${order.join(', ')} LIMIT ${bind(limit + 1)}) AS m,
                 (SELECT incarnation FROM syncline.store_identity) AS h
           ORDER BY ${order.join(', ')}`;
}

function afterSql(entity: FeedEntity, { after, sort }: RecordQuery, bind: Bind): string {
  if (after === null) return 'true';
  const keys = entity.keyColumns.map((name) => `m.${quoteIdent(name)}`).join(', ');
  const behindKey = `(${keys}) > (${keyParts(entity, after.key, bind).join(', ')})`;
  if (sort === null) return behindKey;
  const column = `m.${quoteIdent(sort.column)}`;
  if (after.value === null) return `(${column} IS NULL AND ${behindKey})`;
  const value = `${bind(after.value)}::${unbounded(feedColumnType(entity, sort.column))}`;
  const onward = sort.direction === 'asc' ? '>' : '<';
  return `(${column} ${onward} ${value} OR (${column} = ${value} AND ${behindKey}) OR ${column} IS NULL)`;
}

/** 22: a text is no value of its column. 42883: the column's type has no order, or no equality. */
function refused(error: unknown): unknown {
  const code = (error as { code?: unknown } | null)?.code;
  if (
    error instanceof RangeError ||
    (typeof code === 'string' && (code.startsWith('22') || code === '42883'))
  ) {
    return new SyncError('REQUEST_INVALID', {
      message: 'A value of filter or after is none of its column, or the column cannot be sorted or compared',
    });
  }
  if (code === '57014') {
    return new SyncError('STORE_UNAVAILABLE', {
      message: 'The store needed too long for the page',
      remedy: 'Filter by more, or have an index made for the column that it is sorted by.',
    });
  }
  return error;
}
