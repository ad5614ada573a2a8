/** C1: a ticket is the store's snapshot, taken before a read of the source begins. */
import type { Db } from '../pg/pool.ts';

export async function takeTicket(db: Db): Promise<string> {
  const { rows } = await db.query<{ ticket: string }>('SELECT pg_current_snapshot()::text AS ticket');
  return (rows[0] as { ticket: string }).ticket;
}
