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

export type SkippedFilter = {
  readonly entity?: string | null;
  readonly limit: number;
  /** Those that come after this one. */
  readonly after?: Pick<SkippedRow, 'seenAt' | 'entity' | 'key'> | null;
};

/** The newest first. */
export async function listSkipped(
  db: Db,
  { entity = null, limit, after = null }: SkippedFilter,
): Promise<SkippedRow[]> {
  const { rows } = await db.query<SkippedRow>(
    `SELECT entity, key, survivor_entity AS "survivorEntity", survivor_key AS "survivorKey", at, seen_at AS "seenAt"
       FROM syncline.skipped_row
      WHERE ($1::text IS NULL OR entity = $1)
        AND ($3::timestamptz IS NULL OR seen_at < $3
             OR (seen_at = $3 AND (entity, key) > ($4::text, $5::text COLLATE "C")))
      ORDER BY seen_at DESC, entity, key
      LIMIT $2`,
    [entity, limit, after?.seenAt ?? null, after?.entity ?? null, after?.key ?? null],
  );
  return rows;
}
