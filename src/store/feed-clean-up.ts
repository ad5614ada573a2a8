/**
 * The end of tombstones and exits that devices had time enough to hear of. What is removed raises the floor of its entity
 * in the same transaction, so a reader that has not got there fetches all again (C7).
 */
import type { EntitySpec } from '../domain/entity.ts';
import { quoteTable } from '../pg/identifiers.ts';
import { readMirror } from './mirror-catalogue.ts';
import { bindLiteral } from './mirror-target.ts';
import { inStoreTransaction, type Store } from './open.ts';

export type CleanUp = {
  readonly keptMs: number;
  /** 'count': says what would be removed. */
  readonly mode: 'remove' | 'count';
  /** Told of each batch. */
  readonly onProgress?: () => void;
  readonly signal?: AbortSignal;
};

export type CleanedUp = { readonly entity: string; readonly tombstones: number; readonly exits: number };

/** So many rows a transaction: they are short (C6). */
const ROWS_AT_ONCE = 5_000;

/** @returns one line for each of the entities that devices are served and that has a mirror. */
export async function cleanUpFeed(
  store: Store,
  specs: readonly EntitySpec[],
  cleanUp: CleanUp,
): Promise<CleanedUp[]> {
  const cleaned: CleanedUp[] = [];
  const oldest = await noteClock(store, cleanUp);
  for (const spec of specs.filter(({ feed }) => feed !== null)) {
    if ((await readMirror(store.pool, { spec })) === null) continue;
    const tombstones = await inBatches(store, cleanUp, oldTombstones(spec, cleanUp, oldest));
    const exits = await inBatches(store, cleanUp, oldExits(spec, cleanUp));
    cleaned.push({ entity: spec.entity, tombstones, exits });
  }
  if (cleanUp.mode === 'remove') await forgetScopes(store, cleanUp);
  return cleaned;
}

/** Rows of a table, by an SQL condition; they count for the floor of `entity`. */
type Old = {
  readonly entity: string;
  readonly table: string;
  readonly xid: string;
  readonly where: string;
};

const ago = ({ keptMs }: CleanUp): string => `clock_timestamp() - ${keptMs} * interval '1 millisecond'`;
const BELOW_XMIN = 'pg_snapshot_xmin(pg_current_snapshot())';

/**
 * Not while a run is at work that may have read such a row before it was deleted: the run would bring it back. Rows that
 * were touched since they were deleted wait until that, too, is long ago: they would raise the floor to yesterday.
 */
function oldTombstones(spec: EntitySpec, cleanUp: CleanUp, oldest: string | null): Old {
  const own = spec.mirror.shared ? ` AND old.sync_source = ${bindLiteral(spec.source)}` : '';
  const touched = oldest === null ? '' : ` AND old.sync_xid <= ${bindLiteral(oldest)}::xid8`;
  return {
    entity: spec.entity,
    table: quoteTable(spec.mirror),
    xid: 'sync_xid',
    where: `old.sync_deleted_at <= least(${ago(cleanUp)}, (SELECT min(started_at) FROM syncline.sync_run WHERE status = 'RUNNING'))
      AND old.sync_xid < ${BELOW_XMIN}${touched}${own}`,
  };
}

function oldExits(spec: EntitySpec, cleanUp: CleanUp): Old {
  return {
    entity: spec.entity,
    table: 'syncline.feed_exit',
    xid: 'xid',
    where: `old.entity = ${bindLiteral(spec.entity)} AND old.at <= ${ago(cleanUp)} AND old.xid < ${BELOW_XMIN}`,
  };
}

async function inBatches(store: Store, cleanUp: CleanUp, old: Old): Promise<number> {
  if (cleanUp.mode === 'count') {
    const { rows } = await store.pool.query<{ count: number }>(
      `SELECT count(*) AS count FROM ${old.table} AS old WHERE ${old.where}`,
    );
    return (rows[0] as { count: number }).count;
  }
  for (let total = 0; ; ) {
    cleanUp.signal?.throwIfAborted();
    const removed = await removeBatch(store, old);
    total += removed;
    cleanUp.onProgress?.();
    if (removed < ROWS_AT_ONCE) return total;
  }
}

/** Rows that somebody else holds are left for the next time. */
async function removeBatch(store: Store, old: Old): Promise<number> {
  return inStoreTransaction(store, async (client) => {
    await client.query(`SELECT set_config('syncline.writer', 'on', true)`);
    const { rows } = await client.query<{ removed: number }>(
      `WITH old AS (SELECT old.ctid FROM ${old.table} AS old WHERE ${old.where} LIMIT $2 FOR UPDATE SKIP LOCKED),
       removed AS (DELETE FROM ${old.table} AS gone USING old WHERE gone.ctid = old.ctid RETURNING gone.${old.xid} AS xid),
       raised AS (
         INSERT INTO syncline.feed_floor AS f (entity, xid) SELECT $1, max(xid) FROM removed HAVING count(*) > 0
         ON CONFLICT (entity) DO UPDATE SET xid = greatest(f.xid, excluded.xid), at = clock_timestamp())
       SELECT count(*) AS removed FROM removed`,
      [old.entity, ROWS_AT_ONCE],
    );
    return (rows[0] as { removed: number }).removed;
  });
}

/**
 * Writes down where the feed is now, for clean-ups to come.
 * @returns where it was when what is old enough now was new; null: nobody wrote it down that long ago.
 */
async function noteClock(store: Store, cleanUp: CleanUp): Promise<string | null> {
  if (cleanUp.mode === 'remove') {
    await store.pool.query(
      `INSERT INTO syncline.feed_clock (xid) SELECT ${BELOW_XMIN} ON CONFLICT (xid) DO NOTHING`,
    );
  }
  // Everything is old enough.
  if (cleanUp.keptMs === 0) return null;
  const { rows } = await store.pool.query<{ xid: string | null }>(
    `SELECT max(xid)::text AS xid FROM syncline.feed_clock WHERE at <= ${ago(cleanUp)}`,
  );
  const xid = rows[0]?.xid ?? null;
  if (xid !== null && cleanUp.mode === 'remove') {
    await store.pool.query('DELETE FROM syncline.feed_clock WHERE xid < $1::xid8', [xid]);
  }
  return xid;
}

/** A cursor that is as old has met the floor, or meets its scope's end: both mean to fetch all again. */
async function forgetScopes(store: Store, cleanUp: CleanUp): Promise<void> {
  await store.pool.query(
    `DELETE FROM syncline.feed_scope WHERE used_at < ${ago(cleanUp)} - interval '2 days'`,
  );
}
