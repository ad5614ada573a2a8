/**
 * The end of old runs' rows. Runs and their entities are kept as the audit trail; chunks, thousands in a large full run,
 * only say where a run stood while it was at work.
 */
import type { Db } from '../pg/pool.ts';

export const RUNS_KEPT_DAYS = 90;
export const CHUNKS_KEPT_DAYS = 7;
/** At most so many rows at once: the caller is a run that wants to begin, and the next one goes on. */
const RUNS_AT_ONCE = 500;
const CHUNKS_AT_ONCE = 5_000;

/** The pipeline's last run stays, however old. @returns how many rows went. */
export async function purgeOldRuns(db: Db, pipeline: string): Promise<{ runs: number; chunks: number }> {
  // Chunk ids rise with time, so what is to be purged lies at the front, and a look at it is short.
  const chunks = await db.query(
    `DELETE FROM syncline.sync_chunk AS chunk
      USING (SELECT id, run_id FROM syncline.sync_chunk ORDER BY id LIMIT $1) AS oldest,
            syncline.sync_run AS run
      WHERE chunk.id = oldest.id AND run.id = oldest.run_id AND run.status <> 'RUNNING'
        AND run.finished_at < clock_timestamp() - $2 * interval '1 day'`,
    [CHUNKS_AT_ONCE, CHUNKS_KEPT_DAYS],
  );
  const runs = await db.query(
    `DELETE FROM syncline.sync_run
      WHERE id IN (SELECT id FROM syncline.sync_run
                    WHERE pipeline = $1 AND status <> 'RUNNING'
                      AND started_at < clock_timestamp() - $2 * interval '1 day'
                      AND id <> (SELECT id FROM syncline.sync_run WHERE pipeline = $1 ORDER BY started_at DESC LIMIT 1)
                    ORDER BY started_at LIMIT $3)`,
    [pipeline, RUNS_KEPT_DAYS, RUNS_AT_ONCE],
  );
  return { runs: runs.rowCount ?? 0, chunks: chunks.rowCount ?? 0 };
}
