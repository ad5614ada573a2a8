/** The sessions of a write target, and one transaction on one of them. */
import pg from 'pg';
import type { SourceSettings } from '../../domain/config.ts';
import { createPool } from '../../pg/pool.ts';
import { withTransaction } from '../../pg/transaction.ts';
import { CommitUnheard, DeferredViolation } from '../write-back/outcomes.ts';
import { type PostgresOptions, postgresOptions } from './config.ts';
import { sessionNameOf, tlsOf } from './session.ts';
import { isRowFault } from './write-back-verdict.ts';

/** How long one statement may take, and a ledger row is waited for. */
const CALL_TIMEOUT_MS = 30_000;

export type Target = {
  readonly settings: SourceSettings;
  readonly options: PostgresOptions;
  readonly pool: pg.Pool;
  /** For cancelling what runs on `pool`. */
  readonly cancelPool: pg.Pool;
  /** application_name of the sessions while they work. */
  readonly sessionName: string;
  readonly callTimeoutMs: number;
};

/** Opens no connection yet. Its sessions are its own: uploads do not wait behind runs. */
export function openTarget(
  settings: SourceSettings,
  { applicationName, callTimeoutMs }: { readonly applicationName: string; readonly callTimeoutMs?: number },
): Target {
  const options = postgresOptions.parse(settings.options);
  const sessionName = sessionNameOf(applicationName);
  const limitMs = callTimeoutMs ?? Math.min(CALL_TIMEOUT_MS, options.statementMaxMs);
  const shared = {
    url: options.url,
    ...(options.tls && { tls: tlsOf(options.tls) }),
    applicationName: sessionName,
    values: 'text' as const,
    connectTimeoutMs: options.connectTimeoutMs,
    statementMaxMs: limitMs,
    silenceMs: options.silenceMs,
    // Rows that a policy hides would look as if they were gone: such a table is refused instead.
    sessionSettings: { row_security: 'off' },
  };
  return {
    settings,
    options,
    sessionName,
    callTimeoutMs: limitMs,
    pool: createPool({ ...shared, max: settings.concurrency }),
    cancelPool: createPool({ ...shared, max: 1 }),
  };
}

/** How long a transaction that has the same ledger row is waited for: less than a statement may take, so as to tell. */
export function ledgerWaitMs({ callTimeoutMs }: Target): number {
  return Math.floor(callTimeoutMs * 0.9);
}

/** What `work` leaves uncommitted is rolled back. Errors are the driver's. */
export async function inTransaction<T>(
  target: Target,
  signal: AbortSignal,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const { pool, cancelPool } = target;
  return withTransaction(pool, { begin: null, signal, cancelPool }, async (client) => {
    await client.query(beginStatements(target));
    const result = await work(client);
    if (client.getTransactionStatus() !== 'I') await client.query('ROLLBACK');
    return result;
  });
}

/**
 * txid_current: from its first moment the session has a transaction id, by which high marks tell a writer from a reader
 * (C3). Waiting for a ledger row before it had one, it could write times that a mark has passed already.
 * synchronous_commit: what was answered must survive a crash, also where others may do without; more than 'on' stays.
 */
function beginStatements({ sessionName }: Target): string {
  return [
    'BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE',
    `SET LOCAL application_name = ${pg.escapeLiteral(sessionName)}`,
    `SELECT txid_current(), CASE current_setting('synchronous_commit')
       WHEN 'off' THEN set_config('synchronous_commit', 'on', true) END`,
  ].join('; ');
}

/** @throws DeferredViolation, CommitUnheard */
export async function commit(client: pg.PoolClient): Promise<void> {
  let command: string;
  try {
    ({ command } = await client.query('COMMIT'));
  } catch (error) {
    throw isRowFault(error) ? new DeferredViolation(error) : new CommitUnheard(error);
  }
  // The server answers a COMMIT of a failed transaction with ROLLBACK, and no error.
  if (command !== 'COMMIT') throw new CommitUnheard(new Error(`COMMIT was answered by ${command}`));
}
