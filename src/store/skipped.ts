/** Rows that `deduplicate` left out (C23), for people to look at. */
import type { Db } from '../pg/pool.ts';

export type SkippedRow = {
  readonly entity: string;
  readonly key: string;
  readonly survivorEntity: string;
  readonly survivorKey: string;
  readonly at: string;
  readonly seenAt: string;
};

/** The newest first. */
export async function listSkipped(db: Db, filter: { entity?: string; limit: number }): Promise<SkippedRow[]> {
  const { rows } = await db.query<SkippedRow>(
    `SELECT entity, key, survivor_entity AS "survivorEntity", survivor_key AS "survivorKey", at, seen_at AS "seenAt"
       FROM syncline.skipped_row
      WHERE $1::text IS NULL OR entity = $1
      ORDER BY seen_at DESC, entity, key
      LIMIT $2`,
    [filter.entity ?? null, filter.limit],
  );
  return rows;
}
