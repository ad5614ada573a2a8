/** Sessions of a source: read-only, seeing all rows or failing, named after the work that they do. */
import pg from 'pg';
import type { SourceSettings } from '../../domain/config.ts';
import { createPool, type PoolOptions } from '../../pg/pool.ts';
import { onSessionAlive } from '../../pg/silence-guard.ts';
import { withTransaction } from '../../pg/transaction.ts';
import { type PostgresOptions, postgresOptions } from './config.ts';
import { sourceError } from './errors.ts';

/** Beside the readers that `concurrency` allows: marks, descriptions and look-ups of single rows. */
const EXTRA_SESSIONS = 2;
const MAX_NAME_BYTES = 63;

export const READ_SNAPSHOT = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';

export type PgSource = {
  readonly settings: SourceSettings;
  readonly options: PostgresOptions;
  readonly pool: pg.Pool;
  /** One session more, in a pool of its own. */
  openPool(): pg.Pool;
  /** For cancelling what runs on `pool`. */
  readonly cancelPool: pg.Pool;
  /** application_name of the sessions while they work. */
  readonly sessionName: string;
  /** Called when a silent session was found at work. */
  readonly onAlive?: () => void;
};

export function openSessions(settings: SourceSettings, applicationName: string): PgSource {
  const options = postgresOptions.parse(settings.options);
  const sessionName = sessionNameOf(applicationName);
  const shared = {
    url: options.url,
    ...(options.tls && { tls: tlsOf(options.tls) }),
    applicationName: sessionName,
    values: 'text',
    readOnly: true,
    connectTimeoutMs: options.connectTimeoutMs,
    statementMaxMs: options.statementMaxMs,
    silenceMs: options.silenceMs,
    // C5: a policy that would hide rows makes the read fail instead.
    sessionSettings: { row_security: 'off' },
  } as const satisfies Omit<PoolOptions, 'max'>;
  return {
    settings,
    options,
    sessionName,
    pool: createPool({ ...shared, max: settings.concurrency + EXTRA_SESSIONS }),
    openPool: () => createPool({ ...shared, max: 1 }),
    cancelPool: createPool({ ...shared, max: 1 }),
  };
}

export function tlsOf(tls: NonNullable<PostgresOptions['tls']>): NonNullable<PoolOptions['tls']> {
  const { mode, ca, cert, key } = tls;
  return { mode, ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
}

/** PostgreSQL shows other than printable ASCII as question marks, and cuts long names. */
export function sessionNameOf(name: string): string {
  const full = name.startsWith('syncline/') ? name : `syncline/${name}`;
  return full.replace(/[^\x20-\x7e]/g, '?').slice(0, MAX_NAME_BYTES);
}

/** One statement on a session of the pool, for marks and facts that need no snapshot shared with others. */
export async function queryOnce<R extends pg.QueryResultRow>(
  source: PgSource,
  signal: AbortSignal,
  statement: { readonly text: string; readonly values?: readonly unknown[] },
): Promise<R[]> {
  // READ COMMITTED: each statement sees what is committed when it starts.
  const work = async (client: pg.PoolClient): Promise<R[]> =>
    (await client.query<R>(statement.text, statement.values as unknown[])).rows;
  return inSession(source, { signal, begin: 'BEGIN ISOLATION LEVEL READ COMMITTED READ ONLY' }, work);
}

/** Several statements that see one snapshot. Errors are SyncErrors. */
export async function inSession<T>(
  source: PgSource,
  options: { readonly signal: AbortSignal; readonly begin?: string },
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const { signal, begin = READ_SNAPSHOT } = options;
  try {
    return await withTransaction(
      source.pool,
      { begin: beginStatement(source, begin), signal, cancelPool: source.cancelPool },
      async (client) => {
        onSessionAlive(client, () => source.onAlive?.());
        return work(client);
      },
    );
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    throw sourceError(source.settings.name, error);
  }
}

/** Names the session for the time of its transaction, in the same round trip. */
export function beginStatement(source: PgSource, begin: string): string {
  return `${begin}; SET LOCAL application_name = ${pg.escapeLiteral(source.sessionName)}`;
}
