/** Rows as configuration functions see them, and the values that they give back. */
import type { Row, Value } from '../row.ts';
import { booleanOf } from '../shape-view.ts';
import { parseType, seesAs } from '../types.ts';
import type { ColumnTypes, FieldTexts } from './decision.ts';

/** Of fields that are no columns nothing is seen. Frozen: a rule that writes into a row fails instead of misleading the next. */
export function seenRow(texts: FieldTexts, columns: ColumnTypes): Row {
  return Object.freeze(
    Object.fromEntries(
      Object.entries(texts)
        .filter(([field]) => Object.hasOwn(columns, field))
        .map(([field, text]) => [field, seenValue(columns[field] as string, text)]),
    ),
  );
}

/** Every column of the row; those that nobody said anything of are null. */
export function seenWholeRow(texts: FieldTexts, columns: ColumnTypes): Row {
  const nothing = Object.fromEntries(Object.keys(columns).map((field) => [field, null]));
  return Object.freeze({ ...nothing, ...seenRow(texts, columns) });
}

function seenValue(type: string, text: string | null): Value {
  if (text === null) return null;
  const seen = seesAs(type);
  if (seen === 'number') return Number(text);
  return seen === 'boolean' ? booleanOf(text) : text;
}

const INTEGERS = new Set(['smallint', 'integer', 'bigint']);

/**
 * The text of a value that a function gave for a column.
 * @throws TypeError when the column's type takes no such value.
 */
export function textOfValue(type: string, value: unknown): string | null {
  if (value === null || typeof value === 'string') return value;
  const seen = seesAs(type);
  if (typeof value === 'boolean' && seen !== 'number') return String(value);
  if (typeof value === 'number' && seen !== 'boolean') return textOfNumber(type, value);
  throw new TypeError(`A ${value === undefined ? 'value that is undefined' : typeof value} is no ${type}`);
}

function textOfNumber(type: string, value: number): string {
  const { base } = parseType(type);
  const isFloat = base === 'real' || base === 'double precision';
  if (!isFloat && !Number.isFinite(value)) throw new TypeError(`${value} is no ${type}`);
  if (INTEGERS.has(base) && !Number.isSafeInteger(value)) throw new TypeError(`${value} is no ${type}`);
  return String(value);
}
