/**
 * One COPY as a stream of pieces. At most one whole piece waits for its taker; then the socket is paused and the
 * server waits too. A piece is given only when the row behind it has been seen, so that it can say whether it is the
 * last, and rows of equal position stay together.
 */
import type pg from 'pg';
import type { Piece } from '../../domain/entity.ts';
import { type CopyOut, copyOut } from '../../pg/copy-out.ts';
import { classifyPgError } from '../../pg/errors.ts';
import { destroySession, onSessionAlive } from '../../pg/silence-guard.ts';
import { backendPid } from '../../pg/transaction.ts';
import type { PieceStream, ReadOptions } from '../contract.ts';
import { sourceError } from './errors.ts';
import { PieceBuffer } from './piece-buffer.ts';
import type { RowFormat } from './row-format.ts';
import { beginStatement, type PgSource, READ_SNAPSHOT } from './session.ts';

export type CopyRead = {
  /** A SELECT whose rows come in the order of the format's positions. */
  readonly select: string;
  readonly format: RowFormat;
};

type Options = Pick<ReadOptions, 'pieceBytes' | 'signal' | 'onProgress'>;
type Waiting = { resolve(result: IteratorResult<Piece>): void; reject(error: unknown): void };

/** A cancel that takes longer is left behind: the socket is closed anyway. */
const CANCEL_MS = 2_000;

export function pieceStream(source: PgSource, read: CopyRead, options: Options): PieceStream {
  return { [Symbol.asyncIterator]: () => new PieceReader(source, read, options) };
}

class PieceReader implements AsyncIterator<Piece> {
  readonly #source: PgSource;
  readonly #read: CopyRead;
  readonly #options: Options;
  readonly #buffer: PieceBuffer;
  readonly #ready: Piece[] = [];
  #waiting: Waiting | null = null;
  #started = false;
  #client: pg.PoolClient | null = null;
  #copy: CopyOut | null = null;
  /** Set once: nothing comes after it. */
  #end: { readonly error: unknown } | 'ended' | null = null;

  constructor(source: PgSource, read: CopyRead, options: Options) {
    this.#source = source;
    this.#read = read;
    this.#options = options;
    this.#buffer = new PieceBuffer(read.format, options.pieceBytes);
  }

  next(): Promise<IteratorResult<Piece>> {
    if (!this.#started) void this.#start();
    const piece = this.#ready.shift();
    if (piece !== undefined) {
      this.#copy?.resume();
      return Promise.resolve({ done: false, value: piece });
    }
    if (this.#end === 'ended') return Promise.resolve({ done: true, value: undefined });
    if (this.#end !== null) return Promise.reject(this.#end.error);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  /** Stops the statement in the database when it still runs. */
  async return(): Promise<IteratorResult<Piece>> {
    this.#started = true;
    this.#ready.length = 0;
    const wasRunning = this.#end === null;
    this.#finish('ended');
    if (wasRunning) await this.#abandon();
    return { done: true, value: undefined };
  }

  async #start(): Promise<void> {
    this.#started = true;
    const { signal } = this.#options;
    if (signal.aborted) return this.#finish({ error: signal.reason });
    signal.addEventListener('abort', this.#onAbort, { once: true });
    try {
      const client = await this.#source.pool.connect();
      if (this.#end !== null) return client.release();
      this.#client = client;
      client.on('error', ignore);
      onSessionAlive(client, () => {
        this.#options.onProgress?.();
        this.#source.onAlive?.();
      });
      // A role's own statement_timeout counts total time, which a stream that waits for its loads may take.
      await client.query(`${beginStatement(this.#source, READ_SNAPSHOT)}; SET LOCAL statement_timeout = 0`);
      if (this.#end === null) this.#copyOut(client);
    } catch (error) {
      this.#fail(error);
    }
  }

  #copyOut(client: pg.PoolClient): void {
    const { format, select } = this.#read;
    this.#copy = copyOut(client, `COPY (${select}\n) TO STDOUT ${format.copyOptions}`, {
      onRow: (message) => {
        if (this.#end !== null) return;
        try {
          const piece = this.#buffer.add(format.strip(message));
          if (piece !== null) this.#give(piece);
        } catch (error) {
          this.#fail(error);
        }
      },
      onBytes: () => {
        this.#options.onProgress?.();
        if (this.#ready.length > 0) this.#copy?.pause();
      },
      onEnd: () => void this.#onEnd(client),
      onError: (error) => this.#fail(error),
    });
  }

  #give(piece: Piece): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) this.#ready.push(piece);
    else waiting.resolve({ done: false, value: piece });
  }

  async #onEnd(client: pg.PoolClient): Promise<void> {
    if (this.#end !== null) return;
    try {
      const last = this.#buffer.takeLast();
      if (last !== null) this.#give(last);
    } catch (error) {
      return this.#fail(error);
    }
    this.#finish('ended');
    await this.#giveBack(client);
  }

  async #giveBack(client: pg.PoolClient): Promise<void> {
    this.#client = null;
    try {
      await client.query('ROLLBACK');
      client.removeListener('error', ignore);
      client.release();
    } catch {
      client.release(true);
    }
  }

  #fail(error: unknown): void {
    if (this.#end !== null) return;
    const client = this.#client;
    const known = sourceError(this.#source.settings.name, error);
    this.#finish({ error: known });
    if (client === null) return;
    if (known === error || classifyPgError(error) === 'connection') void this.#abandon();
    else void this.#giveBack(client);
  }

  readonly #onAbort = (): void => {
    this.#ready.length = 0;
    this.#finish({ error: this.#options.signal.reason });
    void this.#abandon();
  };

  #finish(end: { readonly error: unknown } | 'ended'): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#options.signal.removeEventListener('abort', this.#onAbort);
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) return;
    if (end === 'ended') waiting.resolve({ done: true, value: undefined });
    else waiting.reject(end.error);
  }

  /** A closed socket alone would leave the statement at work until it next writes. */
  async #abandon(): Promise<void> {
    const client = this.#client;
    if (client === null) return;
    this.#client = null;
    const pid = backendPid(client);
    const cancel = this.#source.cancelPool
      .query('SELECT pg_cancel_backend($1)', [pid])
      .catch(() => undefined);
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise((resolve) => {
      timer = setTimeout(resolve, CANCEL_MS);
    });
    await Promise.race([cancel, late]);
    clearTimeout(timer);
    destroySession(client);
    client.release(true);
  }
}

const ignore = (): void => undefined;
