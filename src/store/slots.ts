/** limits.concurrency of a source over all workers: a row for each connection in use, with an expiry for the dead. */
import type { Db } from '../pg/pool.ts';

export const SLOT_MS = 15_000;

export type Slot = { readonly source: string; readonly slot: number; readonly holder: string };

/** @returns null when all are taken. */
export async function takeSlot(
  db: Db,
  request: { source: string; holder: string; limit: number },
): Promise<Slot | null> {
  // Two that find the same slot free meet at its primary key: the second waits, finds it taken, and gets nothing.
  const { rows } = await db.query<{ slot: number }>(
    `INSERT INTO syncline.source_slot AS taken (source, slot, holder, expires_at)
     SELECT $1, slot, $2, clock_timestamp() + $4 * interval '1 millisecond'
       FROM generate_series(1, $3::int) AS slot
      WHERE NOT EXISTS (SELECT FROM syncline.source_slot AS other
                         WHERE other.source = $1 AND other.slot = slot.slot AND other.expires_at >= clock_timestamp())
      ORDER BY slot
      LIMIT 1
     ON CONFLICT (source, slot) DO UPDATE
        SET holder = excluded.holder, expires_at = excluded.expires_at
      WHERE taken.expires_at < clock_timestamp()
     RETURNING slot`,
    [request.source, request.holder, request.limit, SLOT_MS],
  );
  const slot = rows[0]?.slot;
  return slot === undefined ? null : { source: request.source, slot, holder: request.holder };
}

export async function renewSlot(db: Db, slot: Slot): Promise<void> {
  await db.query(
    `UPDATE syncline.source_slot SET expires_at = clock_timestamp() + $4 * interval '1 millisecond'
      WHERE source = $1 AND slot = $2 AND holder = $3`,
    [slot.source, slot.slot, slot.holder, SLOT_MS],
  );
}

export async function releaseSlot(db: Db, slot: Slot): Promise<void> {
  await db.query('DELETE FROM syncline.source_slot WHERE source = $1 AND slot = $2 AND holder = $3', [
    slot.source,
    slot.slot,
    slot.holder,
  ]);
}
