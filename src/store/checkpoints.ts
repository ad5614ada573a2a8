/** How far each mirror is. Moves by compare-and-set only, in a transaction that has seen no undone chunk (C4). */

import type { EntityPlan, SourceColumn } from '../domain/entity.ts';
import type { EntityRef } from '../domain/run.ts';
import type { Db } from '../pg/pool.ts';

export type Checkpoint = {
  readonly entity: string;
  readonly watermark: string | null;
  readonly sourceIdentity: string;
  readonly sourceColumns: readonly SourceColumn[];
  readonly readHash: string;
  /** Mirror columns that every row has from the source, as `filledColumns` spells them. */
  readonly filledColumns: readonly string[];
  /** The mirror changed in a way that only a full run can fill. */
  readonly needsFull: boolean;
  readonly version: number;
};

export async function readCheckpoint(db: Db, entity: string): Promise<Checkpoint | null> {
  const { rows } = await db.query<Checkpoint>(
    `SELECT entity, watermark, source_identity AS "sourceIdentity", source_columns AS "sourceColumns",
            read_hash AS "readHash", filled_columns AS "filledColumns", needs_full AS "needsFull", version
       FROM syncline.checkpoint WHERE entity = $1`,
    [entity],
  );
  return rows[0] ?? null;
}

export type CheckpointMove = Omit<Checkpoint, 'entity' | 'version' | 'needsFull'> & {
  /** The version it is moved from; null when there was none. */
  readonly from: number | null;
};

/** @returns false when somebody else moved it meanwhile: then nothing is written. */
export async function moveCheckpoint(db: Db, ref: EntityRef, move: CheckpointMove): Promise<boolean> {
  const values = [
    ref.entity,
    ref.pipeline,
    move.watermark,
    move.sourceIdentity,
    JSON.stringify(move.sourceColumns),
    move.readHash,
    ref.runId,
    JSON.stringify(move.filledColumns),
  ];
  const { rowCount } =
    move.from === null
      ? await db.query(
          `INSERT INTO syncline.checkpoint (entity, pipeline, watermark, source_identity, source_columns, read_hash, run_id,
                                            filled_columns)
           VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT (entity) DO NOTHING`,
          values,
        )
      : await db.query(
          `UPDATE syncline.checkpoint
              SET pipeline = $2, watermark = $3, source_identity = $4, source_columns = $5, read_hash = $6, run_id = $7,
                  filled_columns = $8,
                  needs_full = false, version = version + 1, updated_at = clock_timestamp()
            WHERE entity = $1 AND version = $9`,
          [...values, move.from],
        );
  return (rowCount ?? 0) > 0;
}

/** Names alone would not tell a column that is filled from another one since. */
export function filledColumns(plan: EntityPlan): string[] {
  return plan.loadColumns.map(({ name, from }) => `${name} ← ${from ?? 'compute'}`);
}

/** The next run of the entity is full, whatever mode it is started in. */
export async function requireFullRun(db: Db, entity: string): Promise<void> {
  await db.query('UPDATE syncline.checkpoint SET needs_full = true WHERE entity = $1', [entity]);
}
