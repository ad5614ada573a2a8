/**
 * Claimable units of work (C4). A claim is (chunk id, attempt): whoever holds the latest attempt may load, and every
 * load says so in its first statement. A claim whose lease ran out is taken over with a higher attempt.
 */
import type { EntityRef, Progress } from '../domain/run.ts';
import type { KeyRange } from '../domain/source-shape.ts';
import type { Db } from '../pg/pool.ts';

export type ChunkKind = 'range' | 'changes';

export type Claim = {
  readonly chunkId: number;
  readonly attempt: number;
  readonly seq: number;
  readonly lower: string | null;
  readonly upper: string | null;
  readonly resumeAfter: string | null;
  readonly watermark: string | null;
  readonly keysComplete: boolean;
  readonly failures: number;
};

/** Why there is nothing to do: 'waiting' is not 'done' (another lane still holds a chunk). */
export type NoClaim = 'waiting' | 'done' | 'paused' | 'stopped';

/** Writes the chunks of a run's entity once; rows of an earlier try stay as they are. */
export async function insertChunks(
  db: Db,
  ref: EntityRef,
  plan: { readonly kind: ChunkKind; readonly ranges: readonly KeyRange[] },
): Promise<void> {
  const { kind, ranges } = plan;
  await db.query(
    `INSERT INTO syncline.sync_chunk (run_id, entity, kind, seq, lower, upper)
     SELECT $1, $2, $3, ordinality, lower, upper
       FROM unnest($4::text[], $5::text[]) WITH ORDINALITY AS range (lower, upper, ordinality)
     ON CONFLICT (run_id, entity, kind, seq) DO NOTHING`,
    [ref.runId, ref.entity, kind, ranges.map((range) => range.lower), ranges.map((range) => range.upper)],
  );
}

export async function claimChunk(
  db: Db,
  request: { ref: EntityRef; kind: ChunkKind; worker: string; leaseMs: number },
): Promise<Claim | NoClaim> {
  const { ref, kind } = request;
  const { rows } = await db.query<Claim>(
    `UPDATE syncline.sync_chunk
        SET state = 'running', attempt = attempt + 1, worker = $5,
            lease_until = clock_timestamp() + $6 * interval '1 millisecond'
      WHERE id = (
        SELECT id FROM syncline.sync_chunk
         WHERE run_id = $1 AND entity = $2 AND kind = $3
           AND (state = 'pending' OR (state = 'running' AND lease_until < clock_timestamp()))
         ORDER BY seq
         LIMIT 1
         FOR UPDATE SKIP LOCKED)
        AND EXISTS (
        SELECT FROM syncline.sync_run
         WHERE id = $1 AND fence = $4 AND status = 'RUNNING'
           AND paused_at IS NULL AND cancel_requested_at IS NULL)
      RETURNING id AS "chunkId", attempt, seq, lower, upper, resume_after AS "resumeAfter", watermark,
                keys_complete AS "keysComplete", failures`,
    [ref.runId, ref.entity, kind, ref.fence, request.worker, request.leaseMs],
  );
  return rows[0] ?? (await whyNothing(db, ref, kind));
}

async function whyNothing(db: Db, ref: EntityRef, kind: ChunkKind): Promise<NoClaim> {
  const { rows } = await db.query<{ working: boolean; paused: boolean; undone: number }>(
    `SELECT run.status = 'RUNNING' AND run.fence = $3 AND run.cancel_requested_at IS NULL AS working,
            run.paused_at IS NOT NULL AS paused,
            (SELECT count(*) FROM syncline.sync_chunk AS chunk
              WHERE chunk.run_id = run.id AND chunk.entity = $2 AND chunk.kind = $4
                AND chunk.state IN ('pending', 'running')) AS undone
       FROM syncline.sync_run AS run
      WHERE run.id = $1`,
    [ref.runId, ref.entity, ref.fence, kind],
  );
  const state = rows[0];
  if (!state?.working) return 'stopped';
  if (Number(state.undone) === 0) return 'done';
  return state.paused ? 'paused' : 'waiting';
}

export type ClaimHealth = 'held' | 'paused' | 'lost';

/**
 * Extends the claim's lease; 'paused' also when a cancel is asked for: finish the piece, then let go. Never waits: a load
 * that has the chunk's row locked has extended the lease itself.
 */
export async function renewClaim(
  db: Db,
  request: { ref: EntityRef; claim: Claim; leaseMs: number },
): Promise<ClaimHealth> {
  const { rows } = await db.query<{ paused: boolean }>(
    `WITH held AS MATERIALIZED (
       SELECT chunk.id, run.paused_at IS NOT NULL OR run.cancel_requested_at IS NOT NULL AS paused
         FROM syncline.sync_chunk AS chunk
         JOIN syncline.sync_run AS run ON run.id = chunk.run_id
        WHERE chunk.id = $1 AND chunk.attempt = $2 AND chunk.state = 'running'
          AND run.fence = $4 AND run.status = 'RUNNING'),
     free AS MATERIALIZED (
       SELECT id FROM syncline.sync_chunk
        WHERE id = $1 AND attempt = $2 AND state = 'running' FOR UPDATE SKIP LOCKED),
     renewed AS (
       UPDATE syncline.sync_chunk SET lease_until = clock_timestamp() + $3 * interval '1 millisecond'
        WHERE id IN (SELECT id FROM free))
     SELECT paused FROM held`,
    [request.claim.chunkId, request.claim.attempt, request.leaseMs, request.ref.fence],
  );
  if (rows[0] === undefined) return 'lost';
  return rows[0].paused ? 'paused' : 'held';
}

/** Gives the chunk back for any lane to go on at its resume position. */
export async function releaseClaim(db: Db, claim: Claim): Promise<void> {
  await db.query(
    `UPDATE syncline.sync_chunk SET state = 'pending', lease_until = NULL
      WHERE id = $1 AND attempt = $2 AND state = 'running'`,
    [claim.chunkId, claim.attempt],
  );
}

/** Counts a failure that is the chunk's own; after `maxFailures` of them the chunk is failed for this run. */
export async function failClaim(
  db: Db,
  request: { claim: Claim; error: { code: string; message: string }; maxFailures: number },
): Promise<'retry' | 'failed' | 'lost'> {
  const { rows } = await db.query<{ state: string }>(
    `UPDATE syncline.sync_chunk
        SET failures = failures + 1, error = $3, lease_until = NULL,
            state = CASE WHEN failures + 1 >= $4 THEN 'failed' ELSE 'pending' END
      WHERE id = $1 AND attempt = $2 AND state = 'running'
      RETURNING state`,
    [request.claim.chunkId, request.claim.attempt, JSON.stringify(request.error), request.maxFailures],
  );
  if (rows[0] === undefined) return 'lost';
  return rows[0].state === 'failed' ? 'failed' : 'retry';
}

/** How the entity's chunks stand in the run. */
export async function chunkTally(db: Db, ref: EntityRef): Promise<{ failed: number; done: number }> {
  const { rows } = await db.query<{ failed: number; done: number }>(
    `SELECT count(*) FILTER (WHERE state = 'failed') AS failed, count(*) FILTER (WHERE state = 'done') AS done
       FROM syncline.sync_chunk WHERE run_id = $1 AND entity = $2`,
    [ref.runId, ref.entity],
  );
  return rows[0] as { failed: number; done: number };
}

/** C2: freezes what the claim's reads start from. The first freeze stands; a later claim of the chunk keeps it. */
export async function freezeClaim(
  db: Db,
  claim: Claim,
  frozen: { watermark: string | null; lower?: string; upper?: string },
): Promise<{ watermark: string | null; lower: string | null; upper: string | null }> {
  const { rows } = await db.query<{ watermark: string | null; lower: string | null; upper: string | null }>(
    `UPDATE syncline.sync_chunk
        SET watermark = coalesce(watermark, $3), lower = coalesce(lower, $4), upper = coalesce(upper, $5)
      WHERE id = $1 AND attempt = $2 AND state = 'running'
      RETURNING watermark, lower, upper`,
    [claim.chunkId, claim.attempt, frozen.watermark, frozen.lower ?? null, frozen.upper ?? null],
  );
  return rows[0] ?? { watermark: null, lower: null, upper: null };
}

/** The lowest mark of the run's ranges: where its catch-up starts. */
export async function lowestChunkWatermark(db: Db, ref: EntityRef): Promise<string | null> {
  const { rows } = await db.query<{ low: string | null }>(
    `SELECT min(watermark COLLATE "C") AS low FROM syncline.sync_chunk
      WHERE run_id = $1 AND entity = $2 AND kind = 'range'`,
    [ref.runId, ref.entity],
  );
  return rows[0]?.low ?? null;
}

export async function entityProgress(db: Db, ref: { runId: string; entity: string }): Promise<Progress> {
  const { rows } = await db.query<Progress>(
    `SELECT coalesce(sum((chunk.counts->>'fetched')::bigint), 0) AS "rowsDone",
            entity.estimated_rows AS "rowsEstimated",
            coalesce(round(sum((chunk.counts->>'fetched')::bigint)
              / greatest(extract(epoch FROM clock_timestamp() - entity.started_at), 0.001)), 0)::float8 AS "rowsPerSecond"
       FROM syncline.sync_run_entity AS entity
       LEFT JOIN syncline.sync_chunk AS chunk ON chunk.run_id = entity.run_id AND chunk.entity = entity.entity
      WHERE entity.run_id = $1 AND entity.entity = $2
      GROUP BY entity.estimated_rows, entity.started_at`,
    [ref.runId, ref.entity],
  );
  const row = rows[0];
  return {
    rowsDone: Number(row?.rowsDone ?? 0),
    rowsEstimated: Number(row?.rowsEstimated ?? 0),
    rowsPerSecond: Number(row?.rowsPerSecond ?? 0),
  };
}
