/** C23: which row of a group survives, decided under the locks of the groups that a piece takes part in. */
import { enqueueSkipped } from './dedupe-release.ts';
import { bindings, keyList } from './mirror-target.ts';
import type { Staged } from './staging.ts';
import { buryRows } from './tombstones.ts';

export type Dedupe = Staged & {
  readonly ticket: string;
  readonly runId: string;
  readonly scope: string;
};

/** The rows of a piece that take part: where they are in staging, their group and time, and how they stand in it. */
export const PIECE = 'pg_temp.syncline_dedupe';

/**
 * A row that is in another group than it was, or at another time in it, gives its group back. Locked in a statement of
 * its own: the one that looks for skipped rows must see those of whoever held the lock until now.
 */
export async function releaseMoved({ session, plan, scope }: Dedupe): Promise<void> {
  const values = [plan.spec.entity, scope];
  const moved = `
    SELECT v.scope, v.fingerprint, v.bucket
      FROM syncline.dedupe_survivor AS v
      JOIN ${PIECE} AS d ON d.key = v.key
     WHERE v.entity = $1 AND NOT d.settled
       AND (v.scope, v.fingerprint, v.bucket, v.at) IS DISTINCT FROM ($2, d.fingerprint, d.bucket, d.at)
     ORDER BY v.scope, v.fingerprint, v.bucket
       FOR UPDATE OF v`;
  const { rowCount } = await session.client.query(moved, values);
  if (rowCount === 0) return;
  await session.client.query(
    `WITH moved AS MATERIALIZED (${moved}),
     released AS (
       DELETE FROM syncline.dedupe_survivor AS v USING moved AS m
        WHERE v.scope = m.scope AND v.fingerprint = m.fingerprint AND v.bucket = m.bucket AND v.entity = $1)
     ${enqueueSkipped('moved', `NOT (k.entity = $1 AND k.key IN (SELECT key FROM ${PIECE}))`)}`,
    values,
  );
}

/**
 * Rows that are skipped already for one that is lower take no lock and write nothing. After the release, whether it
 * found anything or not: a row whose group another lane took while the release waited for it has to contend for it.
 */
export async function markUnsettled({ session, plan, scope }: Dedupe): Promise<void> {
  await session.client.query(
    `UPDATE ${PIECE} AS d SET unsettled = true
      WHERE NOT d.settled AND d.fingerprint IS NOT NULL AND NOT EXISTS (
        SELECT FROM syncline.dedupe_survivor AS v
         WHERE v.scope = $2 AND v.fingerprint = d.fingerprint AND v.bucket = d.bucket
           AND ((v.entity = $1 AND v.key = d.key)
             OR ((v.at, v.key, v.entity COLLATE "C") < (d.at, d.key, $1::text COLLATE "C") AND EXISTS (
                  SELECT FROM syncline.skipped_row AS k
                   WHERE k.entity = $1 AND k.key = d.key AND k.scope = $2 AND k.fingerprint = d.fingerprint
                     AND k.bucket = d.bucket AND k.at = d.at
                     AND k.survivor_entity = v.entity AND k.survivor_key = v.key))))`,
    [plan.spec.entity, scope],
  );
}

type Held = {
  fingerprint: string;
  bucket: string;
  entity: string;
  key: string;
  at: string;
  syncSource: string | null;
  higher: boolean;
};

const LOWEST = `SELECT DISTINCT ON (fingerprint, bucket) fingerprint, bucket, key, at
                  FROM ${PIECE} WHERE unsettled ORDER BY fingerprint, bucket, at, key`;

/**
 * Takes free groups, then those whose survivor is higher. Every group that a row of the piece loses is locked until
 * the commit: its survivor cannot go without seeing the row among the skipped.
 * @returns how many displaced survivors became tombstones, and whether any row of the piece may have lost.
 */
export async function claimGroups(dedupe: Dedupe): Promise<{ displaced: number; lost: boolean }> {
  const { session, plan, scope } = dedupe;
  const { held, lost } = await lockGroups(dedupe);
  const displaced = held.filter((row) => row.higher);
  if (displaced.length === 0) return { displaced: 0, lost };
  await session.client.query(
    `UPDATE syncline.dedupe_survivor AS v SET entity = $2, key = d.key, at = d.at, sync_source = $3
       FROM (${LOWEST}) AS d
       JOIN unnest($4::uuid[], $5::int8[]) AS taken (fingerprint, bucket)
         ON taken.fingerprint = d.fingerprint AND taken.bucket = d.bucket
      WHERE v.scope = $1 AND v.fingerprint = d.fingerprint AND v.bucket = d.bucket`,
    [scope, plan.spec.entity, plan.syncSource, ...groupsOf(displaced)],
  );
  await skipDisplaced(dedupe, displaced);
  return { displaced: await buryDisplaced(dedupe, displaced), lost };
}

/** @returns the groups that are somebody else's, locked. */
async function lockGroups({ session, plan, scope }: Dedupe): Promise<{ held: Held[]; lost: boolean }> {
  const { entity } = plan.spec;
  let taken = 0;
  for (;;) {
    const { rows } = await session.client.query<{ contenders: number; groups: number; inserted: number }>(
      `WITH lowest AS MATERIALIZED (${LOWEST}),
       inserted AS (
         INSERT INTO syncline.dedupe_survivor (scope, fingerprint, bucket, entity, key, at, sync_source)
         SELECT $1, fingerprint, bucket, $2, key, at, $3 FROM lowest ORDER BY fingerprint, bucket
         ON CONFLICT (scope, fingerprint, bucket) DO NOTHING
         RETURNING 1)
       SELECT (SELECT count(*) FROM ${PIECE} WHERE fingerprint IS NOT NULL AND NOT settled) AS contenders,
              (SELECT count(*) FROM lowest) AS groups, (SELECT count(*) FROM inserted) AS inserted`,
      [scope, entity, plan.syncSource],
    );
    const { contenders, groups, inserted } = rows[0] as {
      contenders: number;
      groups: number;
      inserted: number;
    };
    taken += inserted;
    if (taken === contenders) return { held: [], lost: false };
    const { rows: held } = await session.client.query<Held>(
      `SELECT v.fingerprint, v.bucket::text AS bucket, v.entity, v.key, v.at::text AS at, v.sync_source AS "syncSource",
              (d.at, d.key, $2::text COLLATE "C") < (v.at, v.key, v.entity COLLATE "C") AS higher
         FROM syncline.dedupe_survivor AS v
         JOIN (${LOWEST}) AS d ON d.fingerprint = v.fingerprint AND d.bucket = v.bucket
        WHERE v.scope = $1 AND (v.entity, v.key) <> ($2, d.key)
        ORDER BY v.fingerprint, v.bucket
          FOR UPDATE OF v`,
      [scope, entity],
    );
    // A survivor that was released in between left its group free: it is there for the taking again.
    if (taken + held.length >= groups) return { held, lost: true };
  }
}

const groupsOf = (rows: readonly Held[]): [string[], string[]] => [
  rows.map((row) => row.fingerprint),
  rows.map((row) => row.bucket),
];

/** The old survivors are skipped from now on, and whoever was skipped for them is skipped for the new one. */
async function skipDisplaced({ session, scope, runId }: Dedupe, displaced: readonly Held[]): Promise<void> {
  const groups = groupsOf(displaced);
  await session.client.query(
    `INSERT INTO syncline.skipped_row (entity, key, survivor_entity, survivor_key, scope, fingerprint, bucket, at, run_id)
     SELECT o.entity, o.key, v.entity, v.key, $1, v.fingerprint, v.bucket, o.at, $2
       FROM unnest($3::uuid[], $4::int8[], $5::text[], $6::text[], $7::timestamptz[])
            AS o (fingerprint, bucket, entity, key, at)
       JOIN syncline.dedupe_survivor AS v ON v.scope = $1 AND v.fingerprint = o.fingerprint AND v.bucket = o.bucket
      ORDER BY o.entity, o.key
     ${ON_SKIPPED}`,
    [
      scope,
      runId,
      ...groups,
      displaced.map((row) => row.entity),
      displaced.map((row) => row.key),
      displaced.map((row) => row.at),
    ],
  );
  await session.client.query(
    `UPDATE syncline.skipped_row AS k SET survivor_entity = v.entity, survivor_key = v.key
       FROM unnest($2::uuid[], $3::int8[]) AS o (fingerprint, bucket)
       JOIN syncline.dedupe_survivor AS v ON v.scope = $1 AND v.fingerprint = o.fingerprint AND v.bucket = o.bucket
      WHERE k.scope = $1 AND k.fingerprint = o.fingerprint AND k.bucket = o.bucket
        AND (k.survivor_entity, k.survivor_key) <> (v.entity, v.key)`,
    [scope, ...groups],
  );
}

export const ON_SKIPPED = `ON CONFLICT (entity, key) DO UPDATE
   SET survivor_entity = excluded.survivor_entity, survivor_key = excluded.survivor_key, scope = excluded.scope,
       fingerprint = excluded.fingerprint, bucket = excluded.bucket, at = excluded.at, run_id = excluded.run_id,
       seen_at = excluded.seen_at`;

/**
 * The old survivors' mirror rows. No ticket: this follows from the store's own state, not from a read of those rows,
 * and a load of one of them that is under way loses against the tombstone's xid and reads it again.
 */
async function buryDisplaced({ session, plan }: Dedupe, displaced: readonly Held[]): Promise<number> {
  let buried = 0;
  for (const source of new Set(displaced.map((row) => row.syncSource))) {
    const keys = displaced.filter((row) => row.syncSource === source).map((row) => row.key);
    const { values, bind } = bindings();
    const from = keyList(plan, { alias: 's', keys }, bind);
    const own = plan.syncSource === null ? 'true' : `m.sync_source = ${bind(source)}`;
    const { rowCount } = await session.client.query(
      buryRows(plan, { from, where: `m.sync_deleted_at IS NULL AND ${own}` }),
      values,
    );
    buried += rowCount ?? 0;
  }
  return buried;
}
