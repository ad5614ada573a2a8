/** The end of an entity in a run: what its chunks came to, and the row that says so for good. */

import { SyncError } from '../domain/errors.ts';
import type { EntityRef, EntityStatus, FailureNote, RunMode } from '../domain/run.ts';
import type { Db } from '../pg/pool.ts';

export type EntityEnd = {
  readonly status: EntityStatus | 'RUNNING';
  readonly mode: RunMode;
  readonly firstLoad: boolean;
  readonly watermarkTo: string | null;
  readonly sourceIdentity: string;
  readonly checkpointVersion: number | null;
  readonly filledBy: readonly string[];
  readonly error: FailureNote | null;
  readonly doneChunks: number;
  /** Of them, key ranges: without any, a full run has seen nothing. */
  readonly doneRanges: number;
  readonly failedChunks: number;
  readonly undoneChunks: number;
  /** Of one failed chunk. */
  readonly chunkError: FailureNote | null;
};

/**
 * Locks the run's row as loads do, so that the entity cannot end behind a takeover's back. An entity that has ended is
 * told as it ended, also when its run is over.
 * @throws SyncError RUN_CANCELLED when the run is over, or another's, and the entity never ended.
 */
export async function readEntityEnd(db: Db, ref: EntityRef): Promise<EntityEnd | null> {
  const fence = await db.query(
    `SELECT FROM syncline.sync_run WHERE id = $1 AND fence = $2 AND status = 'RUNNING' FOR KEY SHARE`,
    [ref.runId, ref.fence],
  );
  const { rows } = await db.query<EntityEnd>(
    `SELECT entity.status, entity.mode, entity.first_load AS "firstLoad", entity.watermark_to AS "watermarkTo",
            entity.source_identity AS "sourceIdentity", entity.checkpoint_version AS "checkpointVersion",
            entity.filled_by AS "filledBy", entity.error, chunk.*
       FROM syncline.sync_run_entity AS entity,
            LATERAL (SELECT count(*) FILTER (WHERE state = 'done') AS "doneChunks",
                            count(*) FILTER (WHERE state = 'done' AND kind = 'range') AS "doneRanges",
                            count(*) FILTER (WHERE state = 'failed') AS "failedChunks",
                            count(*) FILTER (WHERE state IN ('pending', 'running')) AS "undoneChunks",
                            (array_agg(chunk.error) FILTER (WHERE state = 'failed'))[1] AS "chunkError"
                       FROM syncline.sync_chunk AS chunk
                      WHERE chunk.run_id = entity.run_id AND chunk.entity = entity.entity) AS chunk
      WHERE entity.run_id = $1 AND entity.entity = $2
        FOR UPDATE OF entity`,
    [ref.runId, ref.entity],
  );
  const end = rows[0] ?? null;
  if (fence.rowCount !== 1 && (end === null || end.status === 'RUNNING')) {
    throw new SyncError('RUN_CANCELLED', { message: `Run ${ref.runId} of ${ref.pipeline} is over` });
  }
  return end;
}

/** Sums the chunks' counters into the entity's row, and drops what was only needed on the way. */
export async function endEntity(
  db: Db,
  ref: Pick<EntityRef, 'runId' | 'entity'>,
  verdict: { status: EntityStatus; error: FailureNote | null },
): Promise<void> {
  const work = [ref.runId, ref.entity];
  await db.query(
    `UPDATE syncline.sync_run_entity AS entity
        SET status = $3, error = coalesce($4::jsonb, entity.error), finished_at = clock_timestamp(),
            errors = entity.errors + sums.failures,
            fetched = sums.fetched, inserted = sums.inserted, updated = sums.updated, unchanged = sums.unchanged,
            skipped = sums.skipped, tombstoned = entity.tombstoned + sums.tombstoned,
            quarantined = sums.quarantined, late_rows = sums.late_rows, refreshed = sums.refreshed
       FROM (SELECT ${[
         'fetched',
         'inserted',
         'updated',
         'unchanged',
         'skipped',
         'tombstoned',
         'quarantined',
         'refreshed',
       ]
         .map((name) => `coalesce(sum((counts->>'${name}')::bigint), 0) AS ${name}`)
         .join(', ')},
                    coalesce(sum((counts->>'lateRows')::bigint), 0) AS late_rows,
                    coalesce(sum(failures), 0) AS failures
               FROM syncline.sync_chunk WHERE run_id = $1 AND entity = $2) AS sums
      WHERE entity.run_id = $1 AND entity.entity = $2`,
    [...work, verdict.status, verdict.error === null ? null : JSON.stringify(verdict.error)],
  );
  await db.query('DELETE FROM syncline.delete_candidate WHERE run_id = $1 AND entity = $2', work);
  await db.query('DELETE FROM syncline.seen_key WHERE run_id = $1 AND entity = $2', work);
}
