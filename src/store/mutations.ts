/** Staged mutations on their way to a verdict: which ones are next, which have to wait, and what became of them. */
import type { Grants } from '../domain/access/principal.ts';
import type { Decision, RowNow } from '../domain/upload/decision.ts';
import type { StoredVerdict } from '../domain/upload/stored-verdict.ts';
import type { WireMutation } from '../domain/upload/wire.ts';
import type { Db } from '../pg/pool.ts';
import { portions } from './in-sets.ts';
import type { UploadRef } from './uploads.ts';

export type StagedMutation = {
  readonly ordinal: string;
  readonly device: string;
  readonly id: string;
  readonly entity: string;
  readonly row: string;
  /** The row's encoded key; null while a row that is to be made has none. */
  readonly key: string | null;
  readonly body: WireMutation;
  readonly group: string | null;
  readonly priority: number;
  readonly receivedHlc: string;
  readonly user: string | null;
  readonly permissions: readonly string[];
  /** Who sent it, as the token said; null: nobody limits what it may change. */
  readonly grants: Grants | null;
  /** Its device may not change anything any more (C13). */
  readonly revoked: boolean;
  readonly state: 'staged' | 'parked' | 'held' | 'done';
  /** Its device was told that it waits: whatever comes of it must reach the device by the row (C9). */
  readonly told: boolean;
  /** Number of the last try to write it at the source; 0: none yet. */
  readonly attempt: number;
  readonly attempted: Attempted | null;
};

/** What a try was to write: enough to complete the mutation when the source turns out to have it. */
export type Attempted = {
  /** Of this try alone. */
  readonly ledgerKey: string;
  readonly before: RowNow;
  readonly decision: Pick<
    Extract<Decision, { kind: 'write' }>,
    'operation' | 'values' | 'outcomes' | 'effects' | 'clocks'
  >;
  /** Without the row's version. */
  readonly verdict: StoredVerdict;
};

const COLUMNS = `m.ordinal::text, m.device, m.id, m.entity, m.row_id AS row, known.key, m.body, m.group_name AS "group", m.priority,
       m.received_hlc AS "receivedHlc", u.user_name AS "user", u.permissions, u.grants,
       EXISTS (SELECT FROM syncline.device AS d WHERE d.id = m.device AND d.revoked_at IS NOT NULL) AS revoked, m.state, m.told OR m.conflict_id IS NOT NULL AS told,
       m.attempt, m.attempted`;

const TABLES = `syncline.mutation AS m
       JOIN syncline.upload AS u ON u.device = m.device AND u.key = m.upload_key
       LEFT JOIN syncline.row_id AS known ON known.entity = m.entity AND known.id = m.row_id`;

/** C11: nobody's mutation of the same row that was staged before is still open. */
const IS_NEXT_OF_ROW = `NOT EXISTS (SELECT FROM syncline.mutation AS earlier
                    WHERE earlier.entity = m.entity AND earlier.row_id = m.row_id AND earlier.state <> 'done'
                      AND earlier.ordinal < m.ordinal)`;

/**
 * Mutations of the upload that can be decided now, one a row, without those of groups (groups.ts): by priority, then parents before children (deletes the
 * other way), then as they were sent.
 * @param options.entityOrder names, in the order in which rows may be inserted.
 * @param options.except ordinals of those that were looked at and have to wait.
 */
export async function nextMutations(
  db: Db,
  { device, key }: UploadRef,
  options: {
    readonly entities: readonly string[];
    readonly entityOrder: readonly string[];
    readonly except: readonly string[];
    readonly limit: number;
  },
): Promise<StagedMutation[]> {
  const { rows } = await db.query<StagedMutation>(
    `SELECT ${COLUMNS} FROM ${TABLES}
      WHERE m.device = $1 AND m.upload_key = $2 AND m.state = 'staged' AND m.entity = ANY ($5::text[])
        AND m.group_name IS NULL AND m.ordinal <> ALL ($6::bigint[]) AND ${IS_NEXT_OF_ROW}
      ORDER BY m.priority,
               coalesce(array_position($3::text[], m.entity), 0) * CASE m.operation WHEN 'delete' THEN -1 ELSE 1 END,
               m.ordinal
      LIMIT $4`,
    [device, key, options.entityOrder, options.limit, options.entities, options.except],
  );
  return rows;
}

/** Whoever sent them: what waited behind a conflict, after its end. What has to wait on is parked or comes later. */
export async function nextReleased(
  db: Db,
  { conflictId, limit }: { readonly conflictId: string; readonly limit: number },
): Promise<StagedMutation[]> {
  const { rows } = await db.query<StagedMutation>(
    `SELECT ${COLUMNS} FROM ${TABLES}
      WHERE m.conflict_id = $1 AND m.state = 'staged' AND ${IS_NEXT_OF_ROW} ORDER BY m.ordinal LIMIT $2`,
    [conflictId, limit],
  );
  return rows;
}

/**
 * C17: whatever comes after a held or parked mutation of the same row waits with it, and says so. The conflict is locked,
 * since what is parked behind a closed one would wait for ever.
 */
export async function parkHeld(db: Db, { device, key }: UploadRef): Promise<void> {
  await db.query(parkSql('m.device = $1 AND m.upload_key = $2'), [device, key]);
}

/** The same for what an ended conflict let go, where another one holds its row by now. */
export async function parkReleased(db: Db, conflictId: string): Promise<void> {
  await db.query(parkSql('m.conflict_id = $1'), [conflictId]);
}

/** @param scope of staged mutations `m`. */
function parkSql(scope: string): string {
  return `WITH blocked AS MATERIALIZED (
       SELECT m.ordinal, earlier.conflict_id
         FROM syncline.mutation AS m
         CROSS JOIN LATERAL (SELECT e.conflict_id FROM syncline.mutation AS e
                              WHERE e.entity = m.entity AND e.row_id = m.row_id AND e.ordinal < m.ordinal
                                AND e.state IN ('held', 'parked')
                              ORDER BY e.ordinal DESC LIMIT 1) AS earlier
        WHERE ${scope} AND m.state = 'staged' AND m.group_name IS NULL),
     open AS MATERIALIZED (
       SELECT id FROM syncline.conflict
        WHERE state = 'open' AND id IN (SELECT conflict_id FROM blocked) ORDER BY id FOR SHARE)
     UPDATE syncline.mutation AS m
        SET state = 'parked', conflict_id = open.id,
            verdict = jsonb_build_object('status', 'pending_approval', 'conflictId', open.id)
       FROM blocked JOIN open ON open.id = blocked.conflict_id
      WHERE m.ordinal = blocked.ordinal AND m.state = 'staged'`;
}

/**
 * A mutation that names a row which is itself held waits for that one's conflict (C17).
 * @returns false when the conflict is closed by now: there is nothing to wait for.
 */
export async function parkBehind(
  db: Db,
  { ordinal, conflictId }: { readonly ordinal: string; readonly conflictId: string },
): Promise<boolean> {
  const { rowCount } = await db.query(
    `WITH open AS MATERIALIZED (SELECT id FROM syncline.conflict WHERE id = $2 AND state = 'open' FOR SHARE)
     UPDATE syncline.mutation SET state = 'parked', conflict_id = open.id,
            verdict = jsonb_build_object('status', 'pending_approval', 'conflictId', open.id)
       FROM open WHERE ordinal = $1 AND state = 'staged'`,
    [ordinal, conflictId],
  );
  return rowCount === 1;
}

/** After a decision: what waited behind it goes on, in its order. @returns how many mutations. */
export async function unpark(db: Db, conflictId: string): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE syncline.mutation SET state = 'staged', verdict = NULL WHERE conflict_id = $1 AND state = 'parked'`,
    [conflictId],
  );
  return rowCount ?? 0;
}

/** What an ended conflict let go and nobody has decided yet. */
export async function countReleased(db: Db, conflictId: string): Promise<number> {
  const { rows } = await db.query<{ released: number }>(
    `SELECT count(*)::int AS released FROM syncline.mutation WHERE conflict_id = $1 AND state = 'staged'`,
    [conflictId],
  );
  return rows[0]?.released ?? 0;
}

/** Without a verdict, of these entities; a group is of the entity of its first change. */
export async function countStaged(
  db: Db,
  { device, key, entities }: UploadRef & { readonly entities: readonly string[] },
): Promise<number> {
  const { rows } = await db.query<{ staged: number }>(
    `SELECT count(*)::int AS staged FROM syncline.mutation AS m
      WHERE device = $1 AND upload_key = $2 AND state = 'staged'
        AND CASE WHEN group_name IS NULL THEN entity
                 ELSE (SELECT entity FROM syncline.mutation AS first
                        WHERE first.device = m.device AND first.upload_key = m.upload_key
                          AND first.group_name = m.group_name AND first.state = 'staged'
                        ORDER BY first.ordinal LIMIT 1) END = ANY ($3::text[])`,
    [device, key, entities],
  );
  return rows[0]?.staged ?? 0;
}

export type Settled = {
  readonly mutation: Pick<StagedMutation, 'ordinal' | 'state' | 'attempt' | 'told'>;
  readonly verdict: StoredVerdict;
};

/**
 * Compare-and-set: of two workers that decided the same mutation, one is heard. Who read it before the other one began
 * to write it at the source (`attempt`), before it was held (`state`), or before its device was told to wait, is not.
 * @returns false when one moved on; the caller's transaction must be rolled back then.
 */
export async function settleMutations(db: Db, settled: readonly Settled[]): Promise<boolean> {
  if (settled.length === 0) return true;
  const rows = settled.map(({ mutation: { ordinal, state, attempt, told }, verdict }) => ({
    ordinal,
    state,
    attempt,
    told,
    verdict,
  }));
  const { rowCount } = await db.query(
    `UPDATE syncline.mutation AS m SET state = 'done', verdict = s.verdict, decided_at = clock_timestamp()
       FROM jsonb_to_recordset($1::jsonb) AS s (ordinal bigint, state text, attempt int, told boolean, verdict jsonb)
      WHERE m.ordinal = s.ordinal AND m.state = s.state AND m.state IN ('staged', 'held') AND m.attempt = s.attempt
        AND (m.told OR m.conflict_id IS NOT NULL) = s.told`,
    [JSON.stringify(rows)],
  );
  return rowCount === settled.length;
}

/** What can never be decided. @returns how many. */
export async function rejectStaged(
  db: Db,
  ordinals: readonly string[],
  verdict: StoredVerdict,
): Promise<number> {
  if (ordinals.length === 0) return 0;
  const { rowCount } = await db.query(
    `UPDATE syncline.mutation SET state = 'done', verdict = $2, decided_at = clock_timestamp()
      WHERE ordinal = ANY ($1::bigint[]) AND state = 'staged' AND attempt = 0`,
    [ordinals, JSON.stringify(verdict)],
  );
  return rowCount ?? 0;
}

/** A try to write a mutation, `attempt` counted from 1. */
export type Try = Pick<StagedMutation, 'ordinal' | 'state' | 'attempt'> & { readonly attempted: Attempted };

/**
 * Before the write is sent: whoever finds this attempt later settles it before he tries again (C12).
 * @returns the ordinals of those that are ours to write: nobody else tried, settled or held them meanwhile.
 */
export async function noteAttempts(db: Db, tries: readonly Try[]): Promise<ReadonlySet<string>> {
  const ours = new Set<string>();
  const lines = tries.map((each) => JSON.stringify(each));
  for (const some of portions(lines, (line) => line.length)) {
    const { rows } = await db.query<{ ordinal: string }>(
      `UPDATE syncline.mutation AS m SET attempt = t.attempt, attempted = t.attempted
         FROM jsonb_to_recordset($1::jsonb) AS t (ordinal bigint, state text, attempt int, attempted jsonb)
        WHERE m.ordinal = t.ordinal AND m.attempt = t.attempt - 1 AND m.state = t.state AND m.state IN ('staged', 'held')
       RETURNING m.ordinal::text`,
      [`[${some.join(',')}]`],
    );
    for (const { ordinal } of rows) ours.add(ordinal);
  }
  return ours;
}

export async function readMutation(db: Db, ordinal: string): Promise<StagedMutation | null> {
  return (await readMutations(db, [ordinal]))[0] ?? null;
}

/** In their order. */
export async function readMutations(db: Db, ordinals: readonly string[]): Promise<StagedMutation[]> {
  const { rows } = await db.query<StagedMutation>(
    `SELECT ${COLUMNS} FROM ${TABLES} WHERE m.ordinal = ANY ($1::bigint[]) ORDER BY m.ordinal`,
    [ordinals],
  );
  return rows;
}

/**
 * The source said that nothing was written: the next try need not ask what became of this one. A later try, of another
 * worker, is not ours to forget.
 */
export async function forgetAttempts(
  db: Db,
  tried: readonly Pick<StagedMutation, 'ordinal' | 'attempt'>[],
): Promise<void> {
  if (tried.length === 0) return;
  await db.query(
    `UPDATE syncline.mutation AS m SET attempted = NULL
       FROM unnest($1::bigint[], $2::int[]) AS t (ordinal, attempt)
      WHERE m.ordinal = t.ordinal AND m.attempt = t.attempt`,
    [tried.map(({ ordinal }) => ordinal), tried.map(({ attempt }) => attempt)],
  );
}

export async function isSettled(db: Db, ordinal: string): Promise<boolean> {
  const { rowCount } = await db.query(`SELECT FROM syncline.mutation WHERE ordinal = $1 AND state = 'done'`, [
    ordinal,
  ]);
  return rowCount === 1;
}
