/** C5: keys of the mirror that a full run's source did not show, until they are looked up. */
import type { EntityRef } from '../domain/run.ts';
import type { Db } from '../pg/pool.ts';

export type CandidateState = {
  readonly candidates: number;
  readonly failedChunks: number;
  /** A range with a key that could not be read proves nothing about the keys it did not show. */
  readonly unreadableKeys: boolean;
};

export async function candidateState(db: Db, ref: EntityRef): Promise<CandidateState> {
  const { rows } = await db.query<CandidateState>(
    `SELECT (SELECT count(*)::int4 FROM syncline.delete_candidate WHERE run_id = $1 AND entity = $2) AS candidates,
            count(*) FILTER (WHERE state = 'failed')::int4 AS "failedChunks",
            coalesce(bool_or(NOT keys_complete), false) AS "unreadableKeys"
       FROM syncline.sync_chunk
      WHERE run_id = $1 AND entity = $2 AND kind = 'range'`,
    [ref.runId, ref.entity],
  );
  return rows[0] as CandidateState;
}

export async function listCandidates(db: Db, ref: EntityRef, page: { limit: number }): Promise<string[]> {
  const { rows } = await db.query<{ key: string }>(
    `SELECT key FROM syncline.delete_candidate WHERE run_id = $1 AND entity = $2 ORDER BY key LIMIT $3`,
    [ref.runId, ref.entity, page.limit],
  );
  return rows.map((row) => row.key);
}

export async function dropCandidates(db: Db, ref: EntityRef, keys: readonly string[]): Promise<void> {
  await db.query(
    'DELETE FROM syncline.delete_candidate WHERE run_id = $1 AND entity = $2 AND key = ANY ($3::text[])',
    [ref.runId, ref.entity, keys],
  );
}
