/** Gathers rows into pieces: whole rows, about so many bytes, rows of equal position together. */
import type { Piece } from '../../domain/entity.ts';
import type { RowFormat, TextRow } from './row-format.ts';

/** The first piece comes early and each is twice the one before: nobody waits long for the beginning of a read. */
const FIRST_PIECE_SHARE = 4;

export class PieceRows {
  readonly #format: RowFormat;
  readonly #pieceBytes: number;
  #limit: number;
  #size = 0;
  #rows: TextRow[] = [];

  constructor(format: RowFormat, pieceBytes: number) {
    this.#format = format;
    this.#pieceBytes = pieceBytes;
    this.#limit = pieceBytes / FIRST_PIECE_SHARE;
  }

  /** @returns the piece that ends before this row, when one does. */
  add(row: unknown[]): Piece | null {
    const size = this.#format.toText(row);
    const piece = this.#size >= this.#limit ? this.#takeBefore(row as TextRow) : null;
    this.#rows.push(row as TextRow);
    this.#size += size;
    return piece;
  }

  takeLast(): Piece | null {
    return this.#rows.length === 0 ? null : this.#take(true);
  }

  /** Only rows behind a full piece are looked at: no other row's position matters. */
  #takeBefore(row: TextRow): Piece | null {
    const next = this.#format.positionOf(row);
    if (next !== null && next === this.#positionOfLastRow()) return null;
    return this.#take(false);
  }

  #positionOfLastRow(): string | null {
    return this.#format.positionOf(this.#rows.at(-1) as TextRow);
  }

  #take(last: boolean): Piece {
    const position = this.#positionOfLastRow();
    const values = this.#rows;
    for (const row of values) row.length = this.#format.width;
    this.#limit = Math.min(this.#pieceBytes, this.#limit * 2);
    this.#rows = [];
    this.#size = 0;
    return { format: 'rows', values, rows: values.length, position, last };
  }
}
