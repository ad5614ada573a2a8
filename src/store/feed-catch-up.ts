/**
 * C13: somebody's partitions changed. What they may see now and did not see before is sent after, and what they saw and
 * may not see any more is removed: by a walk over the rows that lie in one and not in the other, in the order of keys, and
 * then by the feed from where the reader stood.
 *
 * Why nothing stays behind, though rows move meanwhile. Each key is met by one page of the walk, in that page's snapshot S.
 * - A row in sight now and not before is sent as S has it. In sight now and before: the reader has it, or the feed brings
 *   it, since what the reader has not got stands above its position. Whatever changes after S stands above it too.
 * - A row that is not in sight, and was before: it is removed. If it comes into sight after S, the feed brings it.
 * - A row that lies in neither at S, though the reader has it, has left what the reader saw by a move that S sees, and that
 *   move left an exit above the reader's position. So exits from the former scopes concern the reader too, up to xmax of
 *   the walk's last snapshot: a move from a former scope that no page saw happened to a row that was met, and removed,
 *   before it.
 * - Rows that are new are above the position.
 * Removals of rows that a reader does not have, and rows that it has already, do no harm: the feed only ever sends what
 * is true when it is read.
 * Another change of scope in between is one more former scope, and the walk begins anew: a row that lies in all former
 * scopes and in the new one is known or will come; one that lies in some former scope and not in the new one may be there.
 */
import type pg from 'pg';
import { quoteIdent, quoteTable } from '../pg/identifiers.ts';
import type { Db } from '../pg/pool.ts';
import { documentSql, idSql, ownRowsSql, removalSql } from './feed-document.ts';
import type { FeedEntity } from './feed-entity.ts';
import type { CatchUp, FeedPosition } from './feed-position.ts';
import { encodedKeySql, type FeedQuery, filterSql, keyParts } from './feed-query.ts';
import { inScope, type Partitions } from './feed-scope.ts';
import { expired, type Head, headSql } from './feed-snapshot.ts';
import { type Bind, bindings } from './mirror-target.ts';

/** Changes of scope that a reader may be behind: more are rarer than a full pull is dear. */
const MAX_BEFORE = 8;

/**
 * Exits are kept by the columns that the configuration partitions by: with other columns, nobody knows what left. Where
 * everything was in sight, or is now, nothing has to be known.
 * @throws SyncError CURSOR_EXPIRED
 */
export function startCatchUp(entity: FeedEntity, position: FeedPosition, now: Partitions): FeedPosition {
  const [was, is] = [position.partitions, now].map((scope) => Object.keys(scope).sort().join());
  if (was !== '' && is !== '' && was !== is) {
    throw expired(entity, 'the entity is partitioned by other columns');
  }
  const before = [...(position.catchUp?.before ?? []), position.partitions];
  if (before.length > MAX_BEFORE) throw expired(entity, 'what its reader may see has changed too often');
  return { ...position, partitions: now, catchUp: { before, after: null, until: null } };
}

/** Once the reader stands behind the walk's end, nothing is left of what it saw before. */
export function withoutCatchUp(position: FeedPosition): FeedPosition {
  const until = position.catchUp?.until ?? null;
  return until !== null && BigInt(position.at.xid) >= BigInt(until)
    ? { ...position, catchUp: null }
    : position;
}

export type Walked = { readonly documents: string[]; readonly catchUp: CatchUp; readonly head: Head };

/** The next page of the walk. */
export async function readWalk(
  db: Db | pg.PoolClient,
  query: FeedQuery & { readonly walk: CatchUp },
): Promise<Walked> {
  const { values, bind } = bindings();
  const { rows } = await db.query<{ key: string | null; document: string }>(walkSql(query, bind), values);
  const [first, ...found] = rows;
  const head = JSON.parse((first as { document: string }).document) as Head;
  const taken = found.slice(0, query.limit);
  const more = found.length > taken.length;
  return {
    documents: taken.map(({ document }) => document),
    catchUp: {
      before: query.walk.before,
      after: more ? (taken.at(-1)?.key ?? query.walk.after) : null,
      until: more ? null : head.xmax,
    },
    head,
  };
}

function walkSql(query: FeedQuery & { readonly walk: CatchUp }, bind: Bind): string {
  const { entity, walk, hidden, partitions, limit } = query;
  const is = (scope: Partitions): string =>
    `(${inScope(entity, { alias: 'm', partitions: scope }, bind)}) IS TRUE`;
  const seenNow = is(partitions);
  const seen = walk.before.map(is);
  const fits = filterSql(query, bind);
  const added = `${seenNow} AND m.sync_deleted_at IS NULL AND NOT (${seen.join(' AND ')})${fits === null ? '' : ` AND ${fits}`}`;
  const gone = `NOT (${seenNow}) AND (${seen.join(' OR ')})`;
  const where = [
    ownRowsSql(entity, 'm'),
    behindKey(entity, walk.after, bind),
    `((${added}) OR (${gone}))`,
    touched(query, bind),
  ];
  const order = entity.keyColumns.map((name) => `m.${quoteIdent(name)}`).join(', ');
  const document = documentSql(entity, { alias: 'm', incarnation: 'h.incarnation', hidden });
  const removal = removalSql({ id: idSql(entity, 'm'), incarnation: 'h.incarnation', xid: 'm.sync_xid' });
  return `
    WITH h AS MATERIALIZED (${headSql(entity, { tracks: false, changedSince: null }, bind)})
    SELECT key, document
      FROM (SELECT 0 AS place, NULL::text AS key, h.head AS document FROM h
            UNION ALL (
            SELECT row_number() OVER () AS place, ${encodedKeySql(entity, 'm')} AS key,
                   CASE WHEN ${seenNow} THEN ${document} ELSE ${removal} END AS document
              FROM h, (SELECT * FROM ${quoteTable(entity.spec.mirror)} AS m
                        WHERE ${where.join(' AND ')} ORDER BY ${order} LIMIT ${bind(limit + 1)}) AS m)) AS walk
     ORDER BY place`;
}

function behindKey(entity: FeedEntity, key: string | null, bind: Bind): string {
  if (key === null) return 'true';
  const source = entity.spec.mirror.shared;
  const names = [...(source ? ['sync_source'] : []), ...entity.keyColumns].map(
    (name) => `m.${quoteIdent(name)}`,
  );
  const values = [...(source ? [bind(entity.spec.source)] : []), ...keyParts(entity, key, bind)];
  return `(${names.join(', ')}) > (${values.join(', ')})`;
}

/**
 * What an index of partitions can find: in one of the columns such a row has a value that lies in some of the scopes and
 * not in all. Nothing can be said so where a scope is without one of the columns.
 */
function touched({ entity, partitions, walk }: FeedQuery & { readonly walk: CatchUp }, bind: Bind): string {
  const scopes = [partitions, ...walk.before];
  const names = [...new Set(scopes.flatMap((scope) => Object.keys(scope)))];
  if (names.some((name) => scopes.some((scope) => scope[name] === undefined))) return 'true';
  const parts = names.map((name) => {
    const lists = scopes.map((scope) => new Set(scope[name]));
    const all = [...new Set(lists.flatMap((list) => [...list]))];
    const differing = all.filter((value) => lists.some((list) => !list.has(value)));
    return inScope(entity, { alias: 'm', partitions: { [name]: differing } }, bind);
  });
  return parts.length === 0 ? 'true' : `(${parts.join(' OR ')})`;
}
