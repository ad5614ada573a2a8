/**
 * C16: one run of a pipeline works at a time. The holder is a run id, so a retried activity takes its own lease again
 * with the same fence; times are the database's clock. A full run that has to wait says so, and increments yield to it.
 */
import type { Db } from '../pg/pool.ts';

export const LEASE_MS = 30_000;
/** A waiting full run asks again well within this time. */
const WAITING_MS = 60_000;

export type LeaseRequest = {
  readonly pipeline: string;
  readonly runId: string;
  readonly mode: 'full' | 'incremental';
};

export type LeaseAnswer =
  | { readonly outcome: 'acquired'; readonly fence: number }
  | { readonly outcome: 'held'; readonly holder: string; readonly expired: boolean }
  /** Free, but a full run waits for it. */
  | { readonly outcome: 'reserved'; readonly holder: string };

/**
 * Takes the lease when it is free or ours. An expired lease is only reported: whether its holder is really gone, the
 * store cannot know; the sweeper asks Temporal, and closes the run, which frees the lease.
 */
export async function acquireLease(db: Db, request: LeaseRequest): Promise<LeaseAnswer> {
  const { pipeline, runId, mode } = request;
  await db.query('INSERT INTO syncline.lease (pipeline) VALUES ($1) ON CONFLICT DO NOTHING', [pipeline]);
  const { rows } = await db.query<{ fence: number }>(
    `UPDATE syncline.lease
        SET fence = CASE WHEN holder = $2 THEN fence ELSE fence + 1 END,
            holder = $2,
            expires_at = clock_timestamp() + $4 * interval '1 millisecond',
            waiting_full = CASE WHEN waiting_full = $2 THEN NULL ELSE waiting_full END,
            waiting_until = CASE WHEN waiting_full = $2 THEN NULL ELSE waiting_until END
      WHERE pipeline = $1
        AND (holder = $2
             OR (holder IS NULL
                 AND ($3 = 'full' OR waiting_full IS NULL OR waiting_until < clock_timestamp())))
      RETURNING fence`,
    [pipeline, runId, mode, LEASE_MS],
  );
  if (rows[0] !== undefined) return { outcome: 'acquired', fence: rows[0].fence };
  return await whoHolds(db, request);
}

async function whoHolds(db: Db, { pipeline, runId, mode }: LeaseRequest): Promise<LeaseAnswer> {
  const { rows } = await db.query<{ holder: string | null; waiting: string | null; expired: boolean }>(
    `UPDATE syncline.lease
        SET waiting_full = CASE WHEN $3 = 'full' THEN $2 ELSE waiting_full END,
            waiting_until = CASE WHEN $3 = 'full' THEN clock_timestamp() + $4 * interval '1 millisecond' ELSE waiting_until END
      WHERE pipeline = $1
      RETURNING holder, waiting_full AS waiting, coalesce(expires_at < clock_timestamp(), false) AS expired`,
    [pipeline, runId, mode, WAITING_MS],
  );
  const lease = rows[0];
  if (lease?.holder) return { outcome: 'held', holder: lease.holder, expired: lease.expired };
  return { outcome: 'reserved', holder: lease?.waiting ?? 'unknown' };
}

export async function renewLease(db: Db, held: { pipeline: string; runId: string }): Promise<void> {
  await db.query(
    `UPDATE syncline.lease SET expires_at = clock_timestamp() + $3 * interval '1 millisecond'
      WHERE pipeline = $1 AND holder = $2`,
    [held.pipeline, held.runId, LEASE_MS],
  );
}

/**
 * Frees leases that ran out and whose holder is no running run: what a crash between two statements of a person, or a
 * restored table, may leave. A live holder took its lease and wrote its run in one transaction.
 */
export async function freeOrphanedLeases(db: Db, filter: { pipeline: string | null }): Promise<void> {
  await db.query(
    `UPDATE syncline.lease SET holder = NULL, expires_at = NULL
      WHERE holder IS NOT NULL AND expires_at < clock_timestamp() AND ($1::text IS NULL OR pipeline = $1)
        AND NOT EXISTS (SELECT FROM syncline.sync_run WHERE id = lease.holder AND status = 'RUNNING')`,
    [filter.pipeline],
  );
}
