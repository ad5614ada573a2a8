/** The transaction that a load works in: fenced, set up, watched, and tried again when another one was in its way. */
import type pg from 'pg';
import { SyncError } from '../domain/errors.ts';
import type { RowCounts } from '../domain/run.ts';
import type { FieldTexts } from '../domain/upload/decision.ts';
import { classifyPgError } from '../pg/errors.ts';
import { watchSilence } from '../pg/liveness.ts';
import { backendPid, withTransaction } from '../pg/transaction.ts';
import type { LoadJob } from './load-job.ts';
import { bindLiteral } from './mirror-target.ts';
import type { Store } from './open.ts';

/** Limit of one store transaction; by design they take well below a second (C6). */
const TRANSACTION_MAX_MS = 15_000;
/** How long a claim outlives the load that confirmed it, until its holder renews it. */
const CLAIM_LEASE_MS = 8_000;
const TRIES = 4;

export type ClaimedChunk = {
  readonly lower: string | null;
  readonly upper: string | null;
  readonly keysComplete: boolean;
};

export type LoadSession = {
  readonly client: pg.PoolClient;
  readonly progress: () => void;
  readonly claimed: ClaimedChunk | null;
  /** What `LoadWork.first` gave. */
  readonly first: pg.QueryResult | null;
  /** Statements, with literals, that go with COMMIT: a round trip less. */
  readonly closing: string[];
  /** Rows that changes of devices or people wrote in it, as they were before. */
  readonly affected: { readonly key: string; readonly before: FieldTexts | null }[];
};

export type LoadWork = Pick<LoadJob, 'ref' | 'claim'> & {
  readonly signal?: AbortSignal | undefined;
  /** A query, and statements behind it, sent with the question for the claim: a round trip less. */
  readonly first?: string;
};

/** @throws SyncError FENCED when the run or the claim is another's by now; nothing is written then. */
export async function inLoadTransaction<T>(
  store: Store,
  work: LoadWork,
  load: (session: LoadSession) => Promise<T>,
): Promise<T> {
  return inShortTransaction(store, { signal: work.signal, open: (client) => begin(client, work) }, load);
}

/** The same without a run: what an upload writes is guarded by its mutation's row, not by a fence. */
export async function inUploadTransaction<T>(
  store: Store,
  work: { readonly name: string; readonly signal: AbortSignal | undefined },
  load: (session: LoadSession) => Promise<T>,
): Promise<T> {
  const open: Open = async (client) => {
    await client.query(['BEGIN', settings(work.name)].join('; '));
    return { claimed: null, first: null };
  };
  return inShortTransaction(store, { signal: work.signal, open }, load);
}

type Open = (client: pg.PoolClient) => Promise<Pick<LoadSession, 'claimed' | 'first'>>;
type ShortWork = { readonly signal: AbortSignal | undefined; readonly open: Open };

async function inShortTransaction<T>(
  store: Store,
  work: ShortWork,
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

function tryOnce<T>(store: Store, work: ShortWork, load: (session: LoadSession) => Promise<T>): Promise<T> {
  const { signal, open } = work;
  return withTransaction(store.pool, { begin: null, ...(signal && { signal }) }, (client) =>
    watchSilence(
      {
        probePool: store.probePool,
        backendPid: backendPid(client) ?? 0,
        statementMaxMs: TRANSACTION_MAX_MS,
        destroy: () => destroy(client),
      },
      async (progress) => {
        const session = { client, progress, closing: [], affected: [], ...(await open(client)) };
        const result = await load(session);
        await client.query([...session.closing, 'COMMIT'].join('; '));
        return result;
      },
    ),
  );
}

/** Ends the socket: whatever waits for the session meets a lost connection. */
function destroy(client: pg.PoolClient): void {
  (client as unknown as { connection?: { stream?: { destroy(): void } } }).connection?.stream?.destroy();
}

/**
 * Our writes pass the mirror's triggers; deferred constraints speak up where a savepoint can still take the row back;
 * hash joins of a piece stay in memory; COPY has the silence watch instead of a statement time-out.
 */
function settings(id: string): string {
  const name = bindLiteral(`syncline/load ${id}`.slice(0, 63));
  return `SELECT set_config('application_name', ${name}, true), set_config('syncline.writer', 'on', true),
                 set_config('statement_timeout', '0', true), set_config('work_mem', '64MB', true),
                 set_config('jit', 'off', true);
          SET CONSTRAINTS ALL IMMEDIATE`;
}

type Taken = ClaimedChunk & { readonly isRunning: boolean; readonly isOurs: boolean };

/**
 * C4, before anything else is read or written: whoever lost the run's fence or the chunk's claim, say by being frozen
 * for a while, writes nothing. In one round trip with BEGIN: while this process shapes another piece, each one waits
 * for its turn.
 */
async function begin(
  client: pg.PoolClient,
  { ref, claim, first }: LoadWork,
): Promise<Pick<LoadSession, 'claimed' | 'first'>> {
  const statements = [
    'BEGIN',
    settings(ref.runId),
    claimStatement(ref, claim),
    ...(first === undefined ? [] : [first]),
  ];
  const results = (await client.query(statements.join('; '))) as unknown as pg.QueryResult[];
  const [, , , taken, answer = null] = results;
  const { isRunning, isOurs, ...claimed } = (taken as pg.QueryResult<Taken>).rows[0] as Taken;
  if (!isRunning) throw fenced(`Run ${ref.runId} is closed or has another fence`);
  if (claim === null) return { claimed: null, first: answer };
  if (!isOurs) throw fenced(`Chunk ${claim.chunkId} of ${ref.entity} was taken over`);
  return { claimed, first: answer };
}

/** With literals, as several statements can have no parameters. */
function claimStatement(ref: LoadJob['ref'], claim: LoadJob['claim']): string {
  return `WITH run AS MATERIALIZED (
       SELECT id FROM syncline.sync_run
        WHERE id = ${bindLiteral(ref.runId)} AND fence = ${bindLiteral(ref.fence)} AND status = 'RUNNING'
          FOR KEY SHARE),
     taken AS (
       UPDATE syncline.sync_chunk AS chunk
          SET lease_until = greatest(lease_until, clock_timestamp() + ${TRANSACTION_MAX_MS} * interval '1 millisecond')
         FROM run
        WHERE chunk.id = ${bindLiteral(claim?.chunkId ?? null)} AND attempt = ${bindLiteral(claim?.attempt ?? null)}
          AND state = 'running' AND run_id = run.id AND entity = ${bindLiteral(ref.entity)}
        RETURNING true AS is_ours, lower, upper, keys_complete)
     SELECT EXISTS (SELECT FROM run) AS "isRunning", is_ours IS NOT NULL AS "isOurs", lower, upper,
            keys_complete AS "keysComplete"
       FROM (SELECT) AS one LEFT JOIN taken ON true`;
}

const fenced = (message: string): SyncError => new SyncError('FENCED', { message });

/**
 * For statements that join staging with the mirror. Staging has no statistics, and a mirror that is being filled has
 * old ones, so we say how: a range of the mirror is scanned once and hashed (a planner that expects a handful of rows
 * in it scans all of it for each staged row: 39 s instead of 2 s for a million); without a range each staged row is
 * looked up, or every piece of an increment would scan the whole mirror.
 */
const JOINS = {
  byHash: { off: ['enable_nestloop'] },
  byLookUp: { off: ['enable_hashjoin', 'enable_mergejoin'] },
} as const;

export async function joinMirror<T>(
  { client }: LoadSession,
  how: keyof typeof JOINS,
  work: () => Promise<T>,
): Promise<T> {
  const { off } = JOINS[how];
  const set = (value: 'off' | 'on'): Promise<unknown> =>
    client.query(`SELECT ${off.map((name) => `set_config('${name}', '${value}', true)`).join(', ')}`);
  await set('off');
  const result = await work();
  await set('on');
  return result;
}

/** Counts, position and state of the chunk move in the transaction that loads its rows. */
export function recordClaim(
  { closing }: LoadSession,
  job: Pick<LoadJob, 'claim' | 'resumeAfter' | 'finished'>,
  counts: RowCounts,
): void {
  const { claim, resumeAfter, finished } = job;
  if (claim === null) return;
  const lease = finished ? 'NULL' : `clock_timestamp() + ${CLAIM_LEASE_MS} * interval '1 millisecond'`;
  closing.push(
    `UPDATE syncline.sync_chunk
        SET counts = (SELECT jsonb_object_agg(key, value::bigint + coalesce((counts->>key)::bigint, 0))
                        FROM jsonb_each_text(${bindLiteral(JSON.stringify(counts))}::jsonb)),
            resume_after = coalesce(${bindLiteral(resumeAfter)}, resume_after),
            ${finished ? "state = 'done'," : ''}
            lease_until = ${lease}
      WHERE id = ${bindLiteral(claim.chunkId)}`,
  );
}
