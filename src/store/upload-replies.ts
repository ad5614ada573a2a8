/** What requests got as their replies: the same request gets the same again, byte for byte, from any gateway. */
import type { Db } from '../pg/pool.ts';
import { REFUSED } from './mutation-ids.ts';
import type { UploadRef } from './uploads.ts';

export type KnownUpload = {
  /** Of the request. */
  readonly sha256: string;
  readonly state: 'staged' | 'done';
  /** null: it got none yet. */
  readonly reply: string | null;
  /** Of the reply: see `keepReply`. */
  readonly sight: string | null;
};

export async function readKnownUpload(db: Db, { device, key }: UploadRef): Promise<KnownUpload | null> {
  const { rows } = await db.query<KnownUpload>(
    'SELECT sha256, state, reply, reply_sight AS sight FROM syncline.upload WHERE device = $1 AND key = $2',
    [device, key],
  );
  return rows[0] ?? null;
}

/**
 * @param made `sight`: a hash of what the device may see of the rows in it.
 * @returns the reply to send: another gateway may have been faster, and its one counts.
 */
export async function keepReply(
  db: Db,
  { device, key }: UploadRef,
  { reply, sight }: { readonly reply: string; readonly sight: string },
): Promise<string> {
  const { rows } = await db.query<{ reply: string }>(
    `UPDATE syncline.upload SET reply = coalesce(reply, $3), reply_sight = CASE WHEN reply IS NULL THEN $4 ELSE reply_sight END
      WHERE device = $1 AND key = $2 RETURNING reply`,
    [device, key, reply, sight],
  );
  return rows[0]?.reply ?? reply;
}

/**
 * The key of a request that came without one: its content's, counted on when the same content is another request. It is
 * the same one while it has no reply, or while it is the last that its device said of its rows and all of it was taken:
 * then whoever sends it again has missed the reply.
 */
export async function keyOfContent(
  db: Db,
  { device, sha256 }: { readonly device: string; readonly sha256: string },
): Promise<string> {
  const key = `content:${sha256.slice(0, 40)}`;
  const { rows } = await db.query<{ count: number; key: string | null; current: boolean }>(
    `WITH sent AS (
       SELECT key, reply, row_number() OVER (ORDER BY received_at DESC, key DESC) AS newest, count(*) OVER () AS count
         FROM syncline.upload WHERE device = $1 AND (key = $2 OR (key > $2 || ':' AND key < $2 || ';')))
     SELECT count::int, key,
            reply IS NULL OR NOT EXISTS (
              SELECT FROM syncline.upload_line AS line
                JOIN syncline.mutation AS m ON m.device = line.device AND m.id = line.mutation
               WHERE line.device = $1 AND line.upload_key = sent.key
                 AND (coalesce(${REFUSED}, false)
                      OR EXISTS (SELECT FROM syncline.mutation AS later
                                  WHERE later.entity = m.entity AND later.row_id = m.row_id AND later.device = $1
                                    AND later.ordinal > m.ordinal
                                    AND NOT EXISTS (SELECT FROM syncline.upload_line AS own
                                                     WHERE own.device = $1 AND own.upload_key = sent.key
                                                       AND own.mutation = later.id)))) AS current
       FROM sent WHERE newest = 1`,
    [device, key],
  );
  const [last] = rows;
  if (last === undefined) return key;
  return last.current && last.key !== null ? last.key : `${key}:${last.count}`;
}

/** For the version of a row that is not there. */
export async function readIncarnation(db: Db): Promise<number> {
  const { rows } = await db.query<{ incarnation: number }>('SELECT incarnation FROM syncline.store_identity');
  return rows[0]?.incarnation ?? 0;
}
