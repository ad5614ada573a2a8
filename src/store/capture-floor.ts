/** Below what a source's log of changes is needed by nobody any more. */
import type { Db } from '../pg/pool.ts';

/**
 * The lowest watermark of the entities that follow the log: those of checkpoints, and those that runs at work froze,
 * since a long full run starts its catch-up at a mark that is no checkpoint yet.
 * @param rule the log, as `captureRule` spells it
 * @returns null where nothing is known yet: then nothing may be deleted.
 */
export async function readCaptureFloor(
  db: Db,
  { entities, rule }: { readonly entities: readonly string[]; readonly rule: string },
): Promise<string | null> {
  const { rows } = await db.query<{ floor: string | null }>(
    `SELECT min(watermark COLLATE "C") AS floor
       FROM (SELECT watermark FROM syncline.checkpoint
              WHERE entity = ANY ($1) AND filled_by @> to_jsonb($2::text)
             UNION ALL
             SELECT chunk.watermark
               FROM syncline.sync_run AS run
               JOIN syncline.sync_run_entity AS entity ON entity.run_id = run.id
               JOIN syncline.sync_chunk AS chunk ON chunk.run_id = run.id AND chunk.entity = entity.entity
              WHERE run.status = 'RUNNING' AND entity.entity = ANY ($1)
                AND entity.filled_by @> to_jsonb($2::text)) AS needed`,
    [entities, rule],
  );
  return rows[0]?.floor ?? null;
}
