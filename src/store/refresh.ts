/** C1: the list of keys that must be read again, because a load met a newer row of the mirror. */
import type { Db } from '../pg/pool.ts';

export type RefreshEntry = { readonly key: string; readonly enqueuedXid: string };

/**
 * Entries committed before `ticket`, after key `after`, in key order. Later ones are left to the next run: a
 * look-up under this ticket could be older than what they ask for.
 */
export async function listRefresh(
  db: Db,
  request: { entity: string; ticket: string; after: string | null; limit: number },
): Promise<RefreshEntry[]> {
  const { rows } = await db.query<RefreshEntry>(
    `SELECT key, enqueued_xid::text AS "enqueuedXid"
       FROM syncline.refresh
      WHERE entity = $1 AND pg_visible_in_snapshot(enqueued_xid, $2::pg_snapshot) AND ($3::text IS NULL OR key > $3)
      ORDER BY key
      LIMIT $4`,
    [request.entity, request.ticket, request.after, request.limit],
  );
  return rows;
}

export async function enqueueRefresh(
  db: Db,
  request: { entity: string; keys: readonly string[]; reason: string },
): Promise<void> {
  await db.query(
    `INSERT INTO syncline.refresh (entity, key, reason)
     SELECT $1, key, $3 FROM (SELECT DISTINCT key COLLATE "C" AS key FROM unnest($2::text[]) AS key) AS listed ORDER BY key
     ON CONFLICT (entity, key) DO UPDATE SET enqueued_xid = excluded.enqueued_xid, reason = excluded.reason`,
    [request.entity, request.keys, request.reason],
  );
}
