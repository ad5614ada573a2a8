/** C11: what a device got accepted of a row last, and from which base. */
import type { FieldTexts } from '../domain/upload/decision.ts';
import type { Db } from '../pg/pool.ts';
import { columnsOf, stretches } from './in-sets.ts';
import type { StagedMutation } from './mutations.ts';

type RowOfDevice = Pick<StagedMutation, 'device' | 'entity' | 'row'>;

/** What each device had accepted from the base, in the order asked for; null when it is the first change from it. */
export async function readAccepted(
  db: Db,
  asked: readonly (RowOfDevice & { readonly baseHash: string })[],
): Promise<(FieldTexts | null)[]> {
  const accepted = asked.map((): FieldTexts | null => null);
  if (asked.length === 0) return accepted;
  const { rows } = await db.query<{ place: number; fields: FieldTexts }>(
    `SELECT asked.place::int - 1 AS place, a.fields
       FROM unnest($1::text[], $2::text[], $3::text[], $4::text[])
              WITH ORDINALITY AS asked (device, entity, row_id, base_hash, place)
       JOIN syncline.accepted AS a USING (device, entity, row_id, base_hash)`,
    columnsOf(asked, ['device', 'entity', 'row', 'baseHash']),
  );
  for (const { place, fields } of rows) accepted[place] = fields;
  return accepted;
}

export type Accepted = RowOfDevice &
  Pick<StagedMutation, 'ordinal'> & { readonly baseHash: string; readonly fields: FieldTexts };

export async function noteAccepted(db: Db, accepted: readonly Accepted[]): Promise<void> {
  const rowOf = ({ device, entity, row }: Accepted): string => JSON.stringify([device, entity, row]);
  for (const some of stretches(accepted, rowOf)) {
    const rows = some.map((each) => ({ ...each, fields: JSON.stringify(each.fields) }));
    await db.query(
      `INSERT INTO syncline.accepted AS a (device, entity, row_id, base_hash, fields, ordinal)
       SELECT device, entity, row_id, base_hash, fields::jsonb, ordinal::bigint
         FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
                AS given (device, entity, row_id, base_hash, fields, ordinal)
        ORDER BY device COLLATE "C", entity, row_id COLLATE "C"
       ON CONFLICT (device, entity, row_id) DO UPDATE
          SET fields = CASE WHEN a.base_hash = excluded.base_hash THEN a.fields || excluded.fields ELSE excluded.fields END,
              base_hash = excluded.base_hash, ordinal = excluded.ordinal`,
      columnsOf(rows, ['device', 'entity', 'row', 'baseHash', 'fields', 'ordinal']),
    );
  }
}
