/**
 * One query as a stream of pieces. The next page is on its way while the one before is turned into pieces, and at most
 * one whole piece waits for its taker; then nothing more is asked for. A piece is given only when the row behind it
 * has been seen, so that it can say whether it is the last, and rows of equal position stay together.
 */
import oracledb from 'oracledb';
import type { Piece, ReadSpec } from '../../domain/entity.ts';
import type { PieceStream, ReadOptions } from '../contract.ts';
import { type Binds, createBinds } from './binds.ts';
import { oracleError } from './error-table.ts';
import { FIRST_ROWS, FIRST_ROWS_WITH_LOBS } from './page-size.ts';
import { Pages } from './pages.ts';
import { PieceRows } from './piece-rows.ts';
import type { RowFormat } from './row-format.ts';
import { asText, type OracleSource, type Session, takeSession } from './session.ts';
import { inSnapshot } from './snapshot.ts';

export type RowRead = {
  readonly read: ReadSpec;
  readonly format: RowFormat;
  /** A SELECT of `format.selectList` whose rows come in the order of the format's positions. */
  readonly select: (asOf: string, binds: Binds) => string;
};

type Options = Pick<ReadOptions, 'pieceBytes' | 'signal' | 'onProgress'>;
type Waiting = { resolve(result: IteratorResult<Piece>): void; reject(error: unknown): void };
type End = { readonly error: unknown } | 'ended';
type ResultSet = oracledb.ResultSet<unknown[]>;

const LOB_TYPES: readonly oracledb.DbType[] = [
  oracledb.DB_TYPE_CLOB,
  oracledb.DB_TYPE_NCLOB,
  oracledb.DB_TYPE_BLOB,
];

export function rowStream(source: OracleSource, read: RowRead, options: Options): PieceStream {
  return { [Symbol.asyncIterator]: () => new RowReader(source, read, options) };
}

class RowReader implements AsyncIterator<Piece> {
  readonly #source: OracleSource;
  readonly #read: RowRead;
  readonly #options: Options;
  readonly #pieces: PieceRows;
  /** Aborted by the taker's signal, or when the taker wants no more. */
  readonly #stop = new AbortController();
  readonly #ready: Piece[] = [];
  #waiting: Waiting | null = null;
  #pumping: Promise<void> | null = null;
  /** Resolves when a piece was taken, or the read has ended. */
  #onTaken: (() => void) | null = null;
  /** Set once: nothing comes after it. */
  #end: End | null = null;

  constructor(source: OracleSource, read: RowRead, options: Options) {
    this.#source = source;
    this.#read = read;
    this.#options = options;
    this.#pieces = new PieceRows(read.format, options.pieceBytes);
  }

  next(): Promise<IteratorResult<Piece>> {
    if (this.#pumping === null && this.#end === null) this.#start();
    const piece = this.#ready.shift();
    if (piece !== undefined) {
      this.#onTaken?.();
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
    this.#ready.length = 0;
    this.#finish('ended');
    this.#stop.abort();
    await this.#pumping;
    return { done: true, value: undefined };
  }

  #start(): void {
    const { signal } = this.#options;
    const onAbort = (): void => {
      this.#ready.length = 0;
      this.#finish({ error: signal.reason });
      this.#stop.abort(signal.reason);
    };
    if (signal.aborted) {
      onAbort();
      return;
    }
    signal.addEventListener('abort', onAbort, { once: true });
    this.#pumping = this.#pump().finally(() => signal.removeEventListener('abort', onAbort));
  }

  /** Never rejects. */
  async #pump(): Promise<void> {
    let session: Session | null = null;
    try {
      const { onProgress } = this.#options;
      session = await takeSession(this.#source, {
        signal: this.#stop.signal,
        ...(onProgress && { onProgress }),
      });
      await this.#readAll(session);
    } catch (error) {
      this.#finish({ error: oracleError(this.#source.settings.name, error) });
    } finally {
      await session?.release();
    }
  }

  async #readAll(session: Session): Promise<void> {
    const at = { session, read: this.#read.read };
    const { rows: resultSet, first } = await inSnapshot(this.#source, at, (snapshot) => {
      const binds = createBinds();
      return this.#execute(session, this.#read.select(snapshot.asOf(binds), binds), binds);
    });
    const pages = new Pages(session, resultSet, first);
    try {
      for (;;) {
        const page = await pages.next();
        if (page.length === 0) break;
        this.#options.onProgress?.();
        await this.#take(page);
        if (this.#end !== null) return;
      }
    } finally {
      await pages.close();
    }
    const last = this.#pieces.takeLast();
    if (last !== null) this.#give(last);
    this.#finish('ended');
  }

  async #execute(session: Session, sql: string, binds: Binds): Promise<{ rows: ResultSet; first: number }> {
    const options: oracledb.ExecuteOptions = {
      resultSet: true,
      outFormat: oracledb.OUT_FORMAT_ARRAY,
      fetchTypeHandler: asText,
      prefetchRows: FIRST_ROWS,
      fetchArraySize: FIRST_ROWS,
    };
    const result = await session.call((connection) => connection.execute(sql, binds.values, options));
    const hasLobs = result.metaData?.some(({ dbType }) => LOB_TYPES.includes(dbType as oracledb.DbType));
    return { rows: result.resultSet as ResultSet, first: hasLobs ? FIRST_ROWS_WITH_LOBS : FIRST_ROWS };
  }

  async #take(page: unknown[][]): Promise<void> {
    for (const row of page) {
      const piece = this.#pieces.add(row);
      if (piece === null) continue;
      this.#give(piece);
      while (this.#ready.length > 0 && this.#end === null) {
        await new Promise<void>((resolve) => {
          this.#onTaken = resolve;
        });
      }
      if (this.#end !== null) return;
    }
  }

  #give(piece: Piece): void {
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) this.#ready.push(piece);
    else waiting.resolve({ done: false, value: piece });
  }

  #finish(end: End): void {
    if (this.#end !== null) return;
    this.#end = end;
    this.#onTaken?.();
    const waiting = this.#waiting;
    this.#waiting = null;
    if (waiting === null) return;
    if (end === 'ended') waiting.resolve({ done: true, value: undefined });
    else waiting.reject(end.error);
  }
}
