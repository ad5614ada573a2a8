/** A column's values from Oracle to the texts that PostgreSQL would print, as reads of the same row give them. */
import { quoteName } from './relation.ts';
import { floatText, WALL_MASK, wallText, zonedText } from './values.ts';
import { parseSpan, spanText } from './write-back-interval.ts';
import { plainNumber } from './write-back-text.ts';
import type { WriteColumn } from './write-back-values.ts';

/** A blank before the year, or a minus sign before one BC. */
const SIGNED_MASK = `S${WALL_MASK}`;

/** The column in a SELECT list or behind RETURNING, so that `readText` gets its text. */
export function selected({ name, kind }: WriteColumn): string {
  const column = quoteName(name);
  switch (kind) {
    case 'date':
      return `TO_CHAR(${column}, '${SIGNED_MASK}')`;
    case 'timestamp':
      return `TO_CHAR(${column}, '${SIGNED_MASK}.FF9')`;
    case 'zoned':
      return `TO_CHAR(SYS_EXTRACT_UTC(${column}), '${SIGNED_MASK}.FF9')`;
    case 'yearMonth':
    case 'daySecond':
      return `TO_CHAR(${column})`;
    default:
      return column;
  }
}

/** The text of a fetched value. */
export function readText({ kind }: WriteColumn, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`;
  if (typeof value === 'number') return floatText(value, kind === 'binaryFloat' ? 4 : 8);
  const text = String(value);
  switch (kind) {
    case 'number':
      return plainNumber(text) ?? text;
    case 'date':
    case 'timestamp':
      return wallText(text);
    case 'zoned':
      return zonedText(text);
    case 'yearMonth':
    case 'daySecond': {
      const given = parseSpan(text);
      return given === null ? text : spanText(given);
    }
    default:
      return text === '' ? null : text;
  }
}
