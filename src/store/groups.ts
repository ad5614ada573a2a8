/** Mutations of one upload that are applied all or not at all. */
import type { StoredVerdict } from '../domain/upload/stored-verdict.ts';
import type { Db } from '../pg/pool.ts';
import type { UploadRef } from './uploads.ts';

/** They are written in one transaction of the source. */
const MOST_MEMBERS = 100;

/** Groups that cannot be applied as one, whatever their rows hold. */
export async function rejectBadGroups(db: Db, { device, key }: UploadRef): Promise<void> {
  await db.query(
    `WITH bad AS (
       SELECT group_name,
              CASE WHEN bool_or(body IS NULL) THEN 'One of its changes cannot be read'
                   WHEN count(DISTINCT entity) > 1 THEN 'It changes rows of several entities: a group is of one'
                   WHEN count(DISTINCT row_id) < count(*) THEN 'It changes a row twice: name each row once'
                   ELSE 'It has more than ${MOST_MEMBERS} changes' END AS why
         FROM syncline.mutation WHERE device = $1 AND upload_key = $2 AND group_name IS NOT NULL
        GROUP BY group_name
       HAVING bool_or(body IS NULL) OR count(DISTINCT entity) > 1 OR count(DISTINCT row_id) < count(*)
           OR count(*) > ${MOST_MEMBERS})
     UPDATE syncline.mutation AS m
        SET state = 'done', decided_at = clock_timestamp(),
            verdict = jsonb_build_object('status', 'rejected', 'code', 'GROUP_INVALID',
                                         'message', 'Group ' || bad.group_name || ' is not applied. ' || bad.why)
       FROM bad
      WHERE m.device = $1 AND m.upload_key = $2 AND m.group_name = bad.group_name AND m.state = 'staged'`,
    [device, key],
  );
}

export type ReadyGroup = {
  readonly name: string;
  /** Ordinals of its open mutations, in their order. */
  readonly members: readonly string[];
  /** The one whose row waits for a human, of an earlier change. */
  readonly held: string | null;
};

/** Groups none of whose rows has an earlier change on its way. */
export async function readyGroups(
  db: Db,
  { device, key, entities }: UploadRef & { readonly entities: readonly string[] },
): Promise<ReadyGroup[]> {
  const { rows } = await db.query<ReadyGroup>(
    `SELECT m.group_name AS name, array_agg(m.ordinal::text ORDER BY m.ordinal) AS members,
            min(m.ordinal) FILTER (WHERE earlier.is_held)::text AS held
       FROM syncline.mutation AS m
       LEFT JOIN LATERAL (SELECT bool_or(e.state IN ('held', 'parked')) AS is_held, bool_or(e.state = 'staged') AS is_coming
                            FROM syncline.mutation AS e
                           WHERE e.entity = m.entity AND e.row_id = m.row_id AND e.ordinal < m.ordinal
                             AND e.state <> 'done') AS earlier ON true
      WHERE m.device = $1 AND m.upload_key = $2 AND m.state = 'staged' AND m.group_name IS NOT NULL
        AND m.entity = ANY ($3::text[])
      GROUP BY m.group_name
     HAVING bool_or(earlier.is_held) OR NOT coalesce(bool_or(earlier.is_coming), false)
      ORDER BY min(m.priority), min(m.ordinal)`,
    [device, key, entities],
  );
  return rows;
}

/** Why a member keeps its whole group from being applied. */
export type GroupFailure = { readonly ordinal: string; readonly verdict: StoredVerdict };
