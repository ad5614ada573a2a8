/**
 * C8: a store whose rows came into another history of transactions: restored from a dump, moved to another server, set back
 * to an earlier point. Versions of rows are transaction ids of the history that they were written in, so in the new one
 * they lie ahead of it, or are given out a second time: devices would get nothing, or miss changes. All versions are
 * written anew, and the incarnation counts up, by which devices and cursors of the history before are told.
 */
import { SyncError } from '../domain/errors.ts';
import { quoteTable } from '../pg/identifiers.ts';
import type { Db } from '../pg/pool.ts';
import { inStoreTransaction, type Store } from './open.ts';
import { clusterId } from './store-facts.ts';

/** So many pages of 8 kB a transaction: it stays far below the limit of C6. */
const PAGES_AT_ONCE = 400;
/** Two who do it at once would count the incarnation up twice. */
const LOCK = 7_310_483;

export type Rewritten = { readonly mirrors: number; readonly rows: number; readonly incarnation: number };

type Table = {
  readonly schema: string;
  readonly table: string;
  readonly pages: number;
  readonly stamps: boolean;
};

/**
 * Nobody is served meanwhile (`assertVersionsHold`). After a crash in the middle it is done again from the beginning.
 * @throws SyncError STORE_NOT_READY when somebody else is at it
 */
export async function rewriteVersions(
  store: Store,
  onProgress: (done: { readonly table: string; readonly rows: number }) => void = () => undefined,
): Promise<Rewritten> {
  const holder = await store.pool.connect();
  try {
    const { rows } = await holder.query<{ got: boolean }>('SELECT pg_try_advisory_lock($1) AS got', [LOCK]);
    if (!rows[0]?.got) {
      throw new SyncError('STORE_NOT_READY', {
        message: 'Somebody else writes the versions of the store’s rows anew',
        remedy: 'Wait until that has ended.',
      });
    }
    await store.pool.query('UPDATE syncline.store_identity SET rewriting_since = clock_timestamp()');
    const tables = await mirrorTables(store.pool);
    let total = 0;
    for (const table of tables) {
      const done = await rewriteTable(store, table);
      total += done;
      onProgress({ table: `${table.schema}.${table.table}`, rows: done });
    }
    return { mirrors: tables.length, rows: total, incarnation: await beginIncarnation(store) };
  } finally {
    // Ends the session, and the lock with it.
    holder.release(true);
  }
}

/** By the columns that every mirror has: also those that the configuration does not name any more. */
async function mirrorTables(db: Db): Promise<Table[]> {
  const { rows } = await db.query<Table>(
    `SELECT n.nspname AS schema, leaf.relname AS table, pg_relation_size(leaf.oid) / 8192 AS pages,
            EXISTS (SELECT FROM pg_attribute AS f WHERE f.attrelid = c.oid AND f.attname = 'sync_fields' AND NOT f.attisdropped)
              AS stamps
       FROM pg_class AS c
       JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attname = 'sync_xid' AND a.atttypid = 'xid8'::regtype
        AND NOT a.attisdropped
       JOIN pg_attribute AS d ON d.attrelid = c.oid AND d.attname = 'sync_deleted_at' AND NOT d.attisdropped
      LEFT JOIN LATERAL pg_partition_tree(c.oid) AS part ON part.isleaf
       JOIN pg_class AS leaf ON leaf.oid = coalesce(part.relid, c.oid)
       JOIN pg_namespace AS n ON n.oid = leaf.relnamespace
      WHERE c.relkind IN ('r', 'p') AND NOT c.relispartition AND c.relpersistence <> 't'
      ORDER BY 1, 2`,
  );
  return rows;
}

/**
 * In ranges of pages. A row that an update moves into a range that is still to come is written twice, which does no harm;
 * one that others write meanwhile has a version of the new history by that.
 */
async function rewriteTable(store: Store, { schema, table, pages, stamps }: Table): Promise<number> {
  const fields = `(SELECT jsonb_object_agg(field.key, field.value || jsonb_build_object('x', pg_current_xact_id()::text))
                     FROM jsonb_each(m.sync_fields) AS field)`;
  const set = `sync_xid = pg_current_xact_id()${stamps ? `, sync_fields = ${fields}` : ''}`;
  let rows = 0;
  for (let from = 0; from <= pages; from += PAGES_AT_ONCE) {
    rows += await inStoreTransaction(store, async (client) => {
      await client.query(`SELECT set_config('syncline.writer', 'on', true)`);
      const { rowCount } = await client.query(
        `UPDATE ${quoteTable({ schema, table })} AS m SET ${set} WHERE m.ctid >= $1::tid AND m.ctid < $2::tid`,
        [`(${from},0)`, `(${from + PAGES_AT_ONCE},0)`],
      );
      return rowCount ?? 0;
    });
  }
  return rows;
}

/** What cursors alone would need is gone with them. */
async function beginIncarnation(store: Store): Promise<number> {
  const cluster = await clusterId(store.pool);
  return inStoreTransaction(store, async (client) => {
    await client.query(
      `DELETE FROM syncline.feed_exit; DELETE FROM syncline.feed_floor; DELETE FROM syncline.feed_clock;
       DELETE FROM syncline.device_feed; UPDATE syncline.refresh SET enqueued_xid = pg_current_xact_id()`,
    );
    const { rows } = await client.query<{ incarnation: number }>(
      `UPDATE syncline.store_identity SET incarnation = incarnation + 1, system_id = $1, rewriting_since = NULL
       RETURNING incarnation`,
      [cluster],
    );
    return (rows[0] as { incarnation: number }).incarnation;
  });
}

/** Remembers the cluster that the store is in, where nobody has yet. */
export async function noteCluster(db: Db): Promise<void> {
  const cluster = await clusterId(db);
  if (cluster === null) return;
  await db.query('UPDATE syncline.store_identity SET system_id = $1 WHERE system_id IS NULL', [cluster]);
}

/**
 * Where nobody may ask which cluster it is, a mirror says so itself: its newest version lies in the future.
 * @throws SyncError STORE_NOT_READY
 */
export async function assertNoFuture(db: Db, mirror: { schema: string; table: string }): Promise<void> {
  const { rows } = await db.query<{ future: boolean }>(
    `SELECT (SELECT m.sync_xid FROM ${quoteTable(mirror)} AS m ORDER BY m.sync_xid DESC LIMIT 1)
              >= pg_snapshot_xmax(pg_current_snapshot()) AS future`,
  );
  if (rows[0]?.future) throw moved();
}

/** @throws SyncError STORE_NOT_READY while the versions of rows are of another history than the store's */
export async function assertVersionsHold(db: Db): Promise<void> {
  const { rows } = await db.query<{ remembered: string | null; rewriting: boolean }>(
    `SELECT system_id AS remembered, rewriting_since IS NOT NULL AS rewriting FROM syncline.store_identity`,
  );
  const [identity] = rows;
  if (identity === undefined) return;
  const { remembered, rewriting } = identity;
  if (rewriting) {
    throw new SyncError('STORE_NOT_READY', {
      message: 'The versions of the store’s rows are being written anew after a restore',
      remedy: 'Wait until `syncline restored --yes` has ended; if it was interrupted, run it again.',
    });
  }
  const cluster = remembered === null ? null : await clusterId(db);
  if (cluster !== null && cluster !== remembered) throw moved();
}

function moved(): SyncError {
  return new SyncError('STORE_NOT_READY', {
    message: 'The store was restored into, or moved to, another PostgreSQL cluster',
    remedy:
      'Stop workers and gateways, run `syncline restored --yes`, then start them again: devices fetch all once.',
  });
}
