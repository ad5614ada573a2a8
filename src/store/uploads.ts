/** Uploads as they are staged: the request's mutations, kept before anything is done with them. */
import { createHash } from 'node:crypto';
import type pg from 'pg';
import type { Grants } from '../domain/access/principal.ts';
import { stableJson } from '../domain/config-hash.ts';
import { SyncError } from '../domain/errors.ts';
import type { Hlc } from '../domain/upload/hlc.ts';
import type { StoredVerdict } from '../domain/upload/stored-verdict.ts';
import { type ReadMutation, readMutation, type WireMutation } from '../domain/upload/wire.ts';
import type { Db } from '../pg/pool.ts';
import { contentId, ID_OF_ROW, shortHash, withGroupIds, withIds } from './mutation-ids.ts';
import { inStoreTransaction, type Store } from './open.ts';

export type UploadRef = { readonly device: string; readonly key: string };

export type NewUpload = UploadRef & {
  readonly user: string | null;
  readonly permissions: readonly string[];
  /** Who sent it, as their token said: what they may change is looked up anew later on (C13). Left out: everything. */
  readonly grants?: Grants;
  readonly mutations: readonly unknown[];
  /** Of the request that they were made of, where it is not of the mutations themselves. */
  readonly sha256?: string;
  /** The device hears of what became of them by the rows alone, as one does that believes a push took everything (C9). */
  readonly told?: true;
  /** Clock of receipt: of mutations without one of their own (C11). */
  readonly receivedHlc: Hlc;
  readonly workflowId: string;
};

/**
 * Keeps an upload, all of it or nothing. Repeating it is safe: 'known' is the same request again.
 * @throws SyncError UPLOAD_CONFLICT: the key was used with another body. DEVICE_REVOKED.
 */
export async function stageUpload(store: Store, upload: NewUpload): Promise<'staged' | 'known'> {
  const sha256 = upload.sha256 ?? createHash('sha256').update(stableJson(upload.mutations)).digest('hex');
  return inStoreTransaction(store, async (client) => {
    await touchDevice(client, upload);
    const known = await insertUpload(client, upload, sha256);
    if (known === null) {
      await insertMutations(client, upload);
      return 'staged';
    }
    if (known === sha256) return 'known';
    throw new SyncError('UPLOAD_CONFLICT', {
      message: `Upload ${upload.key} of device ${upload.device} was sent before, with another content`,
    });
  });
}

async function touchDevice(client: pg.PoolClient, { device, user }: NewUpload): Promise<void> {
  const { rows } = await client.query<{ revoked: boolean }>(
    `INSERT INTO syncline.device AS d (id, user_name, last_push_at) VALUES ($1, $2, clock_timestamp())
     ON CONFLICT (id) DO UPDATE SET last_push_at = clock_timestamp(), user_name = coalesce(excluded.user_name, d.user_name)
     RETURNING revoked_at IS NOT NULL AS revoked`,
    [device, user],
  );
  if (rows[0]?.revoked) {
    throw new SyncError('DEVICE_REVOKED', { message: `Device ${device} may not send changes any more` });
  }
}

/** @returns the hash that is there already; null when the upload is new. */
async function insertUpload(
  client: pg.PoolClient,
  upload: NewUpload,
  sha256: string,
): Promise<string | null> {
  const { device, key, user, permissions, grants, mutations, workflowId } = upload;
  const { rowCount } = await client.query(
    `INSERT INTO syncline.upload (device, key, sha256, user_name, permissions, grants, mutations, workflow_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8) ON CONFLICT DO NOTHING`,
    [
      device,
      key,
      sha256,
      user,
      JSON.stringify(permissions),
      grants === undefined ? null : JSON.stringify(grants),
      mutations.length,
      workflowId,
    ],
  );
  if (rowCount === 1) return null;
  const { rows } = await client.query<{ sha256: string }>(
    'SELECT sha256 FROM syncline.upload WHERE device = $1 AND key = $2',
    [device, key],
  );
  return rows[0]?.sha256 ?? sha256;
}

type Line = {
  readonly seq: number;
  readonly id: string;
  readonly entity: string;
  readonly row: string;
  readonly operation: string;
  readonly body: WireMutation | null;
  readonly group: string | null;
  readonly priority: number;
  readonly verdict: StoredVerdict | null;
};

/**
 * A mutation that the device sent before, in another upload, is not staged again: it has its verdict there (C11). A row
 * that was made offline may be named by its key too: its id stands for both, or its mutations would have two orders.
 */
async function insertMutations(client: pg.PoolClient, upload: NewUpload): Promise<void> {
  const read = upload.mutations.map((input, seq) => lineOf(upload.device, seq, readMutation(input)));
  const lines = await withIds(client, upload.device, withGroupIds(read));
  const values = [upload.device, upload.key, JSON.stringify(lines)];
  await client.query(
    `INSERT INTO syncline.upload_line (device, upload_key, seq, mutation, group_name)
     SELECT $1, $2, seq, id, "group" FROM jsonb_to_recordset($3::jsonb) AS line (seq int, id text, "group" text)`,
    values,
  );
  await client.query(
    `INSERT INTO syncline.mutation
       (device, upload_key, seq, id, entity, row_id, operation, body, group_name, priority, received_hlc, verdict, told, state, decided_at)
     SELECT $1, $2, line.seq, line.id, line.entity, coalesce(known.id, line."row"), line.operation, line.body, line."group",
            line.priority, $4, line.verdict, $5, CASE WHEN line.verdict IS NULL THEN 'staged' ELSE 'done' END,
            CASE WHEN line.verdict IS NOT NULL THEN clock_timestamp() END
       FROM jsonb_to_recordset($3::jsonb) AS line (seq int, id text, entity text, "row" text, operation text, body jsonb,
                                                   "group" text, priority int, verdict jsonb)
       LEFT JOIN LATERAL (${ID_OF_ROW}) AS known ON true
      ORDER BY line.seq
     ON CONFLICT (device, id) DO NOTHING`,
    [...values, upload.receivedHlc, upload.told === true],
  );
}

function lineOf(device: string, seq: number, read: ReadMutation): Line {
  if (read.kind !== 'read') {
    const { mutation, entity = '?', row = '?', group = null } = read.hint;
    const verdict: StoredVerdict =
      read.kind === 'judged'
        ? read.verdict
        : { status: 'rejected', code: 'MUTATION_INVALID', message: read.text };
    const id = mutation ?? `unreadable/${seq}/${shortHash([device, entity, row, verdict, seq])}`;
    return { seq, id, entity, row, operation: 'update', body: null, group, priority: 0, verdict };
  }
  const { mutation } = read;
  return {
    seq,
    id: mutation.mutation ?? contentId(device, mutation),
    entity: mutation.entity,
    row: mutation.row,
    operation: mutation.operation,
    body: mutation,
    group: mutation.group ?? null,
    priority: mutation.priority ?? 0,
    verdict: null,
  };
}

export type UploadState = UploadRef & {
  readonly user: string | null;
  readonly permissions: readonly string[];
  readonly state: 'staged' | 'done';
  readonly mutations: number;
};

/** @throws SyncError UPLOAD_NOT_FOUND */
export async function readUpload(db: Db, { device, key }: UploadRef): Promise<UploadState> {
  const { rows } = await db.query<UploadState>(
    `SELECT device, key, user_name AS "user", permissions, state, mutations
       FROM syncline.upload WHERE device = $1 AND key = $2`,
    [device, key],
  );
  if (rows[0] !== undefined) return rows[0];
  throw new SyncError('UPLOAD_NOT_FOUND', { message: `There is no upload ${key} of device ${device}` });
}

export type MutationVerdict = {
  readonly mutation: string;
  readonly entity: string;
  readonly row: string;
  /** null: not decided yet. */
  readonly verdict: StoredVerdict | null;
};

const OF_UPLOAD = `syncline.upload_line AS line
       JOIN syncline.mutation AS m ON m.device = line.device AND m.id = line.mutation
      WHERE line.device = $1 AND line.upload_key = $2`;

/** In the order in which they were sent. */
export async function readVerdicts(db: Db, { device, key }: UploadRef): Promise<MutationVerdict[]> {
  const { rows } = await db.query<MutationVerdict>(
    `SELECT m.id AS mutation, m.entity, m.row_id AS row, m.verdict FROM ${OF_UPLOAD} ORDER BY line.seq`,
    [device, key],
  );
  return rows;
}

/**
 * An upload is done when each mutation has its verdict, be it that a person has to decide.
 * @returns counts by verdict; `staged` for those that have none.
 */
export async function finishUpload(
  db: Db,
  { device, key }: UploadRef,
): Promise<Readonly<Record<string, number>>> {
  const { rows } = await db.query<{ status: string; count: number }>(
    `SELECT coalesce(m.verdict->>'status', m.state) AS status, count(*)::int AS count FROM ${OF_UPLOAD} GROUP BY 1`,
    [device, key],
  );
  const counts = Object.fromEntries(rows.map(({ status, count }) => [status, count]));
  if (counts.staged === undefined) {
    await db.query(
      `UPDATE syncline.upload
          SET state = 'done', finished_at = coalesce(finished_at, clock_timestamp()), mutations = $3
        WHERE device = $1 AND key = $2`,
      // What a trigger stages is not counted before.
      [device, key, Object.values(counts).reduce((sum, count) => sum + count, 0)],
    );
  }
  return counts;
}
