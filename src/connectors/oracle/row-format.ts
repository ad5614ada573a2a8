/** Rows as the driver gives them, turned into rows of text, and where a row stands in its order. */
import type { EntityPlan, SourceColumn } from '../../domain/entity.ts';
import { canonicalKeyPart, encodeKey } from '../../domain/keys.ts';
import { type Convert, converterOf, selected } from './values.ts';

export type TextRow = (string | null)[];

/** A column behind the plan's: part of the position only, before the key. */
export type ExtraColumn = {
  readonly selected: string;
  readonly convert: Convert | null;
  /** The mirror's type of its values. */
  readonly type: string;
};

export type RowFormat = {
  /** What is selected, in this order. */
  readonly selectList: string;
  /** Columns of a piece; those behind it are for the position. */
  readonly width: number;
  /** Changes the row itself. @returns its size in characters. */
  toText(row: unknown[]): number;
  /** Encoded position; null when a part of it is NULL. */
  positionOf(row: TextRow): string | null;
};

/** Positions are the extra columns, then the key; `prefix` stands before them. */
export function rowFormat(
  plan: EntityPlan,
  options: {
    readonly extra?: readonly ExtraColumn[];
    readonly keys: readonly SourceColumn[];
    readonly prefix?: string;
  },
): RowFormat {
  const { extra = [], keys, prefix = '' } = options;
  const width = plan.readColumns.length;
  const converters = [
    ...plan.readColumns.map((column) => converterOf(column, plan)),
    ...extra.map(({ convert }) => convert),
  ].flatMap((convert, index) => (convert === null ? [] : { index, convert }));
  const parts = [
    ...extra.map(({ type }, i) => ({ index: width + i, type })),
    ...keys.map((column) => ({
      index: plan.readColumns.indexOf(column),
      type: column.mirrorType ?? 'text',
    })),
  ];
  return {
    selectList: [...plan.readColumns.map(selected), ...extra.map((each) => each.selected)].join(', '),
    width,
    toText(row) {
      for (const { index, convert } of converters) {
        const value = row[index];
        if (value !== null && value !== undefined) row[index] = convert(value);
      }
      return sizeOf(row);
    },
    positionOf(row) {
      const texts: string[] = [];
      for (const { index, type } of parts) {
        const value = row[index] ?? null;
        if (value === null) return null;
        texts.push(canonicalKeyPart(value, type));
      }
      return prefix + encodeKey(texts);
    },
  };
}

/** An empty CLOB is not NULL in Oracle, but an empty text is: here both are. */
function sizeOf(row: unknown[]): number {
  let size = row.length;
  for (let i = 0; i < row.length; i++) {
    const value = row[i];
    if (value === undefined || value === '') row[i] = null;
    else if (value !== null) size += (value as string).length;
  }
  return size;
}
