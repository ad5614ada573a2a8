/**
 * Shapes pieces as they come and puts small ones together, so that rows of text, which take several times their bytes
 * as strings, are soon bytes, and a load is still worth its transaction.
 */
import type { Piece, Reject, ShapedPiece } from '../domain/entity.ts';

/** Of a load: well below a second in the store, enough for COPY to run at full speed. */
const LOAD_BYTES = 4 * 1024 * 1024;
/** The first load comes early and each is twice the one before: progress shows soon. */
const FIRST_LOAD_SHARE = 4;
/** A reject holds its whole source row. */
const REJECT_BYTES = 1024;

/** What is loaded together, as a piece of the stream without its rows. */
export type Batch = Pick<Piece, 'rows' | 'position'> & {
  readonly last: boolean;
  /** What `keysOf` gave for its rows, in their order; null where nobody asked. */
  readonly keys: readonly string[] | null;
};

export type Prepared = { readonly batch: Batch; readonly shaped: ShapedPiece };

export type Shaping = {
  readonly shape: (piece: Piece) => Promise<ShapedPiece>;
  /** Keys of all rows of the piece, rejected ones included; only where the load needs them. */
  readonly keysOf?: ((piece: Piece) => string[]) | undefined;
};

export class Batches {
  readonly #pieces: AsyncIterator<Piece>;
  readonly #shaping: Shaping;
  #limit = LOAD_BYTES / FIRST_LOAD_SHARE;
  /** Read already, and of another format than what came before it. */
  #held: Prepared | null = null;
  /** The read's end after what was still loaded. */
  #failure: { readonly error: unknown } | null = null;

  constructor(pieces: AsyncIterator<Piece>, shaping: Shaping) {
    this.#pieces = pieces;
    this.#shaping = shaping;
  }

  /** null: the end of the stream. An error of the read comes behind the rows that it gave before. */
  async next(): Promise<Prepared | null> {
    const parts: Prepared[] = [];
    let size = 0;
    while (size < this.#limit) {
      const part = await this.#take(parts.length > 0);
      if (part === null) break;
      const [first] = parts;
      if (first !== undefined && first.shaped.format !== part.shaped.format) {
        this.#held = part;
        break;
      }
      parts.push(part);
      size += part.shaped.data.length + part.shaped.rejects.length * REJECT_BYTES;
      if (part.batch.last) break;
    }
    this.#limit = Math.min(LOAD_BYTES, this.#limit * 2);
    return parts.length === 0 ? null : joined(parts);
  }

  async #take(hasBefore: boolean): Promise<Prepared | null> {
    const held = this.#held;
    this.#held = null;
    if (held !== null) return held;
    if (this.#failure !== null) throw this.#failure.error;
    try {
      const next = await this.#pieces.next();
      return next.done ? null : await this.#prepare(next.value);
    } catch (error) {
      if (!hasBefore) throw error;
      this.#failure = { error };
      return null;
    }
  }

  async #prepare(piece: Piece): Promise<Prepared> {
    const { rows, position, last = false } = piece;
    const keys = this.#shaping.keysOf?.(piece) ?? null;
    return { batch: { rows, position, last, keys }, shaped: await this.#shaping.shape(piece) };
  }
}

function joined(parts: readonly Prepared[]): Prepared {
  const [first] = parts as readonly [Prepared];
  if (parts.length === 1) return first;
  const { batch, shaped } = parts.at(-1) as Prepared;
  const rejects: Reject[] = [];
  const keys: string[] | null = batch.keys === null ? null : [];
  let [rows, rowsInData] = [0, 0];
  for (const part of parts) {
    rows += part.batch.rows;
    rowsInData += part.shaped.rowsInData;
    for (const reject of part.shaped.rejects) rejects.push(reject);
    for (const key of part.batch.keys ?? []) keys?.push(key);
  }
  const data = Buffer.concat(parts.map((part) => part.shaped.data));
  return {
    batch: { ...batch, rows, keys },
    shaped: { ...shaped, data, rowsInData, rejects, rowsFetched: rows },
  };
}
