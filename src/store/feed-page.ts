/** Pages of the feed: what a reader has not got yet, in order, and as much of it as was asked for. */

import type pg from 'pg';
import { partitionColumns } from '../domain/access/feed-spec.ts';
import type { EntityScope } from '../domain/access/scope.ts';
import { SyncError } from '../domain/errors.ts';
import type { Db } from '../pg/pool.ts';
import { readWalk, startCatchUp, withoutCatchUp } from './feed-catch-up.ts';
import { type FeedEntity, feedColumnType } from './feed-entity.ts';
import type { FeedMark, FeedPosition } from './feed-position.ts';
import { type FeedAnswer, type FeedQuery, feedSql, SEPARATOR } from './feed-query.ts';
import { castable, hashOf, sortedPartitions } from './feed-scope.ts';
import { expired, type Head, refuseExpired } from './feed-snapshot.ts';
import { bindings, unbounded } from './mirror-target.ts';
import { withWiderScope } from './scope-session.ts';

export type FeedRequest = {
  /** null: from the beginning. */
  readonly position: FeedPosition | null;
  readonly scope: EntityScope;
  readonly limit: number;
  /**
   * Equality on columns of `feed.filter`, values as PostgreSQL reads them; null is NULL. Rows that fit come as
   * documents. One that does not comes as a removal, as it may have fitted before; a reader that begins is not told of
   * rows that do not fit already.
   */
  readonly filter?: Readonly<Record<string, string | null>>;
  /**
   * 'changed': of rows that the reader has, only the fields that changed, where the entity keeps track of them and has no
   * partitions (C25); documents of others are whole.
   */
  readonly fields: 'all' | 'changed';
  /** Whose exits are meant beside everybody's. */
  readonly device: string | null;
};

export type FeedPage = {
  readonly documents: readonly string[];
  readonly position: FeedPosition;
  readonly hasMore: boolean;
};

/**
 * Never fewer documents than `limit` while there are more. On a client in a transaction, all is read in its snapshot.
 * @throws SyncError CURSOR_EXPIRED, CURSOR_INVALID, REQUEST_INVALID
 */
export async function readFeedPage(
  db: Db | pg.PoolClient,
  entity: FeedEntity,
  request: FeedRequest,
): Promise<FeedPage> {
  const reader = await readerOf(db, entity, request);
  if (reader.position?.catchUp == null || reader.position.catchUp.until !== null) {
    return readFeed(db, entity, { reader, limit: request.limit, sent: [] });
  }
  const { position } = reader;
  const walk = position.catchUp as NonNullable<FeedPosition['catchUp']>;
  const query = queryOf(entity, reader, request.limit);
  const before = await Promise.all(walk.before.map((scope) => castable(db, entity, scope)));
  const scopes = [request.scope.partitions, ...walk.before];
  const walked = await withWiderScope(db, { entity: entity.spec.entity, scopes }, () =>
    readWalk(db, { ...query, walk: { ...walk, before } }),
  );
  refuseExpired(entity, position, walked.head);
  const catchUp = { ...walked.catchUp, before: walk.before };
  const onward: FeedPosition = { ...position, catchUp };
  const left = request.limit - walked.documents.length;
  if (catchUp.until === null || left === 0) {
    return { documents: walked.documents, position: onward, hasMore: true };
  }
  return readFeed(db, entity, {
    reader: { ...reader, position: onward },
    limit: left,
    sent: walked.documents,
  });
}

type Reader = Pick<FeedQuery, 'device' | 'filter' | 'tracks'> & {
  readonly position: FeedPosition | null;
  readonly scope: EntityScope;
  /** What the columns' types can hold of it. */
  readonly partitions: FeedQuery['partitions'];
  readonly hash: { readonly hidden: string; readonly filter: string };
};

async function readerOf(db: Db, entity: FeedEntity, request: FeedRequest): Promise<Reader> {
  const { scope, device, filter = {} } = request;
  await refuseFilter(db, entity, filter);
  const partitions = sortedPartitions(scope.partitions);
  const hash = {
    hidden: hashOf([...scope.hidden].sort()),
    filter: hashOf(Object.entries(filter).sort(([left], [right]) => (left < right ? -1 : 1))),
  };
  const reader = {
    device,
    filter: Object.keys(filter).length === 0 ? null : filter,
    // A row that left its reader's sight and came back is to be sent whole, and no stamp says which did.
    tracks: request.fields === 'changed' && entity.tracksFields && partitionColumns(entity.spec).length === 0,
    scope: { ...scope, partitions },
    partitions: await castable(db, entity, partitions),
    hash,
  };
  const { position } = request;
  if (position === null) return { ...reader, position: null };
  if (position.device !== device) {
    throw new SyncError('CURSOR_INVALID', {
      message: `The cursor of ${entity.spec.entity} was given to another device`,
    });
  }
  if (position.hidden !== hash.hidden) throw expired(entity, 'what its reader may see of rows has changed');
  if (position.filter !== hash.filter) {
    throw new SyncError('CURSOR_INVALID', {
      message: `The cursor of ${entity.spec.entity} was given for another filter`,
    });
  }
  const sameScope = hashOf(position.partitions) === hashOf(partitions);
  return { ...reader, position: sameScope ? position : startCatchUp(entity, position, partitions) };
}

async function refuseFilter(
  db: Db,
  entity: FeedEntity,
  filter: Readonly<Record<string, string | null>>,
): Promise<void> {
  const names = Object.keys(filter);
  if (names.length === 0) return;
  const allowed = entity.spec.feed?.filter ?? [];
  const unknown = names.find(
    (name) => !allowed.includes(name) || !entity.columns.some((one) => one.name === name),
  );
  if (unknown !== undefined) {
    throw new SyncError('REQUEST_INVALID', {
      message: `${entity.spec.entity} cannot be filtered by ${JSON.stringify(unknown.slice(0, 100))}`,
      remedy: allowed.length === 0 ? 'Leave the filter out.' : `Filter by ${allowed.join(' or ')}.`,
    });
  }
  const types = names.map((name) => unbounded(feedColumnType(entity, name)));
  const { rows } = await db.query<{ name: string }>(
    `SELECT name FROM unnest($1::text[], $2::text[], $3::text[]) AS given (name, type, value)
      WHERE NOT pg_input_is_valid(value, type)`,
    [names, types, names.map((name) => filter[name])],
  );
  const [bad] = rows;
  if (bad === undefined) return;
  throw new SyncError('REQUEST_INVALID', {
    message: `The filter's value of ${bad.name} is no ${feedColumnType(entity, bad.name)}`,
  });
}

function queryOf(entity: FeedEntity, reader: Reader, limit: number): FeedQuery {
  const { position, device, filter, tracks, partitions, scope } = reader;
  const until = position?.catchUp?.until ?? null;
  return {
    entity,
    at: position?.at ?? { xid: '0', exit: null, key: null },
    base: position?.base ?? null,
    limit,
    device,
    partitions,
    hidden: scope.hidden,
    filter,
    tracks,
    changedSince: tracks ? (position?.since ?? null) : null,
    before: until === null ? null : { scopes: position?.catchUp?.before ?? [], until },
  };
}

async function readFeed(
  db: Db | pg.PoolClient,
  entity: FeedEntity,
  at: { readonly reader: Reader; readonly limit: number; readonly sent: readonly string[] },
): Promise<FeedPage> {
  const { reader, limit, sent } = at;
  const query = queryOf(entity, reader, limit);
  const scopes = await Promise.all((query.before?.scopes ?? []).map((scope) => castable(db, entity, scope)));
  const { values, bind } = bindings();
  const sql = feedSql({ ...query, before: query.before && { ...query.before, scopes } }, bind);
  const { rows } = await db.query<FeedAnswer>(sql, values);
  const { documents, more, xid, exit, key, ...answer } = rows[0] as FeedAnswer;
  const head = JSON.parse(answer.head) as Head;
  const position = reader.position ?? beginning(reader, head);
  refuseExpired(entity, position, head);
  const last = more && xid !== null ? { xid, exit, key } : null;
  return {
    documents: [...sent, ...(documents?.split(SEPARATOR) ?? [])],
    position: moved(position, { head, tracks: reader.tracks, last }),
    hasMore: more,
  };
}

function beginning({ scope, device, hash }: Reader, { incarnation, xmin }: Head): FeedPosition {
  return {
    incarnation,
    base: xmin,
    at: { xid: '0', exit: null, key: null },
    since: null,
    device,
    partitions: scope.partitions,
    ...hash,
    catchUp: null,
  };
}

/** @param end `last`: mark of the page's last row, where more follow; null: the reader has all that stands below xmin. */
function moved(
  position: FeedPosition,
  end: { readonly head: Head; readonly tracks: boolean; readonly last: FeedMark | null },
): FeedPosition {
  const { head, tracks, last } = end;
  if (last !== null) return withoutCatchUp({ ...position, at: last });
  const since = tracks && head.settled ? head.xmin : position.since;
  return withoutCatchUp({ ...position, at: { xid: head.xmin, exit: null, key: null }, since });
}
