/** Pages of a result set, each asked for before the one before it has been worked on. */
import type oracledb from 'oracledb';
import { nextPageRows } from './page-size.ts';
import type { Session } from './session.ts';

type Fetched = { readonly rows: unknown[][]; readonly asked: number; readonly ms: number };

export class Pages {
  readonly #session: Session;
  readonly #resultSet: oracledb.ResultSet<unknown[]>;
  #coming: Promise<Fetched>;

  constructor(session: Session, resultSet: oracledb.ResultSet<unknown[]>, firstRows: number) {
    this.#session = session;
    this.#resultSet = resultSet;
    this.#coming = this.#fetch(firstRows);
  }

  /** No rows: the end. */
  async next(): Promise<unknown[][]> {
    const { rows, asked, ms } = await this.#coming;
    if (rows.length > 0) {
      this.#coming = this.#fetch(nextPageRows({ asked, rows: rows.length, size: sizeOf(rows), ms }));
    }
    return rows;
  }

  /** Waits for the page that is on its way: a session does one thing at a time. */
  async close(): Promise<void> {
    await this.#coming.catch(() => undefined);
    if (!this.#session.isLost) await this.#resultSet.close().catch(() => undefined);
  }

  #fetch(rows: number): Promise<Fetched> {
    const startedAt = performance.now();
    const fetching = this.#session.call(async () => {
      const fetched = await this.#resultSet.getRows(rows);
      return { rows: fetched as unknown[][], asked: rows, ms: performance.now() - startedAt };
    });
    // It is met where it is awaited; without this it would count as unhandled until then.
    fetching.catch(() => undefined);
    return fetching;
  }
}

/** From some of its rows. */
const SAMPLED_ROWS = 16;

function sizeOf(rows: readonly (readonly unknown[])[]): number {
  const step = Math.ceil(rows.length / SAMPLED_ROWS);
  let size = 0;
  let sampled = 0;
  for (let at = 0; at < rows.length; at += step) {
    sampled++;
    for (const value of rows[at] as unknown[]) {
      size += typeof value === 'string' || Buffer.isBuffer(value) ? value.length : 8;
    }
  }
  return (size / sampled) * rows.length;
}
