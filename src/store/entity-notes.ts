/** What a run learns of an entity on its way: written into its row of sync_run_entity as it is found. */
import type { EntityRef, FailureNote } from '../domain/run.ts';
import type { Degraded } from '../domain/source-shape.ts';
import type { Db } from '../pg/pool.ts';

export type EntityNote = {
  readonly degraded?: readonly Degraded[];
  readonly nullChangedAt?: number;
  readonly futureChangedAt?: number;
  /** Tombstones of the delete look-up, which belongs to no chunk. */
  readonly tombstoned?: number;
  /** Something that a person must decide; the entity ends PARTIAL by it. */
  readonly error?: FailureNote;
};

/** Adds to what is there; a degraded mode is kept once. */
export async function noteEntity(db: Db, ref: EntityRef, note: EntityNote): Promise<void> {
  await db.query(
    `UPDATE syncline.sync_run_entity AS entity
        SET null_changed_at = coalesce($3, null_changed_at),
            future_changed_at = coalesce($4, future_changed_at),
            tombstoned = tombstoned + $7,
            error = coalesce($6::jsonb, error),
            errors = errors + CASE WHEN $6::jsonb IS NULL THEN 0 ELSE 1 END,
            degraded = (SELECT coalesce(jsonb_agg(DISTINCT item), '[]')
                          FROM jsonb_array_elements(entity.degraded || $5::jsonb) AS item)
      WHERE run_id = $1 AND entity = $2`,
    [
      ref.runId,
      ref.entity,
      note.nullChangedAt ?? null,
      note.futureChangedAt ?? null,
      JSON.stringify(note.degraded ?? []),
      note.error === undefined ? null : JSON.stringify(note.error),
      note.tombstoned ?? 0,
    ],
  );
}

/** C2: the increment's frozen mark becomes what the checkpoint may move to, once all of it is loaded. */
export async function settleWatermark(db: Db, ref: EntityRef): Promise<void> {
  await db.query(
    `UPDATE syncline.sync_run_entity AS entity
        SET watermark_to = chunk.watermark
       FROM syncline.sync_chunk AS chunk
      WHERE entity.run_id = $1 AND entity.entity = $2
        AND chunk.run_id = $1 AND chunk.entity = $2 AND chunk.kind = 'changes' AND chunk.state = 'done'`,
    [ref.runId, ref.entity],
  );
}
