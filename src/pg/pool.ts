/**
 * Bounded pools whose sessions are all set up alike: UTC, ISO dates, exact floats, and every time-out that keeps a
 * dead peer from holding us. A statement's own time-out can be long: that the other side has died is found by
 * silence (silence-guard.ts), which leaves a slow but living statement alone.
 */
import pg from 'pg';
import { guardSilence } from './silence-guard.ts';

export type PgTls = {
  readonly mode: 'disable' | 'require' | 'verify-ca' | 'verify-full';
  /** PEM texts. */
  readonly ca?: string;
  readonly cert?: string;
  readonly key?: string;
};

export type PgTarget = { readonly url: string; readonly tls?: PgTls };

export type PoolOptions = PgTarget & {
  readonly applicationName: string;
  readonly max: number;
  /** 'text': every value as PostgreSQL prints it. 'state': int8 as number, jsonb parsed, timestamps as text. */
  readonly values: 'text' | 'state';
  readonly readOnly?: true;
  readonly connectTimeoutMs?: number;
  /** How long a session may sit in a transaction without a statement. */
  readonly idleInTransactionMs?: number;
  /** The server's statement_timeout, and how long a living statement may stay silent. */
  readonly statementMaxMs?: number;
  /** More session settings, by name: `{ row_security: 'off' }`. */
  readonly sessionSettings?: Readonly<Record<string, string>>;
  /** Silence after which a second connection asks. */
  readonly silenceMs?: number;
};

export type Db = Pick<pg.Pool, 'query'> | Pick<pg.PoolClient, 'query'>;

export const CONNECT_TIMEOUT_MS = 10_000;
export const IDLE_IN_TRANSACTION_MS = 10_000;
export const STATEMENT_MAX_MS = 30 * 60_000;
/** A session that has been idle in the pool so long is closed. */
const IDLE_MS = 30_000;
const KEEP_ALIVE_AFTER_MS = 5_000;

export function createPool(options: PoolOptions): pg.Pool {
  const client: pg.ClientConfig = {
    connectionString: withoutTls(options),
    ...tlsOf(options.tls),
    application_name: options.applicationName,
    connectionTimeoutMillis: options.connectTimeoutMs ?? CONNECT_TIMEOUT_MS,
    keepAlive: true,
    keepAliveInitialDelayMillis: KEEP_ALIVE_AFTER_MS,
    options: sessionOptions(options),
    types: { getTypeParser: options.values === 'text' ? textParser : stateParser } as never,
  };
  const pool = new pg.Pool({ ...client, max: options.max, idleTimeoutMillis: IDLE_MS });
  // A session that breaks while idle is replaced by the pool; without a listener it would end the process.
  pool.on('error', () => undefined);
  guardSilence(pool, {
    client,
    ...(options.silenceMs !== undefined && { silenceMs: options.silenceMs }),
    statementMaxMs: options.statementMaxMs ?? STATEMENT_MAX_MS,
  });
  return pool;
}

function sessionOptions(options: PoolOptions): string {
  const settings: Record<string, string | number> = {
    timezone: 'UTC',
    datestyle: 'ISO',
    intervalstyle: 'postgres',
    extra_float_digits: 1,
    bytea_output: 'hex',
    client_encoding: 'UTF8',
    idle_in_transaction_session_timeout: options.idleInTransactionMs ?? IDLE_IN_TRANSACTION_MS,
    statement_timeout: options.statementMaxMs ?? STATEMENT_MAX_MS,
    tcp_keepalives_idle: 5,
    tcp_keepalives_interval: 2,
    tcp_keepalives_count: 3,
    ...(options.readOnly
      ? { default_transaction_read_only: 'on' }
      : // The server notices a vanished client within a statement, and gives its locks back (C4). Sources may be too
        // old to know the setting, and hold no locks.
        { client_connection_check_interval: 2_000 }),
    ...options.sessionSettings,
  };
  return Object.entries(settings)
    .map(([name, value]) => `-c ${name}=${value}`)
    .join(' ');
}

/** sslmode in the URL would override `ssl`; the target's own setting decides. */
function withoutTls(target: PgTarget): string {
  if (target.tls === undefined) return target.url;
  const url = new URL(target.url);
  for (const name of ['sslmode', 'sslrootcert', 'sslcert', 'sslkey']) url.searchParams.delete(name);
  return url.toString();
}

function tlsOf(tls: PgTls | undefined): pg.PoolConfig {
  if (tls === undefined) return {};
  if (tls.mode === 'disable') return { ssl: false };
  const { ca, cert, key } = tls;
  const files = { ...(ca && { ca }), ...(cert && { cert }), ...(key && { key }) };
  if (tls.mode === 'require') return { ssl: { ...files, rejectUnauthorized: false } };
  if (tls.mode === 'verify-full') return { ssl: { ...files, rejectUnauthorized: true } };
  return { ssl: { ...files, rejectUnauthorized: true, checkServerIdentity: () => undefined } };
}

const asText = (value: string): string => value;
const STATE_PARSERS: Readonly<Record<number, (value: string) => unknown>> = {
  16: (value) => value === 't',
  20: Number,
  21: Number,
  23: Number,
  114: (value) => JSON.parse(value),
  3802: (value) => JSON.parse(value),
  700: Number,
  701: Number,
  1184: (value) => `${value.replace(' ', 'T').replace(/\+00$/, '')}Z`,
  // text[]
  1009: (value) => pg.types.getTypeParser(1009 as never)(value),
};

function textParser(): (value: string) => unknown {
  return asText;
}

function stateParser(oid: number): (value: string) => unknown {
  return STATE_PARSERS[oid] ?? asText;
}
