/**
 * COPY … TO STDOUT, one call per row. The protocol sends a CopyData message for each row, so the messages' borders are
 * the rows' borders: nobody has to scan tuples to find where one ends (pg-copy-streams joins the messages and loses
 * that). Back-pressure is the socket's own: `pause` stops reading, and the server waits.
 */
import type { Socket } from 'node:net';
import type pg from 'pg';

const COPY_DATA = 0x64;
const PASS_OVER = new Set([
  0x48 /* CopyOutResponse */, 0x4e /* Notice */, 0x41 /* Notification */, 0x53 /* ParameterStatus */,
]);
const HEADER_BYTES = 5;
/** A fast server would keep this process in its reads, two megabytes at a time, while loads wait for an answer. */
const BYTES_PER_TURN = 256 * 1024;

export type CopyOutHandlers = {
  /** One row as COPY sends it. The bytes are valid during the call only. */
  readonly onRow: (row: Buffer) => void;
  /** The rows of some bytes of the socket have been given. */
  readonly onBytes: () => void;
  readonly onEnd: () => void;
  readonly onError: (error: Error) => void;
};

export type CopyOut = { pause(): void; resume(): void };

type Connection = { readonly stream: Socket; query(text: string): void };

/** Starts the statement on the client, which is busy until onEnd or onError. */
export function copyOut(client: pg.PoolClient, sql: string, handlers: CopyOutHandlers): CopyOut {
  const query = new CopyOutQuery(sql, handlers);
  client.query(query as unknown as pg.Submittable);
  return query;
}

/** What node-postgres calls a submittable: it takes the socket over until the rows end. */
class CopyOutQuery implements CopyOut {
  readonly #sql: string;
  readonly #handlers: CopyOutHandlers;
  #stream: Socket | null = null;
  /** node-postgres' own listener, while ours stands in for it. */
  #parser: ((chunk: Buffer) => void) | null = null;
  /** Bytes of a message whose rest has not come yet. */
  #parts: Buffer[] = [];
  #partBytes = 0;
  #neededBytes = HEADER_BYTES;
  #failed = false;
  #turnBytes = 0;
  #resting = false;
  #paused = false;

  constructor(sql: string, handlers: CopyOutHandlers) {
    this.#sql = sql;
    this.#handlers = handlers;
  }

  submit(connection: Connection): void {
    this.#stream = connection.stream;
    const [parser] = connection.stream.listeners('data');
    this.#parser = parser as (chunk: Buffer) => void;
    connection.stream.removeListener('data', this.#parser);
    connection.stream.on('data', this.#onData);
    connection.query(this.#sql);
  }

  pause(): void {
    if (this.#parser === null) return;
    this.#paused = true;
    this.#stream?.pause();
  }

  resume(): void {
    this.#paused = false;
    if (!this.#resting) this.#stream?.resume();
  }

  #takeTurns(bytes: number): void {
    this.#turnBytes += bytes;
    if (this.#turnBytes < BYTES_PER_TURN || this.#parser === null) return;
    this.#turnBytes = 0;
    this.#resting = true;
    this.#stream?.pause();
    setImmediate(() => {
      this.#resting = false;
      if (!this.#paused) this.#stream?.resume();
    });
  }

  readonly #onData = (chunk: Buffer): void => {
    this.#takeTurns(chunk.length);
    let bytes = chunk;
    if (this.#partBytes > 0) {
      this.#parts.push(chunk);
      this.#partBytes += chunk.length;
      // A value of many megabytes comes in many chunks: they are joined once, not each time one arrives.
      if (this.#partBytes < this.#neededBytes) {
        this.#handlers.onBytes();
        return;
      }
      bytes = Buffer.concat(this.#parts, this.#partBytes);
    }
    this.#keep(bytes, this.#parse(bytes));
    this.#handlers.onBytes();
  };

  /** @returns how many bytes were used up; all of them when the socket was given back. */
  #parse(bytes: Buffer): number {
    let at = 0;
    while (bytes.length - at >= HEADER_BYTES) {
      const code = bytes[at] as number;
      const end = at + 1 + bytes.readUInt32BE(at + 1);
      if (code !== COPY_DATA && !PASS_OVER.has(code)) {
        // CopyDone or an error: node-postgres reads the rest of the conversation.
        this.#giveBack(bytes.subarray(at));
        return bytes.length;
      }
      if (end > bytes.length) {
        this.#neededBytes = end - at;
        return at;
      }
      if (code === COPY_DATA) this.#handlers.onRow(bytes.subarray(at + HEADER_BYTES, end));
      at = end;
    }
    this.#neededBytes = HEADER_BYTES;
    return at;
  }

  #keep(bytes: Buffer, used: number): void {
    this.#parts = used < bytes.length ? [bytes.subarray(used)] : [];
    this.#partBytes = bytes.length - used;
  }

  #giveBack(rest: Buffer): void {
    const parser = this.#parser;
    const stream = this.#stream;
    if (parser === null || stream === null) return;
    this.#parser = null;
    stream.removeListener('data', this.#onData);
    stream.on('data', parser);
    parser(rest);
    stream.resume();
  }

  handleError(error: Error): void {
    if (this.#failed) return;
    this.#failed = true;
    this.#handlers.onError(error);
  }

  handleReadyForQuery(): void {
    if (!this.#failed) this.#handlers.onEnd();
  }

  handleRowDescription(): void {}
  handleDataRow(): void {}
  handleCommandComplete(): void {}
  handleEmptyQuery(): void {}
  handleCopyInResponse(): void {}
  handleCopyData(): void {}
}
