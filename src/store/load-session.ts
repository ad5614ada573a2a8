/** The transaction that a load works in: fenced, set up, watched, and tried again when another one was in its way. */
import type pg from 'pg';
import { SyncError } from '../domain/errors.ts';
import type { RowCounts } from '../domain/run.ts';
import { classifyPgError } from '../pg/errors.ts';
import { watchSilence } from '../pg/liveness.ts';
import { backendPid, withTransaction } from '../pg/transaction.ts';
import type { LoadJob } from './load-piece.ts';
import type { Store } from './open.ts';

/** Limit of one store transaction; by design they take well below a second (C6). */
const TRANSACTION_MAX_MS = 15_000;
/** How long a claim outlives the load that confirmed it, until its holder renews it. */
const CLAIM_LEASE_MS = 8_000;
const TRIES = 4;

export const NO_ROWS: RowCounts = {
  fetched: 0,
  inserted: 0,
  updated: 0,
  unchanged: 0,
  skipped: 0,
  tombstoned: 0,
  quarantined: 0,
  lateRows: 0,
  refreshed: 0,
};

export type ClaimedChunk = {
  readonly lower: string | null;
  readonly upper: string | null;
  readonly keysComplete: boolean;
};

export type LoadSession = {
  readonly client: pg.PoolClient;
  readonly progress: () => void;
  readonly claimed: ClaimedChunk | null;
};

/** @throws SyncError FENCED when the run or the claim is another's by now; nothing is written then. */
export async function inLoadTransaction<T>(
  store: Store,
  work: Pick<LoadJob, 'ref' | 'claim'> & { readonly signal?: AbortSignal | undefined },
  load: (session: LoadSession) => Promise<T>,
): Promise<T> {
  for (let tried = 1; ; tried++) {
    try {
      return await tryOnce(store, work, load);
    } catch (error) {
      // A deadlock or a serialisation failure names no culprit: the piece is in memory, so it is simply loaded again.
      if (tried >= TRIES || classifyPgError(error) !== 'contention') throw error;
    }
  }
}

function tryOnce<T>(
  store: Store,
  { ref, claim, signal }: Pick<LoadJob, 'ref' | 'claim'> & { readonly signal?: AbortSignal | undefined },
  load: (session: LoadSession) => Promise<T>,
): Promise<T> {
  const options = { applicationName: `syncline/load ${ref.runId}`.slice(0, 63), ...(signal && { signal }) };
  return withTransaction(store.pool, options, (client) =>
    watchSilence(
      {
        probePool: store.probePool,
        backendPid: backendPid(client) ?? 0,
        statementMaxMs: TRANSACTION_MAX_MS,
        destroy: () => destroy(client),
      },
      async (progress) => {
        const claimed = await takeClaim(client, ref, claim);
        await prepareSession(client);
        return load({ client, progress, claimed });
      },
    ),
  );
}

/** Ends the socket: whatever waits for the session meets a lost connection. */
function destroy(client: pg.PoolClient): void {
  (client as unknown as { connection?: { stream?: { destroy(): void } } }).connection?.stream?.destroy();
}

/** C4: whoever lost the run's fence or the chunk's claim, say by being frozen for a while, writes nothing. */
async function takeClaim(
  client: pg.PoolClient,
  ref: LoadJob['ref'],
  claim: LoadJob['claim'],
): Promise<ClaimedChunk | null> {
  const run = await client.query(
    `SELECT FROM syncline.sync_run WHERE id = $1 AND fence = $2 AND status = 'RUNNING' FOR KEY SHARE`,
    [ref.runId, ref.fence],
  );
  if (run.rowCount !== 1) throw fenced(`Run ${ref.runId} is closed or has another fence`);
  if (claim === null) return null;
  const { rows } = await client.query<ClaimedChunk>(
    `UPDATE syncline.sync_chunk SET lease_until = greatest(lease_until, clock_timestamp() + $5 * interval '1 millisecond')
      WHERE id = $1 AND attempt = $2 AND state = 'running' AND run_id = $3 AND entity = $4
      RETURNING lower, upper, keys_complete AS "keysComplete"`,
    [claim.chunkId, claim.attempt, ref.runId, ref.entity, TRANSACTION_MAX_MS],
  );
  if (rows[0] === undefined) throw fenced(`Chunk ${claim.chunkId} of ${ref.entity} was taken over`);
  return rows[0];
}

const fenced = (message: string): SyncError => new SyncError('FENCED', { message });

/**
 * Our writes pass the mirror's triggers; deferred constraints speak up where a savepoint can still take the row back;
 * hash joins of a piece stay in memory; COPY has the silence watch instead of a statement time-out.
 */
async function prepareSession(client: pg.PoolClient): Promise<void> {
  await client.query(
    `SELECT set_config('syncline.writer', 'on', true), set_config('statement_timeout', '0', true),
            set_config('work_mem', '64MB', true), set_config('jit', 'off', true);
     SET CONSTRAINTS ALL IMMEDIATE`,
  );
}

/**
 * For statements that join staging with a range of the mirror. Staging has no statistics, and a mirror that is being
 * filled has old ones: a planner that expects a handful of rows in the range scans all of it for each staged row, which
 * took 39 s instead of 2 s for a million. Only for ranges: without one, a look-up per row is what scales.
 */
export async function joinByHash<T>({ client }: LoadSession, work: () => Promise<T>): Promise<T> {
  await client.query(`SELECT set_config('enable_nestloop', 'off', true)`);
  const result = await work();
  await client.query(`SELECT set_config('enable_nestloop', 'on', true)`);
  return result;
}

/** Counts, position and state of the chunk move in the transaction that loads its rows. */
export async function recordClaim(session: LoadSession, job: LoadJob, counts: RowCounts): Promise<void> {
  if (job.claim === null) return;
  await session.client.query(
    `UPDATE syncline.sync_chunk
        SET counts = (SELECT jsonb_object_agg(key, value::bigint + coalesce((counts->>key)::bigint, 0))
                        FROM jsonb_each_text($2::jsonb)),
            resume_after = coalesce($3, resume_after),
            state = CASE WHEN $4 THEN 'done' ELSE state END,
            lease_until = CASE WHEN $4 THEN NULL ELSE clock_timestamp() + $5 * interval '1 millisecond' END
      WHERE id = $1`,
    [job.claim.chunkId, JSON.stringify(counts), job.resumeAfter, job.finished, CLAIM_LEASE_MS],
  );
}
