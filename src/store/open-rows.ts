/** Rows that a device is about to make: nobody sees them yet, but the device may go on changing them. */
import type { Db } from '../pg/pool.ts';

export type RowName = { readonly entity: string; readonly row: string };

/** @returns those of the rows for which a mutation of this device is still open. */
export async function openRowsOf(db: Db, device: string, rows: readonly RowName[]): Promise<RowName[]> {
  if (rows.length === 0) return [];
  const { rows: found } = await db.query<RowName>(
    `SELECT DISTINCT m.entity, m.row_id AS row FROM syncline.mutation AS m
       JOIN unnest($2::text[], $3::text[]) AS asked (entity, row_id) ON asked.entity = m.entity AND asked.row_id = m.row_id
      WHERE m.device = $1 AND m.state <> 'done'`,
    [device, rows.map(({ entity }) => entity), rows.map(({ row }) => row)],
  );
  return found;
}
