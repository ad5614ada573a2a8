/** Rows as COPY sends them, in both formats: where a row stands in its order, and how rows become a piece. */
import type { EntityPlan, Piece, SourceColumn } from '../../domain/entity.ts';
import { SyncError } from '../../domain/errors.ts';
import { canonicalKeyPart, encodeKey } from '../../domain/keys.ts';
import { COPY_SIGNATURE, headerEnd, INCOMPLETE, openTuples, scanTuple } from '../../domain/pg-binary.ts';
import { decoderOf } from '../../domain/pg-binary-decode.ts';
import { parseTextRows, type TextRow } from '../../domain/pg-text.ts';
import { keyColumns } from './keys-sql.ts';

export type PieceEnd = { readonly rows: number; readonly position: string | null; readonly last: boolean };

export type RowFormat = {
  readonly copyOptions: string;
  /** The row without what belongs to the stream; empty for what is no row. */
  strip(message: Buffer): Buffer;
  /** Encoded position; null when a part of it is NULL. */
  positionOf(row: Buffer): string | null;
  toPiece(data: Buffer, end: PieceEnd): Piece;
};

const SIGNATURE_START = COPY_SIGNATURE[0] as number;
const TRAILER_BYTES = 2;

/** `pg-binary`, positions are keys. */
export function binaryFormat(plan: EntityPlan): RowFormat {
  const fields = plan.readColumns.length;
  const parts = keyColumns(plan).map((column) => {
    const decoder = decoderOf(column.mirrorType ?? '');
    if (decoder === null) {
      throw new SyncError('INTERNAL', {
        message: `Keys of type ${column.mirrorType} cannot be read from binary rows`,
      });
    }
    return { index: plan.readColumns.indexOf(column), decoder, type: column.mirrorType ?? '' };
  });
  return {
    copyOptions: '(FORMAT binary)',
    strip: stripBinary,
    positionOf(row) {
      const tuples = openTuples(row, fields, 'fields');
      scanTuple(tuples, 0);
      const texts: string[] = [];
      for (const { index, decoder, type } of parts) {
        const end = tuples.ends[index] as number;
        if (end < 0) return null;
        texts.push(canonicalKeyPart(decoder.text(tuples, tuples.starts[index] as number, end), type));
      }
      return encodeKey(texts);
    },
    toPiece: (data, { rows, position, last }) => ({ format: 'pg-binary', data, rows, position, last }),
  };
}

/** The header comes with the first row, alone, or, where there is no row, with the trailer. */
function stripBinary(message: Buffer): Buffer {
  const rest = withoutHeader(message);
  return rest.length === TRAILER_BYTES ? rest.subarray(TRAILER_BYTES) : rest;
}

function withoutHeader(message: Buffer): Buffer {
  if (message[0] !== SIGNATURE_START || !message.subarray(0, COPY_SIGNATURE.length).equals(COPY_SIGNATURE))
    return message;
  const end = headerEnd(message);
  if (end === INCOMPLETE) throw new SyncError('INTERNAL', { message: 'The COPY header came in parts' });
  return message.subarray(end);
}

/**
 * `rows`: COPY's text format. `extra` columns stand behind the plan's, and are part of the position only: the
 * position is the extra columns, then the key.
 */
export function textFormat(plan: EntityPlan, extra: readonly { readonly type: string }[] = []): RowFormat {
  const width = plan.readColumns.length;
  const indexOf = (column: SourceColumn): number => plan.readColumns.indexOf(column);
  const parts = [
    ...extra.map(({ type }, i) => ({ index: width + i, type })),
    ...keyColumns(plan).map((column) => ({ index: indexOf(column), type: column.mirrorType ?? '' })),
  ];
  return {
    copyOptions: '',
    strip: (message) => message,
    positionOf(row) {
      const [values] = parseTextRows(row) as [TextRow];
      const texts: string[] = [];
      for (const { index, type } of parts) {
        const value = values[index] ?? null;
        if (value === null) return null;
        texts.push(canonicalKeyPart(value, type));
      }
      return encodeKey(texts);
    },
    toPiece(data, { rows, position, last }) {
      const values = parseTextRows(data);
      if (extra.length > 0) for (const row of values) row.length = width;
      return { format: 'rows', values, rows, position, last };
    },
  };
}
