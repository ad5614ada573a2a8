/** Conflicts that wait for a human: what clashes, what was said about them, and how they end. */
import { SyncError } from '../domain/errors.ts';
import type { Clash, FieldTexts, RowNow, WriteOperation } from '../domain/upload/decision.ts';
import type { StoredVerdict } from '../domain/upload/stored-verdict.ts';
import type { Db } from '../pg/pool.ts';
import type { LoadSession } from './load-session.ts';
import { type StagedMutation, settleMutations, unpark } from './mutations.ts';
import type { UploadRef } from './uploads.ts';

export type ConflictRow = {
  readonly id: string;
  readonly entity: string;
  readonly row: string;
  readonly mutation: string;
  readonly device: string;
  readonly user: string | null;
  readonly state: 'open' | 'closed';
  readonly round: number;
  readonly clash: {
    readonly operation: WriteOperation;
    /** Of the row when the conflict was opened. */
    readonly state: RowNow['state'];
    readonly clash: Clash | null;
    readonly reason: string;
    readonly role: string | null;
    /** What the device got accepted from the same base before: compared with instead of the base (C11). */
    readonly accepted?: FieldTexts;
    readonly draft: FieldTexts | null;
  };
  /** What the device saw; null when it did not say. */
  readonly base: FieldTexts | null;
  readonly client: FieldTexts;
  readonly server: FieldTexts | null;
  readonly serverVersion: string | null;
  readonly assignedTo: string | null;
  readonly workflowId: string;
  readonly openedAtMs: number;
  readonly closedAtMs: number | null;
  readonly outcome: unknown;
};

const CONFLICT_COLUMNS = `id, entity, row_id AS row, mutation::text, device, user_name AS "user", state, round, clash, base, client,
       server, server_version AS "serverVersion", assigned_to AS "assignedTo", workflow_id AS "workflowId",
       (extract(epoch FROM opened_at) * 1000)::float8 AS "openedAtMs", (extract(epoch FROM closed_at) * 1000)::float8 AS "closedAtMs", outcome`;

/** @throws SyncError CONFLICT_NOT_FOUND */
export async function readConflict(db: Db, id: string): Promise<ConflictRow> {
  const { rows } = await db.query<ConflictRow>(
    `SELECT ${CONFLICT_COLUMNS} FROM syncline.conflict WHERE id = $1`,
    [id],
  );
  if (rows[0] !== undefined) return rows[0];
  throw new SyncError('CONFLICT_NOT_FOUND', { message: `There is no conflict ${id}` });
}

/** In no order. */
export async function readConflicts(db: Db, ids: readonly string[]): Promise<ConflictRow[]> {
  const { rows } = await db.query<ConflictRow>(
    `SELECT ${CONFLICT_COLUMNS} FROM syncline.conflict WHERE id = ANY ($1::text[])`,
    [ids],
  );
  return rows;
}

export type ConflictFilter = {
  readonly state: 'open' | 'closed' | 'any';
  readonly entity: string | null;
  readonly assignedTo?: string | null;
  readonly device?: string | null;
  readonly user?: string | null;
  readonly limit: number;
  /** Those that come after this one. */
  readonly after?: Pick<ConflictRow, 'openedAtMs' | 'id'> | null;
};

/** The newest first. */
export async function listConflicts(db: Db, filter: ConflictFilter): Promise<ConflictRow[]> {
  const { state, entity, assignedTo = null, device = null, user = null, limit, after = null } = filter;
  const { rows } = await db.query<ConflictRow>(
    `SELECT ${CONFLICT_COLUMNS} FROM syncline.conflict
      WHERE ($1 = 'any' OR state = $1) AND ($2::text IS NULL OR entity = $2)
        AND ($4::text IS NULL OR assigned_to = $4) AND ($5::text IS NULL OR device = $5)
        AND ($6::text IS NULL OR user_name = $6)
        AND ($7::float8 IS NULL OR ((extract(epoch FROM opened_at) * 1000)::float8, id) < ($7, $8::text COLLATE "C"))
      ORDER BY opened_at DESC, id DESC LIMIT $3`,
    [state, entity, limit, assignedTo, device, user, after?.openedAtMs ?? null, after?.id ?? null],
  );
  return rows;
}

/** Of an upload, those that have no workflow yet (C10). */
export async function listUnstarted(
  db: Db,
  { device, key, limit }: UploadRef & { readonly limit: number },
): Promise<{ id: string; workflowId: string; entity: string }[]> {
  const { rows } = await db.query<{ id: string; workflowId: string; entity: string }>(
    `SELECT c.id, c.workflow_id AS "workflowId", c.entity FROM syncline.conflict AS c
       JOIN syncline.mutation AS m ON m.ordinal = c.mutation
      WHERE m.device = $1 AND m.upload_key = $2 AND c.state = 'open' AND c.started_at IS NULL
      ORDER BY c.opened_at, c.id LIMIT $3`,
    [device, key, limit],
  );
  return rows;
}

export async function noteStarted(db: Db, ids: readonly string[]): Promise<void> {
  await db.query(
    'UPDATE syncline.conflict SET started_at = clock_timestamp() WHERE id = ANY ($1::text[]) AND started_at IS NULL',
    [ids],
  );
}

export async function listEvents(db: Db, conflictId: string): Promise<ConflictEvent[]> {
  const { rows } = await db.query<ConflictEvent>(
    `SELECT round, event, said_by AS by, detail,
            to_char(at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS"Z"') AS at
       FROM syncline.conflict_event WHERE conflict_id = $1 ORDER BY id`,
    [conflictId],
  );
  return rows;
}

export type ConflictEvent = {
  readonly round: number;
  readonly event: string;
  readonly by: string | null;
  readonly detail: { readonly via?: string; readonly text?: string };
  readonly at: string;
};

/** C17, compare-and-set: a decision counts for the round that it was taken in. @returns false when that is over. */
export async function nextRound(
  session: LoadSession,
  next: {
    readonly conflictId: string;
    readonly round: number;
    readonly operation: WriteOperation;
    readonly clash: Clash | null;
    readonly proposal: FieldTexts;
    readonly draft: FieldTexts | null;
    readonly row: RowNow;
    readonly version: string | null;
  },
): Promise<boolean> {
  const { conflictId, round, operation, clash, proposal, draft, row, version } = next;
  const { rowCount } = await session.client.query(
    `UPDATE syncline.conflict
        SET round = round + 1, client = $3, server = $4, server_version = $5,
            clash = clash || $6::jsonb
      WHERE id = $1 AND state = 'open' AND round = $2`,
    [
      conflictId,
      round,
      JSON.stringify(proposal),
      row.state === 'row' ? JSON.stringify(row.row.values) : null,
      version,
      JSON.stringify({ operation, clash, draft, state: row.state }),
    ],
  );
  return rowCount === 1;
}

/** The decision of a round could not be written: people decide anew. */
export async function countRound(
  db: Db,
  { conflictId, round }: { readonly conflictId: string; readonly round: number },
): Promise<void> {
  await db.query(
    `UPDATE syncline.conflict SET round = round + 1 WHERE id = $1 AND state = 'open' AND round = $2`,
    [conflictId, round],
  );
}

/** Ends the hold, with the verdict of its mutation where it has none yet; what waited behind it is staged again. */
export async function closeHold(
  session: LoadSession,
  end: {
    readonly conflictId: string;
    readonly outcome: 'applied' | 'withdrawn';
    readonly by: string | null;
    readonly mutation: StagedMutation | null;
  },
): Promise<{ released: number }> {
  const { conflictId, outcome, by, mutation } = end;
  const { client } = session;
  await client.query(
    `UPDATE syncline.conflict SET state = 'closed', closed_at = clock_timestamp(), outcome = $2
      WHERE id = $1 AND state = 'open'`,
    [conflictId, JSON.stringify({ outcome, by })],
  );
  await client.query(
    `UPDATE syncline.task SET state = 'closed', closed_at = clock_timestamp(), closed_by = $2
      WHERE cause = $1 AND state = 'open'`,
    [`conflict/${conflictId}`, by ?? outcome],
  );
  if (outcome === 'withdrawn' && mutation !== null) {
    const verdict: StoredVerdict = {
      status: 'rejected',
      code: 'WITHDRAWN',
      message: 'The change was withdrawn',
      conflictId,
    };
    await settleMutations(client, [{ mutation, verdict }]);
  }
  return { released: await unpark(client, conflictId) };
}
