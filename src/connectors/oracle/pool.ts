/**
 * Sessions that are kept open. The driver's own pool was left out: with a minimum it logs on again at once and without
 * end while a server is down or a password is refused, which locks accounts; and nobody can stop waiting for it.
 */
import { randomUUID } from 'node:crypto';
import type oracledb from 'oracledb';
import { SyncError } from '../../domain/errors.ts';
import type { OracleOptions } from './config.ts';
import { destroyConnection } from './driver.ts';
import { oracleError } from './error-table.ts';
import { answers, CLOSE_MS, closeSession, connectInTime, type PooledSession } from './pooled-session.ts';

export type PoolSettings = OracleOptions['pool'] & {
  readonly max: number;
  readonly connectTimeoutMs: number;
};

export type PoolStatistics = {
  readonly open: number;
  readonly inUse: number;
  readonly waiting: number;
  /** Since the pool was made. */
  readonly opened: number;
  readonly refused: number;
};

type Waiter = {
  /** false: it was stopped, or has waited too long. */
  waits: boolean;
  give(session: PooledSession): void;
  fail(error: unknown): void;
};

/**
 * After a refused login nobody tries again for so long: attempts lock accounts. The breaker, which all workers share,
 * holds runs back for longer.
 */
const REFUSED_MS = 60_000;

export class SessionPool {
  readonly #name: string;
  readonly #settings: PoolSettings;
  readonly #connect: () => Promise<oracledb.Connection>;
  readonly #idle: PooledSession[] = [];
  readonly #inUse = new Set<PooledSession>();
  readonly #waiting: Waiter[] = [];
  #opening = 0;
  /** false until a login was taken, and after one was refused: then one attempt at a time speaks for all. */
  #isProved = false;
  #opened = 0;
  #refused = 0;
  #refusal: { readonly error: SyncError; readonly until: number } | null = null;
  /** When a session was last found lost: those that rest since before may be lost as well. */
  #lostAt = Number.NEGATIVE_INFINITY;
  #sweeping: NodeJS.Timeout | null = null;
  #closed = false;

  constructor(name: string, settings: PoolSettings, connect: () => Promise<oracledb.Connection>) {
    this.#name = name;
    this.#settings = settings;
    this.#connect = connect;
  }

  get max(): number {
    return this.#settings.max;
  }

  statistics(): PoolStatistics {
    return {
      open: this.#idle.length + this.#inUse.size,
      inUse: this.#inUse.size,
      waiting: this.#waiting.length,
      opened: this.#opened,
      refused: this.#refused,
    };
  }

  /** @throws SyncError SOURCE_BUSY after `waitMs`, SOURCE_UNAVAILABLE, SOURCE_AUTH, CONFIG_INVALID; the signal's reason. */
  acquire(signal: AbortSignal): Promise<PooledSession> {
    if (signal.aborted) return Promise.reject(signal.reason);
    if (this.#closed) return Promise.reject(this.#closedError());
    return new Promise((resolve, reject) => {
      const settle = (): void => {
        waiter.waits = false;
        clearTimeout(timer);
        signal.removeEventListener('abort', onAbort);
        const at = this.#waiting.indexOf(waiter);
        if (at !== -1) this.#waiting.splice(at, 1);
      };
      const waiter: Waiter = {
        waits: true,
        give: (session) => {
          settle();
          resolve(session);
        },
        fail: (error) => {
          settle();
          reject(error);
        },
      };
      const onAbort = (): void => waiter.fail(signal.reason);
      const timer = setTimeout(() => waiter.fail(this.#busyError()), this.#settings.waitMs);
      signal.addEventListener('abort', onAbort, { once: true });
      this.#waiting.push(waiter);
      this.#serve();
    });
  }

  /** `drop`: the session is in an unknown state, or lost. */
  release(session: PooledSession, how: 'keep' | 'drop'): void {
    this.#inUse.delete(session);
    session.usedAt = performance.now();
    if (how === 'drop') this.#lostAt = session.usedAt;
    if (how === 'keep' && !this.#closed && !this.#isOld(session)) this.#idle.push(session);
    else void closeSession(session, how);
    this.#serve();
    this.#sweepLater();
  }

  /** Opens one session more, even beyond `max`: only a logon tells whether the login is still taken. @throws as `acquire` */
  async proveLogin(): Promise<void> {
    this.#opening++;
    try {
      this.#onOpened(await this.#openOne());
    } catch (error) {
      this.#onFailed(error);
      throw error;
    }
  }

  /** Waits for sessions in use for a while; then they are cut off. */
  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#sweeping !== null) clearTimeout(this.#sweeping);
    for (const waiter of [...this.#waiting]) waiter.fail(this.#closedError());
    const until = performance.now() + CLOSE_MS;
    while (this.#inUse.size > 0 && performance.now() < until) {
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    for (const { connection } of this.#inUse) destroyConnection(connection);
    await Promise.all(this.#idle.splice(0).map((session) => closeSession(session, 'keep')));
  }

  #serve(): void {
    while (this.#waiting.length > 0 && this.#idle.length > 0) {
      const session = this.#idle.pop() as PooledSession;
      if (this.#isOld(session)) {
        void closeSession(session, 'keep');
        continue;
      }
      const waiter = this.#waiting.shift() as Waiter;
      this.#inUse.add(session);
      void this.#giveSound(waiter, session);
    }
    const wanted = this.#waiting.length - this.#opening;
    if (wanted > 0) this.#open(Math.max(wanted, this.#settings.increment));
  }

  async #giveSound(waiter: Waiter, session: PooledSession): Promise<void> {
    const isFresh =
      performance.now() - session.usedAt < this.#settings.pingMs && session.usedAt > this.#lostAt;
    const isSound = isFresh || (await answers(session));
    if (isSound && waiter.waits) return waiter.give(session);
    if (waiter.waits) this.#waiting.unshift(waiter);
    this.release(session, isSound ? 'keep' : 'drop');
  }

  #open(count: number): void {
    const room = this.#settings.max - this.#idle.length - this.#inUse.size - this.#opening;
    const atATime = this.#isProved ? count : 1 - this.#opening;
    for (let i = 0; i < Math.min(count, room, atATime); i++) {
      this.#opening++;
      void this.#openOne().then(
        (session) => this.#onOpened(session),
        (error: unknown) => this.#onFailed(error),
      );
    }
  }

  #onOpened(session: PooledSession): void {
    this.#opening--;
    this.#isProved = true;
    if (this.#closed) {
      void closeSession(session, 'keep');
      return;
    }
    this.#idle.push(session);
    this.#serve();
    this.#sweepLater();
    this.#fill();
  }

  #onFailed(error: unknown): void {
    this.#opening--;
    if (error instanceof SyncError && error.details.class === 'auth') this.#isProved = false;
    const concerned = this.#isProved ? this.#waiting.slice(0, 1) : [...this.#waiting];
    for (const waiter of concerned) waiter.fail(error);
    this.#serve();
  }

  /** Up to `min`, one after the other: the first that fails ends it until a session is opened again. */
  #fill(): void {
    const open = this.#idle.length + this.#inUse.size + this.#opening;
    if (!this.#closed && this.#opening === 0 && open < this.#settings.min) this.#open(1);
  }

  async #openOne(): Promise<PooledSession> {
    if (this.#refusal !== null && performance.now() < this.#refusal.until) throw this.#refusal.error;
    try {
      const connection = await connectInTime(this.#name, this.#settings.connectTimeoutMs, this.#connect);
      this.#opened++;
      this.#refusal = null;
      this.#refused = 0;
      const token = `syncline/${randomUUID()}`;
      connection.clientInfo = token;
      return { connection, token, openedAt: performance.now(), usedAt: performance.now() };
    } catch (error) {
      const known = oracleError(this.#name, error);
      if (known.details.class === 'auth') {
        this.#refused++;
        this.#refusal = { error: known, until: performance.now() + REFUSED_MS };
      }
      throw known;
    }
  }

  #isOld({ openedAt }: PooledSession): boolean {
    const { lifetimeMs } = this.#settings;
    return lifetimeMs > 0 && performance.now() - openedAt > lifetimeMs;
  }

  #sweepLater(): void {
    const { idleMs } = this.#settings;
    if (this.#closed || this.#sweeping !== null || idleMs === 0 || this.#idle.length === 0) return;
    this.#sweeping = setTimeout(() => {
      this.#sweeping = null;
      this.#sweep();
      this.#sweepLater();
    }, idleMs);
    this.#sweeping.unref();
  }

  /** The longest unused stand first, as the last given back is the first taken. */
  #sweep(): void {
    const { idleMs, min } = this.#settings;
    while (this.#idle.length > 0 && this.#idle.length + this.#inUse.size > min) {
      if (performance.now() - (this.#idle[0] as PooledSession).usedAt < idleMs) return;
      void closeSession(this.#idle.shift() as PooledSession, 'keep');
    }
  }

  #busyError(): SyncError {
    return new SyncError('SOURCE_BUSY', {
      message: `Source ${this.#name}: no session of ${this.#settings.max} became free in ${this.#settings.waitMs} ms`,
      remedy: 'Raise `pool.max` of the source, or lower `limits.concurrency`.',
    });
  }

  #closedError(): SyncError {
    return new SyncError('SOURCE_UNAVAILABLE', { message: `Source ${this.#name} is closed` });
  }
}
