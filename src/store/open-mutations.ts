/** Undecided mutations and what stands before each, for finding those that wait for each other. */
import type { Json } from '../domain/merge/json.ts';
import type { Db } from '../pg/pool.ts';

export type OpenMutation = {
  readonly ordinal: string;
  /** Mutations of one group have one. */
  readonly unit: string;
  readonly entity: string;
  readonly values: Readonly<Record<string, Json>> | null;
  /** Ordinals of undecided changes of its row that were staged before. */
  readonly before: readonly string[];
};

/** Those of the given ones that are staged, with the rest of their groups. */
export async function openMutations(db: Db, ordinals: readonly string[]): Promise<OpenMutation[]> {
  const { rows } = await db.query<OpenMutation>(
    `SELECT m.ordinal::text, m.entity, m.body->'values' AS values,
            CASE WHEN m.group_name IS NULL THEN m.ordinal::text
                 ELSE jsonb_build_array(m.device, m.upload_key, m.group_name)::text END AS unit,
            ARRAY(SELECT e.ordinal::text FROM syncline.mutation AS e
                   WHERE e.entity = m.entity AND e.row_id = m.row_id AND e.state = 'staged'
                     AND e.ordinal < m.ordinal) AS before
       FROM syncline.mutation AS m
      WHERE m.state = 'staged'
        AND (m.ordinal = ANY ($1::bigint[])
             OR (m.group_name IS NOT NULL AND (m.device, m.upload_key, m.group_name) IN (
                   SELECT device, upload_key, group_name FROM syncline.mutation
                    WHERE ordinal = ANY ($1::bigint[]) AND group_name IS NOT NULL)))`,
    [ordinals],
  );
  return rows;
}
