/** What a page knows of the store, in the snapshot that its rows are of. */
import { SyncError } from '../domain/errors.ts';
import { quoteTable } from '../pg/identifiers.ts';
import type { FeedEntity } from './feed-entity.ts';
import type { FeedPosition } from './feed-position.ts';
import type { Bind } from './mirror-target.ts';

export type Head = {
  readonly incarnation: number;
  /** Below it, no transaction is open any more. */
  readonly xmin: string;
  /** From it on, none was visible. */
  readonly xmax: string;
  /** C7: up to here tombstones and exits were removed. */
  readonly floor: string | null;
  /** C25: no row above xmin has a change below it that nobody was told of. */
  readonly settled: boolean;
};

export type ChangedFields = { readonly tracks: boolean; readonly changedSince: string | null };

/** SQL of one row (incarnation, head): `head` is the JSON text of a `Head`. */
export function headSql(entity: FeedEntity, changed: ChangedFields, bind: Bind): string {
  const text = (name: string): string => `'${name}', (${name})::text`;
  return `
    SELECT incarnation, json_build_object('incarnation', incarnation, ${text('xmin')}, ${text('xmax')}, ${text('floor')},
                                          'settled', ${settledSql(entity, changed, bind)})::text AS head
      FROM (SELECT i.incarnation, pg_snapshot_xmin(s.snapshot) AS xmin, pg_snapshot_xmax(s.snapshot) AS xmax,
                   (SELECT f.xid FROM syncline.feed_floor AS f WHERE f.entity = ${bind(entity.spec.entity)}) AS floor
              FROM syncline.store_identity AS i, (SELECT pg_current_snapshot() AS snapshot) AS s) AS store`;
}

/**
 * C25. A page that ends at xmin has told of all rows that stand below it. A row above it, whose transaction has ended
 * while an older one goes on, may have overtaken its reader: changed below xmin, and again above it before the reader
 * came to the first change. While such rows are there, nothing may be left out as known.
 */
function settledSql({ spec }: FeedEntity, { tracks, changedSince }: ChangedFields, bind: Bind): string {
  if (!tracks) return 'false';
  const since = changedSince === null ? "'0'" : bind(changedSince);
  return `NOT EXISTS (
    SELECT FROM ${quoteTable(spec.mirror)} AS m
     WHERE m.sync_xid >= store.xmin
       AND EXISTS (SELECT FROM jsonb_each(m.sync_fields) AS field
                    WHERE (field.value->>'x')::xid8 >= ${since}::xid8 AND (field.value->>'x')::xid8 < store.xmin))`;
}

/** @throws SyncError CURSOR_EXPIRED where something that the reader has not got is there no more (C7, C8). */
export function refuseExpired(entity: FeedEntity, position: FeedPosition, head: Head): void {
  const { base, at, incarnation } = position;
  const reached = BigInt(at.xid) > BigInt(base) ? BigInt(at.xid) : BigInt(base);
  if (incarnation !== head.incarnation) throw expired(entity, 'the store was restored since it was given');
  if (head.floor === null || reached > BigInt(head.floor)) return;
  throw expired(entity, 'deletes that it has not seen were removed');
}

export function expired({ spec }: FeedEntity, why: string): SyncError {
  return new SyncError('CURSOR_EXPIRED', { message: `The cursor of ${spec.entity} has expired: ${why}` });
}
