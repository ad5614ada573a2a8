/** Records that somebody wants read from their source: their keys, which workflows name by id only. */
import type { Db } from '../pg/pool.ts';

export type RecordRead = { readonly entity: string; readonly key: string };

/** Nobody waits so long for one. */
const FORGOTTEN_AFTER = '10 minutes';

/** @returns the id of the read. */
export async function askForRecord(db: Db, { entity, key }: RecordRead): Promise<string> {
  const { rows } = await db.query<{ id: string }>(
    `WITH forgotten AS (
       DELETE FROM syncline.record_read WHERE at < clock_timestamp() - interval '${FORGOTTEN_AFTER}')
     INSERT INTO syncline.record_read (entity, key) VALUES ($1, $2) RETURNING id`,
    [entity, key],
  );
  return (rows[0] as { id: string }).id;
}

/** @returns null when nobody waits for it any more. */
export async function readRecordRead(db: Db, id: string): Promise<RecordRead | null> {
  const { rows } = await db.query<RecordRead>(
    'SELECT entity, key FROM syncline.record_read WHERE id = $1::uuid',
    [id],
  );
  return rows[0] ?? null;
}

export async function forgetRecordRead(db: Db, id: string): Promise<void> {
  await db.query('DELETE FROM syncline.record_read WHERE id = $1::uuid', [id]);
}
