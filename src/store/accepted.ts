/** C11: what a device got accepted of a row last, and from which base. */
import type { Db } from '../pg/pool.ts';
import type { StagedMutation } from './mutations.ts';

/** What the device had accepted from this base; null when it is the first change from it. */
export async function readAccepted(
  db: Db,
  mutation: Pick<StagedMutation, 'device' | 'entity' | 'row'> & { readonly baseHash: string },
): Promise<Readonly<Record<string, string | null>> | null> {
  const { device, entity, row, baseHash } = mutation;
  const { rows } = await db.query<{ fields: Record<string, string | null> }>(
    `SELECT fields FROM syncline.accepted WHERE device = $1 AND entity = $2 AND row_id = $3 AND base_hash = $4`,
    [device, entity, row, baseHash],
  );
  return rows[0]?.fields ?? null;
}

export async function noteAccepted(
  db: Db,
  mutation: Pick<StagedMutation, 'device' | 'entity' | 'row' | 'ordinal'>,
  accepted: { readonly baseHash: string; readonly fields: Readonly<Record<string, string | null>> },
): Promise<void> {
  const { device, entity, row, ordinal } = mutation;
  await db.query(
    `INSERT INTO syncline.accepted AS a (device, entity, row_id, base_hash, fields, ordinal)
     VALUES ($1, $2, $3, $4, $5, $6)
     ON CONFLICT (device, entity, row_id) DO UPDATE
        SET fields = CASE WHEN a.base_hash = excluded.base_hash THEN a.fields || excluded.fields ELSE excluded.fields END,
            base_hash = excluded.base_hash, ordinal = excluded.ordinal`,
    [device, entity, row, accepted.baseHash, JSON.stringify(accepted.fields), ordinal],
  );
}
