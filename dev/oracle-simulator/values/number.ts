/**
 * NUMBER between decimal text and Oracle's bytes: an exponent to the base 100 and up to 20 digits to the base 100,
 * so 39 or 40 decimal digits, depending on where the point stands.
 */

import { OraError } from '../ora-error.ts';

const MAX_PAIRS = 20;
const MAX_EXPONENT = 63;
const MIN_EXPONENT = -64;
const EXPONENT_BIAS = 192;
const NEGATIVE_END = 102;
const ZERO = 0x80;

const MINUS = 45;
const PLUS = 43;
const POINT = 46;
const DIGIT_0 = 48;

type Scan = {
  readonly negative: boolean;
  /** Index of the first digit that is not 0, or `end`. */
  readonly first: number;
  /** Behind the last digit. */
  readonly end: number;
  /** Digits between the first one and the point; negative: zeros between the point and it. */
  readonly integerDigits: number;
};

/**
 * Digits behind the twentieth pair are rounded half up; what is smaller than 1e-130 is 0.
 * @throws OraError 1426 for 1e126 and more, 1722 for what is no number.
 */
export function encodeNumber(text: string): Uint8Array {
  const { negative, first, end, integerDigits } = scan(text);
  if (first === end) return Uint8Array.of(ZERO);
  let exponent = Math.ceil(integerDigits / 2);
  // One place more than is kept, for the digits that decide about rounding.
  const pairs = new Uint8Array(MAX_PAIRS + 1);
  let count = readPairs(text, { first, end, odd: integerDigits % 2 !== 0 }, pairs);
  if (count > MAX_PAIRS) {
    count = MAX_PAIRS;
    if ((pairs[MAX_PAIRS] as number) >= 50 && carry(pairs)) exponent++;
  }
  while (count > 1 && pairs[count - 1] === 0) count--;
  if (exponent > MAX_EXPONENT) throw numericOverflow();
  if (exponent < MIN_EXPONENT) return Uint8Array.of(ZERO);
  return negative ? negativeBytes(pairs, count, exponent) : positiveBytes(pairs, count, exponent);
}

/** @throws OraError 1426 for the infinities, 1722 for bytes that are no number. */
export function decodeNumber(bytes: Uint8Array): string {
  const head = bytes[0] as number;
  if (bytes.length === 1 && head === ZERO) return '0';
  const positive = (head & 0x80) !== 0;
  const exponent = (positive ? head : head ^ 0xff) - EXPONENT_BIAS;
  let last = bytes.length;
  if (!positive && bytes[last - 1] === NEGATIVE_END) last--;
  if (last === 1 || (positive && bytes[1] === 101)) throw numericOverflow();
  let digits = '';
  for (let at = 1; at < last; at++) {
    const pair = positive ? (bytes[at] as number) - 1 : 101 - (bytes[at] as number);
    if (pair < 0 || pair > 99) throw invalidNumber();
    digits += pair < 10 ? `0${pair}` : String(pair);
  }
  return `${positive ? '' : '-'}${placePoint(digits, exponent * 2)}`;
}

function scan(text: string): Scan {
  let at = 0;
  const sign = text.charCodeAt(0);
  if (sign === MINUS || sign === PLUS) at++;
  const start = at;
  let first = -1;
  let point = -1;
  for (; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === POINT) {
      if (point >= 0) throw invalidNumber();
      point = at;
    } else if (code < DIGIT_0 || code > DIGIT_0 + 9) {
      break;
    } else if (first < 0 && code !== DIGIT_0) {
      first = at;
    }
  }
  const end = at;
  if (end - start - (point < 0 ? 0 : 1) === 0) throw noDigits(text);
  const exponent = end < text.length ? exponentOf(text.slice(end)) : 0;
  if (first < 0) first = end;
  const pointAt = point < 0 ? end : point;
  const integerDigits = (first < pointAt ? pointAt - first : pointAt + 1 - first) + exponent;
  return { negative: sign === MINUS, first, end, integerDigits };
}

function exponentOf(text: string): number {
  const match = /^[eE]([+-]?\d+)$/.exec(text);
  if (match === null) throw invalidNumber();
  return Number(match[1]);
}

/** @returns how many pairs there are, at most as many as `pairs` holds. */
function readPairs(
  text: string,
  digits: { readonly first: number; readonly end: number; readonly odd: boolean },
  pairs: Uint8Array,
): number {
  let count = 0;
  let half = digits.odd;
  let tens = 0;
  for (let at = digits.first; at < digits.end; at++) {
    const digit = text.charCodeAt(at) - DIGIT_0;
    if (digit < 0) continue; // the point
    if (half) {
      pairs[count++] = tens + digit;
      if (count === pairs.length) return count;
      tens = 0;
    } else {
      tens = digit * 10;
    }
    half = !half;
  }
  if (half && tens > 0) pairs[count++] = tens;
  return count;
}

/** Adds one to the last pair that is kept. @returns whether all of them overflowed: 1 is left, one place higher. */
function carry(pairs: Uint8Array): boolean {
  for (let at = MAX_PAIRS - 1; at >= 0; at--) {
    if (pairs[at] !== 99) {
      pairs[at] = (pairs[at] as number) + 1;
      return false;
    }
    pairs[at] = 0;
  }
  pairs[0] = 1;
  return true;
}

function positiveBytes(pairs: Uint8Array, count: number, exponent: number): Uint8Array {
  const bytes = new Uint8Array(count + 1);
  bytes[0] = EXPONENT_BIAS + exponent;
  for (let at = 0; at < count; at++) bytes[at + 1] = (pairs[at] as number) + 1;
  return bytes;
}

/** Complemented, and ended by a byte above all digits, so that bytes sort as numbers. */
function negativeBytes(pairs: Uint8Array, count: number, exponent: number): Uint8Array {
  const bytes = new Uint8Array(count + (count < MAX_PAIRS ? 2 : 1));
  bytes[0] = (EXPONENT_BIAS + exponent) ^ 0xff;
  for (let at = 0; at < count; at++) bytes[at + 1] = 101 - (pairs[at] as number);
  if (count < MAX_PAIRS) bytes[count + 1] = NEGATIVE_END;
  return bytes;
}

function placePoint(digits: string, integerDigits: number): string {
  if (integerDigits >= digits.length) {
    return digits.padEnd(integerDigits, '0').replace(/^0+(?=.)/, '');
  }
  const whole = integerDigits > 0 ? digits.slice(0, integerDigits).replace(/^0+(?=.)/, '') : '0';
  const fraction = integerDigits > 0 ? digits.slice(integerDigits) : '0'.repeat(-integerDigits) + digits;
  const trimmed = fraction.replace(/0+$/, '');
  return trimmed === '' ? whole : `${whole}.${trimmed}`;
}

/** PostgreSQL's numeric can be infinite; Oracle's NUMBER overflows. */
function noDigits(text: string): OraError {
  return /^[+-]?inf/i.test(text) ? numericOverflow() : invalidNumber();
}

function numericOverflow(): OraError {
  return new OraError(1426, 'numeric overflow');
}

function invalidNumber(): OraError {
  return new OraError(1722, 'invalid number');
}
