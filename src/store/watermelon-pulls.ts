/**
 * Where the feeds stood when a device pulled that counts in time stamps, as WatermelonDB does: it remembers one number,
 * and the store what that number stands for.
 */
import type { Db } from '../pg/pool.ts';
import type { FeedPosition } from './feed-position.ts';

/** By entity. One that is not in it was not pulled yet. */
export type FeedPositions = Readonly<Record<string, FeedPosition>>;

/** A device that was set up anew, or whose app has two databases, may come back with an older one. */
const KEPT = 20;

/** @returns null when nobody knows the stamp any more: everything is to be pulled anew. */
export async function readWatermelonPull(
  db: Db,
  { device, stamp }: { readonly device: string; readonly stamp: number },
): Promise<FeedPositions | null> {
  const { rows } = await db.query<{ positions: FeedPositions }>(
    'SELECT positions FROM syncline.watermelon_pull WHERE device = $1 AND stamp = $2',
    [device, stamp],
  );
  return rows[0]?.positions ?? null;
}

/**
 * Older stamps than the one that the device came with are forgotten: it has what they stand for.
 * @returns the new stamp, in milliseconds since 1970 and above all earlier ones of the device.
 */
export async function saveWatermelonPull(
  db: Db,
  pull: { readonly device: string; readonly since: number | null; readonly positions: FeedPositions },
): Promise<number> {
  const { device, since, positions } = pull;
  const { rows } = await db.query<{ stamp: number }>(
    `WITH known AS (
       SELECT stamp, row_number() OVER (ORDER BY stamp DESC) AS age
         FROM syncline.watermelon_pull WHERE device = $1),
     forgotten AS (
       DELETE FROM syncline.watermelon_pull AS pull USING known
        WHERE pull.device = $1 AND pull.stamp = known.stamp AND (known.stamp < $2::bigint OR known.age >= ${KEPT}))
     INSERT INTO syncline.watermelon_pull (device, stamp, positions)
     SELECT $1, greatest(floor(extract(epoch FROM clock_timestamp()) * 1000)::bigint, 1 + coalesce(max(stamp), 0)), $3::jsonb
       FROM known
     ON CONFLICT DO NOTHING RETURNING stamp`,
    [device, since, JSON.stringify(positions)],
  );
  // Another pull of the device took the stamp in the same millisecond.
  return rows[0]?.stamp ?? saveWatermelonPull(db, pull);
}
