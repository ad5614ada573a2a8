/** How far each mirror is. Moves by compare-and-set only, in a transaction that has seen no undone chunk (C4). */

import type { SourceColumn } from '../domain/entity.ts';
import type { EntityRef, RunMode } from '../domain/run.ts';
import type { Db } from '../pg/pool.ts';

export type Checkpoint = {
  readonly entity: string;
  readonly watermark: string | null;
  readonly sourceIdentity: string;
  readonly sourceColumns: readonly SourceColumn[];
  readonly readHash: string;
  /** What every row was filled by, as `fillOf` spells it. */
  readonly filledBy: readonly string[];
  /** The mirror changed in a way that only a full run can fill. */
  readonly needsFull: boolean;
  readonly version: number;
};

export async function readCheckpoint(db: Db, entity: string): Promise<Checkpoint | null> {
  const { rows } = await db.query<Checkpoint>(
    `SELECT entity, watermark, source_identity AS "sourceIdentity", source_columns AS "sourceColumns",
            read_hash AS "readHash", filled_by AS "filledBy", needs_full AS "needsFull", version
       FROM syncline.checkpoint WHERE entity = $1`,
    [entity],
  );
  return rows[0] ?? null;
}

export type CheckpointMove = Omit<Checkpoint, 'entity' | 'version' | 'needsFull'> & {
  /** The version that the run began with; null when there was none. */
  readonly from: number | null;
  readonly mode: RunMode;
};

/**
 * A full run has done what a full run was needed for, unless that came up while it was at work.
 * @returns false when somebody else moved it meanwhile: then nothing is written.
 */
export async function moveCheckpoint(db: Db, ref: EntityRef, move: CheckpointMove): Promise<boolean> {
  const values = [
    ref.entity,
    ref.pipeline,
    move.watermark,
    move.sourceIdentity,
    JSON.stringify(move.sourceColumns),
    move.readHash,
    ref.runId,
    JSON.stringify(move.filledBy),
  ];
  const { rowCount } =
    move.from === null
      ? await db.query(
          `INSERT INTO syncline.checkpoint (entity, pipeline, watermark, source_identity, source_columns, read_hash, run_id,
                                            filled_by)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (entity) DO NOTHING`,
          values,
        )
      : await db.query(
          `UPDATE syncline.checkpoint
              SET pipeline = $2, watermark = $3, source_identity = $4, source_columns = $5, read_hash = $6, run_id = $7,
                  filled_by = $8,
                  needs_full = needs_full AND ($10 = 'incremental' OR needs_full_at > (
                    SELECT started_at FROM syncline.sync_run_entity WHERE run_id = $7 AND entity = $1)) IS TRUE,
                  version = version + 1, updated_at = clock_timestamp()
            WHERE entity = $1 AND version = $9`,
          [...values, move.from, move.mode],
        );
  return (rowCount ?? 0) > 0;
}

/** The next run of the entity is full, whatever mode it is started in. */
export async function requireFullRun(db: Db, entity: string): Promise<void> {
  await db.query(
    'UPDATE syncline.checkpoint SET needs_full = true, needs_full_at = clock_timestamp() WHERE entity = $1',
    [entity],
  );
}
