/**
 * Sessions of a source while they work: named after the work, stopped with it, watched for silence. Errors are
 * SyncErrors.
 */
import oracledb from 'oracledb';
import type { SourceSettings } from '../../domain/config.ts';
import { SyncError } from '../../domain/errors.ts';
import { type OracleOptions, oracleOptions } from './config.ts';
import { askState, connectSession } from './connect.ts';
import { destroyConnection } from './driver.ts';
import { isConnectionLost, oracleError } from './error-table.ts';
import { SessionPool } from './pool.ts';
import type { PooledSession } from './pooled-session.ts';
import { watchSilence } from './silence.ts';

/** Beside the readers that `concurrency` allows: marks, descriptions and look-ups of single rows. */
const EXTRA_SESSIONS = 2;
/** A break that is not answered by then is left behind, and the socket closed. */
const BREAK_MS = 2_000;
const MAX_ID_BYTES = 64;

/** ACTION of sessions that change nothing. */
export const READING = 'read';

export type OracleSource = {
  readonly settings: SourceSettings;
  readonly options: OracleOptions;
  readonly pool: SessionPool;
  /** CLIENT_IDENTIFIER of the sessions while they work. */
  readonly correlationId: string;
  /** What was found out about grants; shared by all names of the source. */
  readonly findings: Map<string, { readonly value: unknown; readonly until: number }>;
  /** Called when a silent session was found at work. */
  readonly onAlive?: () => void;
};

export type Row = Readonly<Record<string, string | null>>;

/** One session at work. */
export type Session = {
  readonly connection: oracledb.Connection;
  /**
   * One call to the database. It is stopped there when the signal aborts, and the session cut off when it is found
   * dead. @throws SyncError, or the signal's reason
   */
  call<T>(work: (connection: oracledb.Connection) => Promise<T>): Promise<T>;
  /** All rows of a short query; columns by their names, NUMBERs as text. */
  query<R extends Row>(sql: string, binds?: oracledb.BindParameters): Promise<R[]>;
  /** From now on, until it is released, the session's statements see one snapshot. */
  beginReadOnly(): Promise<void>;
  /** true: the session was cut off, or met an error that ends connections. */
  readonly isLost: boolean;
  /** Gives the session back, after a rollback of what is open. Never fails. */
  release(): Promise<void>;
};

export function openSessions(settings: SourceSettings, applicationName: string): OracleSource {
  const options = oracleOptions.parse(settings.options);
  const { pool, connectTimeoutMs } = options;
  const max = Math.max(pool.max ?? settings.concurrency + EXTRA_SESSIONS, pool.min);
  const connect = () => connectSession(options);
  return {
    settings,
    options,
    pool: new SessionPool(settings.name, { ...pool, max, connectTimeoutMs }, connect),
    correlationId: correlationIdOf(applicationName),
    findings: new Map(),
  };
}

/** V$SESSION shows 64 bytes; `syncline/` stands in MODULE already. */
export function correlationIdOf(name: string): string {
  return name
    .replace(/^syncline\//, '')
    .replace(/[^\x20-\x7e]/g, '?')
    .slice(0, MAX_ID_BYTES);
}

export type SessionOptions = {
  readonly signal: AbortSignal;
  /** ACTION in V$SESSION. Default: `read`. */
  readonly action?: string;
  /** Called when bytes moved, or a probe found the session at work. */
  readonly onProgress?: () => void;
};

/** A session for the time of `work`; what it leaves open is rolled back. */
export async function inSession<T>(
  source: OracleSource,
  options: SessionOptions,
  work: (session: Session) => Promise<T>,
): Promise<T> {
  const session = await takeSession(source, options);
  try {
    return await work(session);
  } catch (error) {
    if (options.signal.aborted) throw options.signal.reason;
    throw oracleError(source.settings.name, error);
  } finally {
    await session.release();
  }
}

/** The caller releases it. */
export async function takeSession(source: OracleSource, options: SessionOptions): Promise<Session> {
  const pooled = await source.pool.acquire(options.signal);
  const { connection } = pooled;
  connection.clientId = source.correlationId;
  connection.action = options.action ?? READING;
  return new WorkingSession(source, pooled, options);
}

class WorkingSession implements Session {
  readonly connection: oracledb.Connection;
  readonly #source: OracleSource;
  readonly #pooled: PooledSession;
  readonly #options: SessionOptions;
  #isLost = false;
  #isReadOnly = false;

  constructor(source: OracleSource, pooled: PooledSession, options: SessionOptions) {
    this.#source = source;
    this.#pooled = pooled;
    this.#options = options;
    this.connection = pooled.connection;
  }

  get isLost(): boolean {
    return this.#isLost;
  }

  async call<T>(work: (connection: oracledb.Connection) => Promise<T>): Promise<T> {
    const { signal } = this.#options;
    signal.throwIfAborted();
    let dead: string | null = null;
    const stopWatching = watchSilence(this.connection, {
      silenceMs: this.#source.options.silenceMs,
      ask: () => askState(this.#source.options, this.#pooled.token),
      onAlive: () => this.#onAlive(),
      onDead: (reason) => {
        dead = reason;
        this.#cutOff();
      },
    });
    const pending = work(this.connection);
    const onAbort = (): void => void this.#stop(pending);
    signal.addEventListener('abort', onAbort, { once: true });
    try {
      return await pending;
    } catch (error) {
      if (isConnectionLost(error)) this.#isLost = true;
      if (signal.aborted) throw signal.reason;
      throw dead === null ? oracleError(this.#source.settings.name, error) : this.#deadError(dead, error);
    } finally {
      stopWatching();
      signal.removeEventListener('abort', onAbort);
    }
  }

  async query<R extends Row>(sql: string, binds: oracledb.BindParameters = {}): Promise<R[]> {
    const options: oracledb.ExecuteOptions = {
      outFormat: oracledb.OUT_FORMAT_OBJECT,
      fetchTypeHandler: asText,
    };
    const { rows } = await this.call((connection) => connection.execute<R>(sql, binds, options));
    return rows ?? [];
  }

  async beginReadOnly(): Promise<void> {
    await this.call((connection) => connection.execute('SET TRANSACTION READ ONLY'));
    this.#isReadOnly = true;
  }

  async release(): Promise<void> {
    // The server does not count a read-only transaction as one in progress.
    if (!this.#isLost && (this.#isReadOnly || this.connection.transactionInProgress)) await this.#rollBack();
    this.#source.pool.release(this.#pooled, this.#isLost ? 'drop' : 'keep');
  }

  async #rollBack(): Promise<void> {
    const timer = setTimeout(() => this.#cutOff(), BREAK_MS);
    try {
      await this.connection.rollback();
    } catch {
      this.#isLost = true;
    } finally {
      clearTimeout(timer);
    }
  }

  /** Stops the call in the database; a closed socket alone would leave the statement at work until it next writes. */
  async #stop(pending: Promise<unknown>): Promise<void> {
    const timer = setTimeout(() => this.#cutOff(), BREAK_MS);
    try {
      await this.connection.break();
      await pending;
      // The call ended as it should, so the break may hit the session's next one.
      this.#cutOff();
    } catch {
      // The call ends with ORA-01013, or with the connection.
    } finally {
      clearTimeout(timer);
    }
  }

  #cutOff(): void {
    this.#isLost = true;
    destroyConnection(this.connection);
  }

  #onAlive(): void {
    this.#options.onProgress?.();
    this.#source.onAlive?.();
  }

  #deadError(reason: string, cause: unknown): SyncError {
    return new SyncError('SOURCE_UNAVAILABLE', {
      message: `Source ${this.#source.settings.name}: the connection is lost: ${reason}`,
      cause,
      details: { class: 'connection' },
    });
  }
}

/** No JavaScript number for a NUMBER, no locator for a CLOB. */
export const asText: NonNullable<oracledb.ExecuteOptions['fetchTypeHandler']> = ({ dbType }) => {
  switch (dbType) {
    case oracledb.DB_TYPE_NUMBER:
    case oracledb.DB_TYPE_CLOB:
    case oracledb.DB_TYPE_NCLOB:
    case oracledb.DB_TYPE_ROWID:
    case oracledb.DB_TYPE_UROWID:
      return { type: oracledb.STRING };
    case oracledb.DB_TYPE_BLOB:
      return { type: oracledb.BUFFER };
    default:
      return undefined;
  }
};
