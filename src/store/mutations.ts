/** Staged mutations on their way to a verdict: which ones are next, which have to wait, and what became of them. */
import type { Decision, RowNow } from '../domain/upload/decision.ts';
import type { StoredVerdict } from '../domain/upload/stored-verdict.ts';
import type { WireMutation } from '../domain/upload/wire.ts';
import type { Db } from '../pg/pool.ts';
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
  readonly receivedHlc: string;
  readonly user: string | null;
  readonly permissions: readonly string[];
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

const COLUMNS = `m.ordinal::text, m.device, m.id, m.entity, m.row_id AS row, known.key, m.body, m.group_name AS "group",
       m.received_hlc AS "receivedHlc", u.user_name AS "user", u.permissions, m.attempt, m.attempted`;

const TABLES = `syncline.mutation AS m
       JOIN syncline.upload AS u ON u.device = m.device AND u.key = m.upload_key
       LEFT JOIN syncline.row_id AS known ON known.entity = m.entity AND known.id = m.row_id`;

/** C11: nobody's mutation of the same row that was staged before is still open. */
const IS_NEXT_OF_ROW = `NOT EXISTS (SELECT FROM syncline.mutation AS earlier
                    WHERE earlier.entity = m.entity AND earlier.row_id = m.row_id AND earlier.state <> 'done'
                      AND earlier.ordinal < m.ordinal)`;

/**
 * Mutations of the upload that can be decided now, one a row: by priority, then parents before children (deletes the
 * other way), then as they were sent.
 * @param options.entityOrder names, in the order in which rows may be inserted.
 */
export async function nextMutations(
  db: Db,
  { device, key }: UploadRef,
  options: {
    readonly entities: readonly string[];
    readonly entityOrder: readonly string[];
    readonly limit: number;
  },
): Promise<StagedMutation[]> {
  const { rows } = await db.query<StagedMutation>(
    `SELECT ${COLUMNS} FROM ${TABLES}
      WHERE m.device = $1 AND m.upload_key = $2 AND m.state = 'staged' AND m.entity = ANY ($5::text[])
        AND ${IS_NEXT_OF_ROW}
      ORDER BY m.priority,
               coalesce(array_position($3::text[], m.entity), 0) * CASE m.operation WHEN 'delete' THEN -1 ELSE 1 END,
               m.ordinal
      LIMIT $4`,
    [device, key, options.entityOrder, options.limit, options.entities],
  );
  return rows;
}

/** Whoever sent them: what waited behind a conflict, after its end. */
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

/** C17: whatever comes after a held mutation of the same row waits with it, and says so. @returns how many were parked. */
export async function parkHeld(db: Db, { device, key }: UploadRef): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE syncline.mutation AS m
        SET state = 'parked', conflict_id = c.id,
            verdict = jsonb_build_object('status', 'pending_approval', 'conflictId', c.id)
       FROM syncline.conflict AS c
      WHERE m.device = $1 AND m.upload_key = $2 AND m.state = 'staged'
        AND c.entity = m.entity AND c.row_id = m.row_id AND c.state = 'open' AND c.mutation < m.ordinal`,
    [device, key],
  );
  return rowCount ?? 0;
}

/** A mutation that names a row which is itself held waits for that one's conflict (C17). */
export async function parkBehind(
  db: Db,
  { ordinal, conflictId }: { readonly ordinal: string; readonly conflictId: string },
): Promise<void> {
  await db.query(
    `UPDATE syncline.mutation SET state = 'parked', conflict_id = $2,
            verdict = jsonb_build_object('status', 'pending_approval', 'conflictId', $2::text)
      WHERE ordinal = $1 AND state = 'staged'`,
    [ordinal, conflictId],
  );
}

/** After a decision: what waited behind it goes on, in its order. @returns how many mutations. */
export async function unpark(db: Db, conflictId: string): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE syncline.mutation SET state = 'staged', verdict = NULL WHERE conflict_id = $1 AND state = 'parked'`,
    [conflictId],
  );
  return rowCount ?? 0;
}

export async function countStaged(
  db: Db,
  { device, key, entities }: UploadRef & { readonly entities: readonly string[] },
): Promise<number> {
  const { rows } = await db.query<{ staged: number }>(
    `SELECT count(*)::int AS staged FROM syncline.mutation
      WHERE device = $1 AND upload_key = $2 AND state = 'staged' AND entity = ANY ($3::text[])`,
    [device, key, entities],
  );
  return rows[0]?.staged ?? 0;
}

/**
 * Compare-and-set: of two workers that decided the same mutation, one is heard.
 * @returns false when it has another verdict by now; the caller's transaction must be rolled back then.
 */
export async function settleMutation(
  db: Db,
  mutation: Pick<StagedMutation, 'ordinal'>,
  verdict: StoredVerdict,
): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE syncline.mutation SET state = 'done', verdict = $2, decided_at = clock_timestamp()
      WHERE ordinal = $1 AND state IN ('staged', 'held')`,
    [mutation.ordinal, JSON.stringify(verdict)],
  );
  return rowCount === 1;
}

/** C11: what the device had accepted from this base; null when it is the first change from it. */
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

/** Before the write is sent: whoever finds this attempt later settles it before he tries again (C12). */
export async function noteAttempts(
  db: Db,
  tries: readonly { readonly ordinal: string; readonly attempt: number; readonly attempted: Attempted }[],
): Promise<ReadonlySet<string>> {
  const { rows } = await db.query<{ ordinal: string }>(
    `UPDATE syncline.mutation AS m SET attempt = t.attempt, attempted = t.attempted
       FROM jsonb_to_recordset($1::jsonb) AS t (ordinal bigint, attempt int, attempted jsonb)
      WHERE m.ordinal = t.ordinal AND m.attempt = t.attempt - 1 AND m.state IN ('staged', 'held')
     RETURNING m.ordinal::text`,
    [JSON.stringify(tries)],
  );
  return new Set(rows.map(({ ordinal }) => ordinal));
}

export async function readMutation(db: Db, ordinal: string): Promise<StagedMutation | null> {
  const { rows } = await db.query<StagedMutation>(`SELECT ${COLUMNS} FROM ${TABLES} WHERE m.ordinal = $1`, [
    ordinal,
  ]);
  return rows[0] ?? null;
}

/** The source said that nothing was written: the next try need not ask what became of this one. */
export async function forgetAttempts(db: Db, ordinals: readonly string[]): Promise<void> {
  await db.query('UPDATE syncline.mutation SET attempted = NULL WHERE ordinal = ANY ($1::bigint[])', [
    ordinals,
  ]);
}

export async function isSettled(db: Db, ordinal: string): Promise<boolean> {
  const { rowCount } = await db.query(`SELECT FROM syncline.mutation WHERE ordinal = $1 AND state = 'done'`, [
    ordinal,
  ]);
  return rowCount === 1;
}
