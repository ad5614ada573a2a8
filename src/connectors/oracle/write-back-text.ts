/**
 * Values as text in forms that Oracle reads without losing a digit, and texts in one form so that equal values have
 * equal texts. Input is what PostgreSQL prints (the mirror's texts) and ISO 8601; null: the text is no such value.
 */
import { type Decimal, parseDecimal, timestampMicros } from '../../domain/values.ts';

/** `-12.5`: no exponent, no zeros at the ends. */
export function plainNumber(text: string): string | null {
  const decimal = parseDecimal(text);
  return decimal && writeDecimal(decimal);
}

function writeDecimal({ negative, whole, fraction }: Decimal): string {
  return `${negative ? '-' : ''}${whole || '0'}${fraction && `.${fraction}`}`;
}

export type NumberLimits = {
  /** Decimal digits in all; null: as many as a NUMBER holds. */
  readonly precision: number | null;
  /** Digits behind the point, negative for zeros before it; null: any. */
  readonly scale: number | null;
};

/** Would Oracle round it? Digits before the point are its own affair: it refuses what does not fit (ORA-01438). */
export function fitsNumber(plain: string, { precision, scale }: NumberLimits): boolean {
  const [whole = '', fraction = ''] = plain.replace('-', '').split('.');
  const integer = whole === '0' ? '' : whole;
  if (scale !== null && fraction.length > Math.max(scale, 0)) return false;
  if (scale !== null && scale < 0 && !/^0*$/.test(integer.slice(scale))) return false;
  const digits = (integer + fraction).replace(/^0+/, '').replace(/0+$/, '');
  if (scale === null && precision !== null && digits.length > precision) return false;
  return base100Digits(integer, fraction) <= MAX_BASE_100_DIGITS;
}

/** A NUMBER is stored in up to 20 digits of base 100, aligned at the point: 39 or 40 decimal digits. */
const MAX_BASE_100_DIGITS = 20;

function base100Digits(integer: string, fraction: string): number {
  const left = integer.length % 2 === 0 ? integer : `0${integer}`;
  const right = fraction.length % 2 === 0 ? fraction : `${fraction}0`;
  const pairs = (left + right).match(/\d\d/g) ?? [];
  const first = pairs.findIndex((pair) => pair !== '00');
  const last = pairs.findLastIndex((pair) => pair !== '00');
  return first === -1 ? 0 : last - first + 1;
}

/** Parts of a date or timestamp; `fraction` without trailing zeros, at most 9 digits. */
export type Moment = { readonly wall: string; readonly fraction: string; readonly beforeChrist: boolean };

const TIMESTAMP =
  /^\s*(\d{4,})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d+))?)?)?\s*(Z|[+-]\d{2}(?::?\d{2}(?::?\d{2})?)?)?\s*(BC)?\s*$/i;
const MAX_FRACTION = 9;
const MAX_YEAR = 9999;

/** `wall`: `2024-05-01 10:00:00`. A zone in the text is left out, as PostgreSQL does for such columns. */
export function wallTime(text: string): Moment | null {
  const parts = TIMESTAMP.exec(text);
  if (parts === null || timestampMicros(text) === null || Number(parts[1]) > MAX_YEAR) return null;
  const [, year, month, day, hour = '00', minute = '00', second = '00', fraction = ''] = parts;
  const digits = fraction.replace(/0+$/, '');
  if (digits.length > MAX_FRACTION || hour === '24' || second === '60') return null;
  const wall = `${year}-${month}-${day} ${hour}:${minute}:${second}`;
  return { wall, fraction: digits, beforeChrist: parts[9] !== undefined };
}

/** The instant's wall time in UTC. Text without a zone counts as UTC. */
export function utcTime(text: string): Moment | null {
  const given = wallTime(text);
  const micros = timestampMicros(text);
  if (given === null || micros === null || given.beforeChrist) return null;
  // Offsets are whole seconds, so the fraction stays what it was.
  const seconds = (micros - BigInt(given.fraction.padEnd(6, '0').slice(0, 6))) / 1_000_000n;
  const at = new Date(Number(seconds) * 1_000);
  const year = at.getUTCFullYear();
  if (Number.isNaN(at.getTime()) || year < 1 || year > MAX_YEAR) return null;
  return { ...given, wall: at.toISOString().slice(0, 19).replace('T', ' ') };
}

/** `\xdead`, `DEAD` or `dead` as lower-case hex digits. */
export function hexDigits(text: string): string | null {
  const digits = text.startsWith('\\x') ? text.slice(2) : text;
  return /^(?:[0-9a-f]{2})*$/i.test(digits) ? digits.toLowerCase() : null;
}
