/**
 * The statement that reads a page of the feed. Rows are met in the order of (sync_xid, key), behind the reader's position
 * and below xmin of the statement's own snapshot: no transaction below it is open any more, so nothing can come in behind a
 * reader. What left the reader's sight stands in the same order, before the rows of its transaction.
 */
import { decodeKey, keySql } from '../domain/keys.ts';
import { quoteIdent, quoteTable } from '../pg/identifiers.ts';
import { documentSql, hasId, idSql, idsFrom, ownRowsSql, removalSql, stampSql } from './feed-document.ts';
import { type FeedEntity, feedColumnType } from './feed-entity.ts';
import type { FeedMark } from './feed-position.ts';
import { inScope, type Partitions, wasInScope } from './feed-scope.ts';
import { headSql } from './feed-snapshot.ts';
import { type Bind, unbounded } from './mirror-target.ts';

/** So many combinations of values are each read by the index that they lead; more are sorted out of all rows. */
const MAX_BRANCHES = 64;

export type FeedQuery = {
  readonly entity: FeedEntity;
  readonly at: FeedMark;
  /** C7; null: the reader begins. */
  readonly base: string | null;
  readonly limit: number;
  readonly device: string | null;
  readonly partitions: Partitions;
  readonly hidden: readonly string[];
  /** By column; values that its type can hold. null: no filter. */
  readonly filter: Readonly<Record<string, string | null>> | null;
  /** true: the reader wants changed fields only, and the mirror knows which they are (C25). */
  readonly tracks: boolean;
  /** Below it the reader has all changes of fields; null: whole rows. */
  readonly changedSince: string | null;
  /** Scopes that the reader had, and up to which xid exits from them concern it. */
  readonly before: { readonly scopes: readonly Partitions[]; readonly until: string } | null;
};

const XMIN = 'pg_snapshot_xmin(pg_current_snapshot())';

/** Between documents: no JSON text has it. */
export const SEPARATOR = '\u001e';

/** What the statement gives: one row, since a driver takes a thousand apart slower than PostgreSQL puts them together. */
export type FeedAnswer = {
  /** JSON text of a `Head`. */
  readonly head: string;
  /** Joined by `SEPARATOR`; null: none. */
  readonly documents: string | null;
  /** Whether there is one more than the limit. */
  readonly more: boolean;
  /** Mark of the last document where there are as many as the limit. */
  readonly xid: string | null;
  readonly exit: string | null;
  readonly key: string | null;
};

export function feedSql(query: FeedQuery, bind: Bind): string {
  const limit = bind(query.limit);
  const more = bind(query.limit + 1);
  const { entity, changedSince, tracks } = query;
  // An aggregate takes an ordered subquery's rows in their order, and need not sort them again.
  return `
    WITH h AS MATERIALIZED (${headSql(entity, { tracks, changedSince }, bind)}),
    page AS (
      SELECT xid, exit, key, document, row_number() OVER (ORDER BY xid, kind, place) AS n
        FROM ((${rowsSql(query, { more, bind })}) UNION ALL (${exitsSql(query, { more, bind })})) AS merged
       ORDER BY xid, kind, place LIMIT ${more})
    SELECT (SELECT head FROM h) AS head,
           string_agg(document, chr(30)) FILTER (WHERE n <= ${limit}) AS documents,
           count(*) > ${limit} AS more,
           (max(xid) FILTER (WHERE n = ${limit}))::text AS xid,
           max(exit) FILTER (WHERE n = ${limit}) AS exit, max(key) FILTER (WHERE n = ${limit}) AS key
      FROM page`;
}

type Within = { readonly more: string; readonly bind: Bind };

function rowsSql(query: FeedQuery, { more, bind }: Within): string {
  const { entity, hidden, base } = query;
  const order = ['sync_xid', ...entity.keyColumns.map(quoteIdent)].map((name) => `m.${name}`).join(', ');
  const fits = filterSql(query, bind);
  // A row below the base that does not fit was never sent as one that does: that version was above the base.
  const wanted =
    fits === null ? 'true' : `(${fits} OR m.sync_xid >= ${base === null ? XMIN : xid8(base, bind)})`;
  const where = [ownRowsSql(entity, 'm'), behind(query, bind), `m.sync_xid < ${XMIN}`, wanted].join(' AND ');
  const document = documentSql(entity, {
    alias: 'm',
    incarnation: 'h.incarnation',
    hidden,
    ...changedOptions(query, bind),
  });
  const removal = removalSql({ id: idSql(entity, 'm'), incarnation: 'h.incarnation', xid: 'm.sync_xid' });
  const said =
    fits === null ? document : `CASE WHEN (${fits}) IS NOT TRUE THEN ${removal} ELSE ${document} END`;
  return `SELECT m.sync_xid AS xid, 1 AS kind, row_number() OVER () AS place, NULL::text AS exit,
                 ${encodedKeySql(entity, 'm')} AS key, ${said} AS document
            FROM h, (SELECT * FROM (${branches(query, { where, ordered: `ORDER BY ${order} LIMIT ${more}` }, bind)}) AS m
                     ORDER BY ${order} LIMIT ${more}) AS m`;
}

/**
 * With an index that the partitions lead, each combination of values is an ordered scan, and they are merged. Each says
 * its order and limit itself: PostgreSQL plans the branches of a union one by one.
 */
function branches(
  query: FeedQuery,
  { where, ordered }: { readonly where: string; readonly ordered: string },
  bind: Bind,
): string {
  const { entity, partitions } = query;
  const from = `SELECT m.* FROM ${quoteTable(entity.spec.mirror)} AS m WHERE ${where}`;
  const combined = combinations(partitions);
  if (combined === null) return `${from} AND ${inScope(entity, { alias: 'm', partitions }, bind)}`;
  if (combined.length === 0) return `${from} AND false`;
  return combined
    .map((values) => {
      const own = Object.entries(values).map(
        ([name, value]) =>
          `m.${quoteIdent(name)} = ${bind(value)}::${unbounded(feedColumnType(entity, name))}`,
      );
      return `(${from} AND ${own.join(' AND ')} ${ordered})`;
    })
    .join(' UNION ALL ');
}

/** null: no partitions, or too many combinations of them. */
function combinations(partitions: Partitions): Record<string, string>[] | null {
  const entries = Object.entries(partitions);
  const count = entries.reduce((product, [, values]) => product * values.length, 1);
  if (entries.length === 0 || count > MAX_BRANCHES) return null;
  return entries.reduce<Record<string, string>[]>(
    (made, [name, values]) => made.flatMap((one) => values.map((value) => ({ ...one, [name]: value }))),
    [{}],
  );
}

function exitsSql(query: FeedQuery, { more, bind }: Within): string {
  const { entity, device, partitions, before, at } = query;
  const mine = wasInScope(entity, { alias: 'e', partitions }, bind);
  const earlier = (before?.scopes ?? []).map((scope) =>
    wasInScope(entity, { alias: 'e', partitions: scope }, bind),
  );
  const concerns =
    before === null
      ? mine
      : `(${mine} OR (e.xid < ${xid8(before.until, bind)} AND (${earlier.join(' OR ')})))`;
  const position =
    at.exit !== null
      ? `(e.xid, e.id) > (${xid8(at.xid, bind)}, ${bind(at.exit)}::bigint)`
      : `e.xid ${at.key === null ? '>=' : '>'} ${xid8(at.xid, bind)}`;
  const from = `syncline.feed_exit AS e
                   WHERE e.entity = ${bind(entity.spec.entity)} AND ${position} AND e.xid < ${XMIN}
                     AND (e.device = ${bind(device)} OR (e.device IS NULL AND ${concerns}))
                   ORDER BY e.xid, e.id`;
  const exits = idsFrom(entity, { columns: 'e.*', id: 'e.row_id', from }, 'e');
  const visible = `EXISTS (SELECT FROM ${quoteTable(entity.spec.mirror)} AS m
      WHERE ${hasId(entity, 'm', exits.idOf('e.row_id'))} AND ${ownRowsSql(entity, 'm')} AND m.sync_deleted_at IS NULL
        AND ${inScope(entity, { alias: 'm', partitions }, bind)})`;
  // What its device made and nobody took never was a row: it may be made again with the version of nothing (C14).
  const xid = `CASE WHEN e.device IS NULL THEN e.xid ELSE '0' END`;
  return `SELECT e.xid, 0 AS kind, e.id AS place, e.id::text AS exit, NULL::text AS key,
                 ${removalSql({ id: 'e.row_id', incarnation: 'h.incarnation', xid })} AS document
            FROM (SELECT e.* FROM ${exits.sql} WHERE NOT ${visible}
                   ORDER BY e.xid, e.id LIMIT ${more}) AS e, h`;
}

/** Rows behind the position. The source of a shared mirror stands in the index between xid and key. */
function behind({ entity, at }: FeedQuery, bind: Bind): string {
  if (at.key === null) return `m.sync_xid >= ${xid8(at.xid, bind)}`;
  const source = entity.spec.mirror.shared;
  const names = ['sync_xid', ...(source ? ['sync_source'] : []), ...entity.keyColumns];
  const values = [
    xid8(at.xid, bind),
    ...(source ? [bind(entity.spec.source)] : []),
    ...keyParts(entity, at.key, bind),
  ];
  const row = `(${names.map((name) => `m.${quoteIdent(name)}`).join(', ')}) > (${values.join(', ')})`;
  // Said again: not every type's comparison may reach an index beneath row level security, as that of numeric.
  return `m.sync_xid >= ${values[0]} AND ${row}`;
}

export function keyParts(entity: FeedEntity, key: string, bind: Bind): string[] {
  const parts = decodeKey(key, entity.keyColumns.length);
  return entity.keyColumns.map((name, i) => `${bind(parts[i])}::${unbounded(feedColumnType(entity, name))}`);
}

export function encodedKeySql(entity: FeedEntity, alias: string): string {
  return keySql(
    entity.keyColumns.map((name) => ({
      expression: `${alias}.${quoteIdent(name)}`,
      type: feedColumnType(entity, name),
    })),
  );
}

export function filterSql(
  { entity, filter }: Pick<FeedQuery, 'entity' | 'filter'>,
  bind: Bind,
): string | null {
  const entries = Object.entries(filter ?? {});
  if (entries.length === 0) return null;
  const columns = entries.map(([name, value]) =>
    value === null
      ? `m.${quoteIdent(name)} IS NULL`
      : `m.${quoteIdent(name)} = ${bind(value)}::${unbounded(feedColumnType(entity, name))}`,
  );
  return `(${columns.join(' AND ')})`;
}

/** A row that came into sight meanwhile is whole: the columns that decide about it changed. */
function changedOptions(
  { partitions, filter, changedSince }: FeedQuery,
  bind: Bind,
): { changedSince?: { readonly xid: string; readonly whole: string } } {
  if (changedSince === null) return {};
  const since = xid8(changedSince, bind);
  const deciding = [...Object.keys(partitions), ...Object.keys(filter ?? {})];
  const whole = deciding.map((name) => `${stampSql('m', name)} >= ${since}`).join(' OR ');
  return { changedSince: { xid: since, whole: whole === '' ? 'false' : `(${whole})` } };
}

export function xid8(xid: string, bind: Bind): string {
  return `${bind(xid)}::xid8`;
}
