/** When two texts are one value of a column: '' is NULL, the blanks behind a CHAR do not count, 1.0 is 1. */
import { timestampMicros } from '../../domain/values.ts';
import { parseSpan } from './write-back-interval.ts';
import { hexDigits, plainNumber, wallTime } from './write-back-text.ts';
import { DOUBLES, type WriteColumn } from './write-back-values.ts';

/**
 * `expected` may come from a mirror, which holds microseconds: then the source's digits beyond them do not count,
 * whether they were cut or rounded. Microseconds do.
 */
export function sameValue(column: WriteColumn, expected: string | null, current: string | null): boolean {
  const [a, b] = [blankIsNull(expected), blankIsNull(current)];
  if (a === null || b === null) return a === b;
  if (column.kind === 'timestamp' || column.kind === 'zoned' || column.kind === 'date')
    return sameTime(column, a, b);
  return comparable(column, a) === comparable(column, b);
}

/** Equal for values of a key that are the same. */
export function keyIdentity(columns: readonly WriteColumn[], texts: readonly (string | null)[]): string {
  return JSON.stringify(
    columns.map((column, i) => {
      const text = texts[i] ?? '';
      const isTime = column.kind === 'timestamp' || column.kind === 'zoned' || column.kind === 'date';
      return isTime ? String(nanos(column, text) ?? text) : comparable(column, text);
    }),
  );
}

function blankIsNull(text: string | null): string | null {
  return text === '' ? null : text;
}

function sameTime(column: WriteColumn, expected: string, current: string): boolean {
  const [a, b] = [nanos(column, expected), nanos(column, current)];
  if (a === null || b === null) return expected === current;
  if (a === b) return true;
  if (a % 1_000n !== 0n) return false;
  const cut = b - (((b % 1_000n) + 1_000n) % 1_000n);
  return a === cut || a === cut + (b - cut >= 500n ? 1_000n : 0n);
}

function nanos({ kind }: WriteColumn, text: string): bigint | null {
  const given = wallTime(text);
  // A column without zone shows its wall time, whatever zone stands behind it in the text.
  const micros = timestampMicros(kind === 'zoned' || given === null ? text : withoutZone(text));
  return given === null || micros === null
    ? null
    : micros * 1_000n + BigInt(given.fraction.padEnd(9, '0').slice(6));
}

function withoutZone(text: string): string {
  return text.replace(/(:\d{2}(?:\.\d+)?)\s*(?:Z|[+-]\d{2}(?::?\d{2}){0,2})(\s*BC)?\s*$/i, '$1$2');
}

function comparable(column: WriteColumn, text: string): string {
  switch (column.kind) {
    case 'number':
      return plainNumber(text) ?? text;
    case 'binaryFloat':
    case 'binaryDouble': {
      const value = DOUBLES[text.toLowerCase()] ?? Number(text);
      return String(column.kind === 'binaryFloat' ? Math.fround(value) : value);
    }
    case 'char':
      // Blanks alone are a value of their own, not NULL.
      return text.replace(/ +$/, '') || ' ';
    case 'raw':
    case 'blob':
      return hexDigits(text) ?? text;
    case 'yearMonth':
    case 'daySecond': {
      const given = parseSpan(text);
      return given === null ? text : `${given.months}/${given.nanos}`;
    }
    default:
      return text;
  }
}
