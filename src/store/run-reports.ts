/** Reads for people: what runs, what ran, and what holds anything back. */
import type { RowCounts } from '../domain/run.ts';
import type { Db } from '../pg/pool.ts';
import type { SourceFailure } from './breaker.ts';

export type EntityReport = {
  readonly entity: string;
  readonly mode: string;
  readonly status: string;
  readonly rowsDone: number;
  readonly rowsEstimated: number;
  readonly rowsPerSecond: number;
  readonly counts: RowCounts;
  readonly nullChangedAt: number;
  readonly futureChangedAt: number;
  readonly watermarkFrom: string | null;
  readonly watermarkTo: string | null;
  readonly degraded: readonly { code: string; message: string }[];
  readonly error: { code: string; message: string } | null;
};

export type RunReport = {
  readonly runId: string;
  readonly pipeline: string;
  readonly mode: string;
  readonly status: string;
  readonly trigger: string;
  readonly requestedBy: string | null;
  readonly source: string;
  readonly sourceKind: string;
  readonly workflowId: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly seconds: number;
  readonly pausedAt: string | null;
  readonly pausedBy: string | null;
  readonly error: { code: string; message: string } | null;
  readonly entities: readonly EntityReport[];
};

const NO_COUNTS = `jsonb_build_object('fetched', 0, 'inserted', 0, 'updated', 0, 'unchanged', 0, 'skipped', 0,
  'tombstoned', 0, 'quarantined', 0, 'lateRows', 0, 'refreshed', 0)`;

/** Counters of an entity at work are still on its chunks; of one that ended, in its own row. */
const ENTITIES = `
  SELECT jsonb_agg(jsonb_build_object(
           'entity', entity.entity, 'mode', entity.mode, 'status', entity.status,
           'rowsDone', greatest(entity.fetched, work.fetched), 'rowsEstimated', entity.estimated_rows,
           'rowsPerSecond', round(greatest(entity.fetched, work.fetched) / greatest(extract(epoch FROM
              coalesce(entity.finished_at, clock_timestamp()) - entity.started_at), 0.001)),
           'counts', ${NO_COUNTS} || CASE WHEN entity.finished_at IS NULL THEN work.counts ELSE jsonb_build_object(
              'fetched', entity.fetched, 'inserted', entity.inserted, 'updated', entity.updated,
              'unchanged', entity.unchanged, 'skipped', entity.skipped, 'tombstoned', entity.tombstoned,
              'quarantined', entity.quarantined, 'lateRows', entity.late_rows, 'refreshed', entity.refreshed) END,
           'nullChangedAt', entity.null_changed_at, 'futureChangedAt', entity.future_changed_at,
           'watermarkFrom', entity.watermark_from, 'watermarkTo', entity.watermark_to,
           'degraded', entity.degraded, 'error', entity.error) ORDER BY entity.started_at, entity.entity)
    FROM syncline.sync_run_entity AS entity,
         LATERAL (
           SELECT coalesce(sum((counts->>'fetched')::bigint), 0) AS fetched,
                  coalesce((SELECT jsonb_object_agg(name, total) FROM (
                     SELECT name, sum(value::bigint) AS total
                       FROM syncline.sync_chunk AS one, jsonb_each_text(one.counts) AS count (name, value)
                      WHERE one.run_id = entity.run_id AND one.entity = entity.entity
                      GROUP BY name) AS sums), '{}') AS counts
             FROM syncline.sync_chunk AS chunk
            WHERE chunk.run_id = entity.run_id AND chunk.entity = entity.entity) AS work
   WHERE entity.run_id = run.id`;

export type RunFilter = {
  readonly runId?: string;
  readonly pipeline?: string;
  readonly running?: true;
  /** Started before this UTC instant. */
  readonly before?: string | null;
  readonly limit: number;
  /** Those that come after this one. */
  readonly after?: Pick<RunReport, 'startedAt' | 'runId'> | null;
};

/** The newest runs first. */
export async function readRuns(db: Db, filter: RunFilter): Promise<RunReport[]> {
  const { rows } = await db.query<RunReport>(
    `SELECT run.id AS "runId", run.pipeline, run.mode, run.status, run.trigger, run.requested_by AS "requestedBy",
            run.source, run.source_kind AS "sourceKind", run.workflow_id AS "workflowId",
            run.started_at AS "startedAt", run.finished_at AS "finishedAt",
            round(extract(epoch FROM coalesce(run.finished_at, clock_timestamp()) - run.started_at), 3)::float8 AS seconds,
            run.paused_at AS "pausedAt", run.paused_by AS "pausedBy", run.error,
            coalesce((${ENTITIES}), '[]') AS entities
       FROM syncline.sync_run AS run
      WHERE ($1::text IS NULL OR run.id = $1)
        AND ($2::text IS NULL OR run.pipeline = $2)
        AND (NOT $3::boolean OR run.status = 'RUNNING')
        AND ($5::timestamptz IS NULL OR run.started_at < $5)
        AND ($6::timestamptz IS NULL OR (run.started_at, run.id) < ($6, $7::text))
      ORDER BY run.started_at DESC, run.id DESC
      LIMIT $4`,
    [
      filter.runId ?? null,
      filter.pipeline ?? null,
      filter.running ?? false,
      filter.limit,
      filter.before ?? null,
      filter.after?.startedAt ?? null,
      filter.after?.runId ?? null,
    ],
  );
  return rows;
}

export type LastRunReport = Pick<
  RunReport,
  'runId' | 'pipeline' | 'mode' | 'status' | 'trigger' | 'requestedBy' | 'startedAt' | 'finishedAt' | 'error'
>;

/** Of each pipeline the run that began last, whether it has ended or not. */
export async function readLastRuns(db: Db, pipelines: readonly string[]): Promise<LastRunReport[]> {
  const { rows } = await db.query<LastRunReport>(
    `SELECT run.id AS "runId", run.pipeline, run.mode, run.status, run.trigger, run.requested_by AS "requestedBy",
            run.started_at AS "startedAt", run.finished_at AS "finishedAt", run.error
       FROM unnest($1::text[]) AS asked (pipeline),
            LATERAL (SELECT * FROM syncline.sync_run AS one WHERE one.pipeline = asked.pipeline
                      ORDER BY one.started_at DESC LIMIT 1) AS run`,
    [pipelines],
  );
  return rows;
}

export type CheckpointReport = {
  readonly entity: string;
  readonly pipeline: string;
  readonly watermark: string | null;
  readonly needsFull: boolean;
  readonly updatedAt: string;
  readonly quarantined: number;
  readonly waitingForRefresh: number;
};

export async function readCheckpoints(db: Db): Promise<CheckpointReport[]> {
  const { rows } = await db.query<CheckpointReport>(
    `SELECT entity, pipeline, watermark, needs_full AS "needsFull", updated_at AS "updatedAt",
            (SELECT count(*) FROM syncline.quarantine AS q WHERE q.entity = checkpoint.entity) AS quarantined,
            (SELECT count(*) FROM syncline.refresh AS r WHERE r.entity = checkpoint.entity) AS "waitingForRefresh"
       FROM syncline.checkpoint ORDER BY pipeline, entity`,
  );
  return rows;
}

export type SourceStateReport = {
  readonly source: string;
  readonly failures: number;
  readonly openUntil: string | null;
  readonly lastError: SourceFailure | null;
};

/** Sources that failed since they last worked. */
export async function readSourceStates(db: Db): Promise<SourceStateReport[]> {
  const { rows } = await db.query<SourceStateReport>(
    `SELECT source, failures, CASE WHEN open_until > clock_timestamp() THEN open_until END AS "openUntil",
            last_error AS "lastError"
       FROM syncline.source_state WHERE failures > 0 ORDER BY source`,
  );
  return rows;
}

export type FeedLag = {
  readonly seconds: number;
  /** The session whose open transaction holds the feed back; null when none does, or it is a prepared one. */
  readonly pid: number | null;
  /** The session's application, or the name of the prepared transaction. */
  readonly application: string | null;
};

/** C6: the oldest transaction with an xid pins the feed for every device; this names it. */
export async function readFeedLag(db: Db): Promise<FeedLag> {
  const { rows } = await db.query<FeedLag>(
    `SELECT round(coalesce(extract(epoch FROM clock_timestamp() - since), 0), 3)::float8 AS seconds, pid, application
       FROM (SELECT xact_start AS since, pid, application_name AS application, backend_xid AS xid
               FROM pg_stat_activity
              WHERE backend_xid IS NOT NULL AND pid <> pg_backend_pid()
              UNION ALL
             SELECT prepared, NULL, 'prepared transaction ' || gid, transaction FROM pg_prepared_xacts) AS writer
      ORDER BY age(xid) DESC
      LIMIT 1`,
  );
  return rows[0] ?? { seconds: 0, pid: null, application: null };
}
