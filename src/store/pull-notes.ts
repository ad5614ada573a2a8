/** How far devices have pulled, for people who look after them. */
import type { Db } from '../pg/pool.ts';

export type PullNote = {
  readonly device: string;
  readonly entity: string;
  /** Where the device stands in the feed: an xid8. */
  readonly xid: string;
  /** Milliseconds since 1970. */
  readonly atMs: number;
};

/** Notes of devices that are not registered are left out. */
export async function savePulls(db: Db, notes: readonly PullNote[]): Promise<void> {
  if (notes.length === 0) return;
  await db.query(
    `WITH note AS (
       SELECT device, entity, xid, to_timestamp(at_ms / 1000.0) AS at
         FROM unnest($1::text[], $2::text[], $3::text[]::xid8[], $4::double precision[]) AS note (device, entity, xid, at_ms)
         JOIN syncline.device ON device.id = note.device),
     pulled AS (
       UPDATE syncline.device SET last_pull_at = greatest(last_pull_at, newest.at)
         FROM (SELECT device, max(at) AS at FROM note GROUP BY device) AS newest
        WHERE device.id = newest.device)
     INSERT INTO syncline.device_feed (device, entity, xid, at)
     SELECT device, entity, xid, at FROM note ORDER BY device, entity
     ON CONFLICT (device, entity) DO UPDATE SET xid = excluded.xid, at = excluded.at
      WHERE device_feed.at <= excluded.at`,
    [
      notes.map(({ device }) => device),
      notes.map(({ entity }) => entity),
      notes.map(({ xid }) => xid),
      notes.map(({ atMs }) => atMs),
    ],
  );
}
