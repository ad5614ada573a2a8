/** Gathers rows into pieces: whole rows, about so many bytes, rows of equal position together. */
import type { Piece } from '../../domain/entity.ts';
import type { RowFormat } from './row-format.ts';

const FIRST_BYTES = 256 * 1024;
/** The first piece comes early and each is twice the one before: nobody waits long for the beginning of a read. */
const FIRST_PIECE_SHARE = 4;

export class PieceBuffer {
  readonly #format: RowFormat;
  readonly #pieceBytes: number;
  #limit: number;
  #bytes = Buffer.allocUnsafe(0);
  #used = 0;
  #rows = 0;
  #lastRowAt = 0;

  constructor(format: RowFormat, pieceBytes: number) {
    this.#format = format;
    this.#pieceBytes = pieceBytes;
    this.#limit = pieceBytes / FIRST_PIECE_SHARE;
  }

  /** @returns the piece that ends before this row, when one does. */
  add(row: Buffer): Piece | null {
    if (row.length === 0) return null;
    const piece = this.#used >= this.#limit ? this.#takeBefore(row) : null;
    this.#append(row);
    return piece;
  }

  takeLast(): Piece | null {
    if (this.#rows === 0) return null;
    return this.#take(this.#positionOfLastRow(), true);
  }

  /** Only rows behind a full piece are looked at: no other row's position matters. */
  #takeBefore(row: Buffer): Piece | null {
    const last = this.#positionOfLastRow();
    const next = this.#format.positionOf(row);
    if (next !== null && next === last) return null;
    return this.#take(last, false);
  }

  #positionOfLastRow(): string | null {
    return this.#format.positionOf(this.#bytes.subarray(this.#lastRowAt, this.#used));
  }

  #take(position: string | null, last: boolean): Piece {
    const data = this.#bytes.subarray(0, this.#used);
    const piece = this.#format.toPiece(data, { rows: this.#rows, position, last });
    this.#limit = Math.min(this.#pieceBytes, this.#limit * 2);
    this.#used = 0;
    this.#rows = 0;
    // The bytes of a binary piece belong to it now; rows have taken their texts out.
    if (piece.format === 'pg-binary') this.#bytes = Buffer.allocUnsafe(last ? 0 : this.#limit + FIRST_BYTES);
    return piece;
  }

  #append(row: Buffer): void {
    const needed = this.#used + row.length;
    if (needed > this.#bytes.length) this.#grow(needed);
    this.#bytes.set(row, this.#used);
    this.#lastRowAt = this.#used;
    this.#used = needed;
    this.#rows++;
  }

  #grow(needed: number): void {
    const larger = Buffer.allocUnsafe(Math.max(FIRST_BYTES, needed, this.#bytes.length * 2));
    this.#bytes.copy(larger, 0, 0, this.#used);
    this.#bytes = larger;
  }
}
