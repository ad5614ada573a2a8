/** Staged mutations on their way to a verdict: which ones are next, which have to wait, and what became of them. */
import type { StoredVerdict } from '../domain/upload/verdict.ts';
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
};

const COLUMNS = `m.ordinal::text, m.device, m.id, m.entity, m.row_id AS row, known.key, m.body, m.group_name AS "group",
       m.received_hlc AS "receivedHlc", u.user_name AS "user", u.permissions`;

const TABLES = `syncline.mutation AS m
       JOIN syncline.upload AS u ON u.device = m.device AND u.key = m.upload_key
       LEFT JOIN syncline.row_id AS known ON known.entity = m.entity AND known.id = m.row_id`;

/** C11: nobody's mutation of the same row that was staged before is still open. */
const IS_NEXT_OF_ROW = `NOT EXISTS (SELECT FROM syncline.mutation AS earlier
                    WHERE earlier.entity = m.entity AND earlier.row_id = m.row_id AND earlier.state <> 'done'
                      AND earlier.ordinal < m.ordinal)`;

/**
 * Mutations of the upload that can be decided now, one a row: by priority, then parents before children, then as they
 * were sent.
 * @param entityOrder names, in the order in which rows may be inserted.
 */
export async function nextMutations(
  db: Db,
  { device, key }: UploadRef,
  options: { readonly entityOrder: readonly string[]; readonly limit: number },
): Promise<StagedMutation[]> {
  const { rows } = await db.query<StagedMutation>(
    `SELECT ${COLUMNS} FROM ${TABLES}
      WHERE m.device = $1 AND m.upload_key = $2 AND m.state = 'staged' AND ${IS_NEXT_OF_ROW}
      ORDER BY m.priority, coalesce(array_position($3::text[], m.entity), 0), m.ordinal
      LIMIT $4`,
    [device, key, options.entityOrder, options.limit],
  );
  return rows;
}

/** Of one row, whoever sent them: what a decision of its conflict let go. */
export async function nextOfRow(
  db: Db,
  { entity, row }: { readonly entity: string; readonly row: string },
): Promise<StagedMutation[]> {
  const { rows } = await db.query<StagedMutation>(
    `SELECT ${COLUMNS} FROM ${TABLES}
      WHERE m.entity = $1 AND m.row_id = $2 AND m.state = 'staged' AND ${IS_NEXT_OF_ROW}`,
    [entity, row],
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

/** After a decision: what waited behind it goes on, in its order. */
export async function unparkRow(
  db: Db,
  { entity, row }: { readonly entity: string; readonly row: string },
): Promise<number> {
  const { rowCount } = await db.query(
    `UPDATE syncline.mutation SET state = 'staged', conflict_id = NULL, verdict = NULL
      WHERE entity = $1 AND row_id = $2 AND state = 'parked'`,
    [entity, row],
  );
  return rowCount ?? 0;
}

export async function countStaged(db: Db, { device, key }: UploadRef): Promise<number> {
  const { rows } = await db.query<{ staged: number }>(
    `SELECT count(*)::int AS staged FROM syncline.mutation WHERE device = $1 AND upload_key = $2 AND state = 'staged'`,
    [device, key],
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
