/** One transaction on one client of a pool; a client whose connection broke is thrown away, not put back. */
import type pg from 'pg';
import { classifyPgError } from './errors.ts';

export type TransactionOptions = {
  /** The first statement; `BEGIN` unless another isolation or mode is wanted. null: `work` sends BEGIN and COMMIT. */
  readonly begin?: string | null;
  /** Shown by pg_stat_activity for the time of the transaction. */
  readonly applicationName?: string;
  /** Aborting cancels the running statement in the database, and the transaction with it. */
  readonly signal?: AbortSignal;
  /** Where the cancelling connection comes from, so that a pool in full use can still cancel. */
  readonly cancelPool?: pg.Pool;
};

export async function withTransaction<T>(
  pool: pg.Pool,
  options: TransactionOptions,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  options.signal?.throwIfAborted();
  const client = await pool.connect();
  const uncancel = cancelOnAbort(options.cancelPool ?? pool, client, options.signal);
  // An error of a checked-out client reaches the pending query; without a listener it would also end the process.
  const ignore = (): void => undefined;
  client.on('error', ignore);
  let broken = false;
  try {
    if (options.begin !== null) await client.query(options.begin ?? 'BEGIN');
    if (options.applicationName !== undefined) {
      await client.query(`SELECT set_config('application_name', $1, true)`, [options.applicationName]);
    }
    const result = await work(client);
    if (options.begin !== null) await client.query('COMMIT');
    return result;
  } catch (error) {
    broken = classifyPgError(error) === 'connection' || !(await rolledBack(client));
    throw options.signal?.aborted ? options.signal.reason : error;
  } finally {
    uncancel();
    client.removeListener('error', ignore);
    // A cancel may still be on its way, and must not meet the session's next user.
    client.release(broken || options.signal?.aborted === true);
  }
}

async function rolledBack(client: pg.PoolClient): Promise<boolean> {
  try {
    await client.query('ROLLBACK');
    return true;
  } catch {
    return false;
  }
}

/** @returns what takes the listener away again. */
export function cancelOnAbort(
  pool: pg.Pool,
  client: pg.PoolClient,
  signal: AbortSignal | undefined,
): () => void {
  if (signal === undefined) return () => undefined;
  const pid = backendPid(client);
  const cancel = (): void => {
    if (pid === null) return;
    void pool.query('SELECT pg_cancel_backend($1)', [pid]).catch(() => undefined);
  };
  signal.addEventListener('abort', cancel, { once: true });
  return () => signal.removeEventListener('abort', cancel);
}

/** The server's process of this session; node-postgres keeps it though its types do not say so. */
export function backendPid(client: pg.PoolClient | pg.Client): number | null {
  return (client as unknown as { processID?: number | null }).processID ?? null;
}
