/** Rows of sync_run: what a run is, and what people told it. */
import { SyncError } from '../domain/errors.ts';
import type {
  EntityRef,
  EntitySummary,
  FailureNote,
  RowCounts,
  RunMode,
  RunRef,
  RunStatus,
  SyncPipelineInput,
} from '../domain/run.ts';
import type { Degraded } from '../domain/source-shape.ts';
import type { Db } from '../pg/pool.ts';
import { endEntity } from './entity-end.ts';

export type NewRun = {
  readonly ref: RunRef;
  readonly input: SyncPipelineInput;
  readonly trigger: string;
  readonly source: string;
  readonly sourceKind: string;
  readonly workflowId: string;
  readonly workflowRunId: string;
  readonly degraded: readonly Degraded[];
};

/**
 * Writes the run's row once; a retried activity finds it and renews its fence.
 * @throws SyncError RUN_CANCELLED when the run is over: a late try of an activity must not bring it back.
 */
export async function insertRun(db: Db, run: NewRun): Promise<void> {
  const { rowCount } = await db.query(
    `INSERT INTO syncline.sync_run AS run (id, pipeline, mode, trigger, requested_by, source, source_kind, workflow_id,
                                    workflow_run_id, config_hash, input, fence, degraded)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)
     ON CONFLICT (id) DO UPDATE SET fence = excluded.fence WHERE run.status = 'RUNNING'`,
    [
      run.ref.runId,
      run.ref.pipeline,
      run.input.mode,
      run.trigger,
      run.input.requestedBy ?? null,
      run.source,
      run.sourceKind,
      run.workflowId,
      run.workflowRunId,
      run.ref.configHash,
      JSON.stringify(run.input),
      run.ref.fence,
      JSON.stringify(run.degraded),
    ],
  );
  if (rowCount !== 1) {
    throw new SyncError('RUN_CANCELLED', { message: `Run ${run.ref.runId} of ${run.ref.pipeline} is over` });
  }
}

export type OpenRun = {
  readonly id: string;
  readonly pipeline: string;
  readonly workflowId: string;
  readonly workflowRunId: string;
};

/** Runs that say they work although their lease ran out, or is another's: candidates for the sweeper. */
export async function staleRuns(db: Db, filter: { pipeline: string | null }): Promise<OpenRun[]> {
  const { rows } = await db.query<OpenRun>(
    `SELECT run.id, run.pipeline, run.workflow_id AS "workflowId", run.workflow_run_id AS "workflowRunId"
       FROM syncline.sync_run AS run
       LEFT JOIN syncline.lease AS lease ON lease.pipeline = run.pipeline AND lease.holder = run.id
      WHERE run.status = 'RUNNING' AND ($1::text IS NULL OR run.pipeline = $1)
        AND (lease.holder IS NULL OR lease.expires_at < clock_timestamp())`,
    [filter.pipeline],
  );
  return rows;
}

/**
 * Closes a run, its entities and its lease. The lock on the run's row waits for loads in flight (they hold it FOR
 * KEY SHARE), so that none of them commits behind the close (C4).
 */
export async function endRun(
  db: Db,
  end: { runId: string; status: RunStatus; error: FailureNote | null },
): Promise<boolean> {
  await db.query('SELECT FROM syncline.sync_run WHERE id = $1 FOR UPDATE', [end.runId]);
  const { rowCount } = await db.query(
    `UPDATE syncline.sync_run SET status = $2, error = coalesce($3::jsonb, error), finished_at = clock_timestamp()
      WHERE id = $1 AND status = 'RUNNING'`,
    [end.runId, end.status, end.error === null ? null : JSON.stringify(end.error)],
  );
  const { rows: open } = await db.query<{ entity: string; error: FailureNote | null }>(
    `SELECT entity, error FROM syncline.sync_run_entity WHERE run_id = $1 AND status = 'RUNNING'`,
    [end.runId],
  );
  for (const { entity, error } of open) {
    const status = end.status === 'CANCELLED' ? 'CANCELLED' : 'FAILED';
    await endEntity(db, { runId: end.runId, entity }, { status, error: error ?? end.error });
  }
  await db.query('UPDATE syncline.lease SET holder = NULL, expires_at = NULL WHERE holder = $1', [end.runId]);
  return (rowCount ?? 0) > 0;
}

/** Writes what an operator wants where every claim reads it. @returns false when the run is over. */
export async function steer(
  db: Db,
  command: { runId: string; action: 'pause' | 'resume' | 'cancel'; by: string },
): Promise<boolean> {
  const set = {
    pause: 'paused_at = coalesce(paused_at, clock_timestamp()), paused_by = coalesce(paused_by, $2)',
    resume: 'paused_at = NULL, paused_by = nullif($2::text, $2::text)',
    cancel:
      'cancel_requested_at = coalesce(cancel_requested_at, clock_timestamp()), cancel_requested_by = coalesce(cancel_requested_by, $2)',
  }[command.action];
  const { rowCount } = await db.query(
    `UPDATE syncline.sync_run SET ${set} WHERE id = $1 AND status = 'RUNNING'`,
    [command.runId, command.by],
  );
  return (rowCount ?? 0) > 0;
}

export type NewRunEntity = {
  readonly mode: 'full' | 'incremental';
  readonly estimatedRows: number;
  readonly firstLoad: boolean;
  readonly watermarkFrom: string | null;
  readonly degraded: readonly Degraded[];
  readonly sourceIdentity: string;
  readonly checkpointVersion: number | null;
  readonly filledBy: readonly string[];
};

/**
 * Writes the entity's row of the run once; what an earlier try decided stands.
 * @throws SyncError RUN_CANCELLED when the run is over.
 */
export async function insertRunEntity(db: Db, ref: EntityRef, entity: NewRunEntity): Promise<void> {
  const { rows } = await db.query<{ there: boolean }>(
    `WITH added AS (
       INSERT INTO syncline.sync_run_entity (run_id, entity, mode, estimated_rows, first_load, watermark_from, degraded,
                                             source_identity, checkpoint_version, filled_by)
       SELECT $1, $2, $3, $4, $5, $6, $7, $8, $10, $11
         FROM syncline.sync_run WHERE id = $1 AND fence = $9 AND status = 'RUNNING' FOR KEY SHARE
       ON CONFLICT (run_id, entity) DO NOTHING
       RETURNING 1)
     SELECT EXISTS (SELECT FROM added)
         OR EXISTS (SELECT FROM syncline.sync_run_entity WHERE run_id = $1 AND entity = $2) AS there`,
    [
      ref.runId,
      ref.entity,
      entity.mode,
      entity.estimatedRows,
      entity.firstLoad,
      entity.watermarkFrom,
      JSON.stringify(entity.degraded),
      entity.sourceIdentity,
      ref.fence,
      entity.checkpointVersion,
      JSON.stringify(entity.filledBy),
    ],
  );
  if (rows[0]?.there !== true) {
    throw new SyncError('RUN_CANCELLED', { message: `Run ${ref.runId} of ${ref.pipeline} is over` });
  }
}

/** An increment of an entity that only full runs read. */
export async function skipRunEntity(db: Db, ref: EntityRef): Promise<void> {
  await db.query(
    `UPDATE syncline.sync_run_entity SET status = 'SKIPPED', finished_at = clock_timestamp()
      WHERE run_id = $1 AND entity = $2 AND status = 'RUNNING'`,
    [ref.runId, ref.entity],
  );
}

type SummaryRow = Omit<EntitySummary, 'counts' | 'error'> & RowCounts & { error: FailureNote | null };

export async function readEntitySummaries(
  db: Db,
  runId: string,
  entity: string | null = null,
): Promise<EntitySummary[]> {
  const { rows } = await db.query<SummaryRow>(
    `SELECT entity, mode, status, fetched, inserted, updated, unchanged, skipped, tombstoned, quarantined,
            late_rows AS "lateRows", refreshed, coalesce(watermark_to, watermark_from) AS watermark, error
       FROM syncline.sync_run_entity
      WHERE run_id = $1 AND ($2::text IS NULL OR entity = $2)
      ORDER BY started_at, entity`,
    [runId, entity],
  );
  return rows.map(({ entity, mode, status, watermark, error, ...counts }) => ({
    entity,
    mode,
    status,
    counts,
    watermark,
    ...(error !== null && { error }),
  }));
}

export async function readRun(
  db: Db,
  runId: string,
): Promise<{ mode: RunMode; status: RunStatus | 'RUNNING' } | null> {
  const { rows } = await db.query<{ mode: RunMode; status: RunStatus | 'RUNNING' }>(
    'SELECT mode, status FROM syncline.sync_run WHERE id = $1',
    [runId],
  );
  return rows[0] ?? null;
}

/** Entities that did not end well last time go first (C4). */
export async function orderEntities(
  db: Db,
  entities: readonly string[],
): Promise<{ entity: string; hasCheckpoint: boolean }[]> {
  const { rows } = await db.query<{ entity: string; hasCheckpoint: boolean }>(
    `SELECT entity, EXISTS (SELECT FROM syncline.checkpoint
                             WHERE checkpoint.entity = wanted.entity AND NOT needs_full) AS "hasCheckpoint"
       FROM unnest($1::text[]) WITH ORDINALITY AS wanted (entity, position)
      ORDER BY coalesce((SELECT last.status IN ('FAILED', 'PARTIAL') FROM syncline.sync_run_entity AS last
                          WHERE last.entity = wanted.entity ORDER BY last.started_at DESC LIMIT 1), false) DESC, position`,
    [entities],
  );
  return rows;
}
