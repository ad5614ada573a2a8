/** Mutations of one upload that are applied all or not at all. */
import type { StoredVerdict } from '../domain/upload/stored-verdict.ts';
import type { Db } from '../pg/pool.ts';
import { readMutations, type StagedMutation } from './mutations.ts';
import type { UploadRef } from './uploads.ts';

export type GroupFacts = {
  readonly name: string;
  readonly entities: readonly string[];
  readonly members: number;
  /** One of its changes could not be kept. */
  readonly unreadable: boolean;
  /** It names a row twice. */
  readonly repeats: boolean;
  /** Some of its changes were sent before, in another upload. */
  readonly isRest: boolean;
};

/** Groups of the upload that are not decided yet, with all their changes. */
export async function listGroups(db: Db, { device, key }: UploadRef): Promise<GroupFacts[]> {
  const { rows } = await db.query<GroupFacts>(
    `SELECT group_name AS name, array_agg(DISTINCT entity) FILTER (WHERE body IS NOT NULL) AS entities,
            count(*)::int AS members, bool_or(body IS NULL) AS unreadable,
            count(DISTINCT (entity, row_id)) < count(*) AS repeats,
            count(*) < (SELECT count(DISTINCT line.mutation) FROM syncline.upload_line AS line
                         WHERE line.device = $1 AND line.upload_key = $2 AND line.group_name = m.group_name) AS "isRest"
       FROM syncline.mutation AS m WHERE device = $1 AND upload_key = $2 AND group_name IS NOT NULL
      GROUP BY group_name HAVING bool_or(state = 'staged') ORDER BY min(ordinal)`,
    [device, key],
  );
  return rows;
}

/** Its open changes, in their order. */
export async function groupMembers(
  db: Db,
  { device, key, group }: UploadRef & { readonly group: string },
): Promise<StagedMutation[]> {
  const { rows } = await db.query<{ ordinal: string }>(
    `SELECT ordinal::text FROM syncline.mutation
      WHERE device = $1 AND upload_key = $2 AND group_name = $3 AND state = 'staged'`,
    [device, key, group],
  );
  return readMutations(
    db,
    rows.map(({ ordinal }) => ordinal),
  );
}

export type ReadyGroup = {
  readonly name: string;
  /** Ordinals of its open mutations, in their order. */
  readonly members: readonly string[];
  /** The one whose row waits for a human, of an earlier change. */
  readonly held: string | null;
};

/** Groups none of whose rows has an earlier change on its way. The entity of its first change says whose a group is. */
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
      GROUP BY m.group_name
     HAVING (array_agg(m.entity ORDER BY m.ordinal))[1] = ANY ($3::text[]) AND (bool_or(earlier.is_held) OR NOT coalesce(bool_or(earlier.is_coming), false))
      ORDER BY min(m.priority), min(m.ordinal)`,
    [device, key, entities],
  );
  return rows;
}

/** Why a member keeps its whole group from being applied. */
export type GroupFailure = { readonly ordinal: string; readonly verdict: StoredVerdict };
