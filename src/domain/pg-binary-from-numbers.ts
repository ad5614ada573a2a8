/** Numbers: from text to fields of COPY binary, equal to what PostgreSQL makes of the text. */
import { type ByteSink, reserve } from './byte-sink.ts';
import {
  bigInt64Bytes,
  int16Bytes,
  int32Bytes,
  int64Bytes,
  openField,
  type TextFieldWriter,
} from './pg-binary-field.ts';

const MINUS = 0x2d;
const POINT = 0x2e;
const ZERO = 0x30;
/** Integers of so many digits are exact as doubles. */
const EXACT_DIGITS = 15;

/** The plain integer that the text is; NaN for any other text, and for one of more than 15 digits. */
function smallInteger(text: string): number {
  const { length } = text;
  const negative = text.charCodeAt(0) === MINUS;
  const first = negative ? 1 : 0;
  if (length === first || length - first > EXACT_DIGITS) return Number.NaN;
  let value = 0;
  for (let i = first; i < length; i++) {
    const digit = text.charCodeAt(i) - ZERO;
    if (digit < 0 || digit > 9) return Number.NaN;
    value = value * 10 + digit;
  }
  return negative ? -value : value;
}

export const int2FromText: TextFieldWriter = (sink, text) => {
  const value = smallInteger(text);
  if (!(value >= -0x8000 && value <= 0x7fff)) return false;
  const at = openField(sink, 2);
  sink.bytes[at] = value >> 8;
  sink.bytes[at + 1] = value;
  return true;
};

export const int4FromText: TextFieldWriter = (sink, text) => {
  const value = smallInteger(text);
  if (!(value >= -0x80000000 && value <= 0x7fffffff)) return false;
  int32Bytes(sink.bytes, openField(sink, 4), value);
  return true;
};

export const int8FromText: TextFieldWriter = (sink, text) => {
  const value = smallInteger(text);
  if (!Number.isNaN(value)) {
    int64Bytes(sink.bytes, openField(sink, 8), value);
    return true;
  }
  if (!/^-?\d{16,19}$/.test(text)) return false;
  const large = BigInt(text);
  if (BigInt.asIntN(64, large) !== large) return false;
  bigInt64Bytes(sink.bytes, openField(sink, 8), large);
  return true;
};

const FLOAT = /^-?\d+(?:\.\d+)?(?:[eE][+-]?\d+)?$/;
const ZERO_FLOAT = /^-?0+(?:\.0+)?(?:[eE]|$)/;
const SPECIAL = new Set(['NaN', 'Infinity', '-Infinity']);

/** The double that the text stands for; undefined where PostgreSQL may see it in another way, or refuse it. */
function float(text: string): number | undefined {
  if (SPECIAL.has(text)) return Number(text);
  if (!FLOAT.test(text)) return undefined;
  const value = Number(text);
  // Too large, or too small: PostgreSQL refuses both.
  return Number.isFinite(value) && (value !== 0 || ZERO_FLOAT.test(text)) ? value : undefined;
}

export const float8FromText: TextFieldWriter = (sink, text) => {
  const value = float(text);
  if (value === undefined) return false;
  const at = openField(sink, 8);
  sink.bytes.writeDoubleBE(value, at);
  return true;
};

export const float4FromText: TextFieldWriter = (sink, text) => {
  const value = float(text);
  if (value === undefined) return false;
  const rounded = Math.fround(value);
  if (Number.isFinite(value) && (!Number.isFinite(rounded) || (rounded === 0 && value !== 0))) return false;
  // In the middle of two float4 the text's digits behind those of the double decide.
  const other = 2 * value - rounded;
  if (rounded !== value && Math.fround(other) === other) return false;
  const at = openField(sink, 4);
  sink.bytes.writeFloatBE(rounded, at);
  return true;
};

const NUMERIC_SIGNS: Readonly<Record<string, number>> = {
  NaN: 0xc000,
  Infinity: 0xd000,
  '-Infinity': 0xf000,
};
const NEGATIVE = 0x4000;
/** Longer texts are left to PostgreSQL, which knows its limits. */
const MAX_NUMERIC_CHARS = 1_000;
const HEADER_BYTES = 12;

/** Where the digits of a plain decimal stand; -1 as `first` when the text is none. */
type Decimal = { first: number; point: number; isZero: boolean };
const decimal: Decimal = { first: -1, point: 0, isZero: true };

function scanDecimal(text: string): Decimal {
  const { length } = text;
  decimal.first = -1;
  decimal.point = length;
  decimal.isZero = true;
  const first = text.charCodeAt(0) === MINUS ? 1 : 0;
  if (length > MAX_NUMERIC_CHARS) return decimal;
  for (let i = first; i < length; i++) {
    const char = text.charCodeAt(i);
    if (char === POINT && decimal.point === length) decimal.point = i;
    else if (char < ZERO || char > 0x39) return decimal;
    else if (char !== ZERO) decimal.isZero = false;
  }
  // A digit on both sides of the point, as every database prints it.
  if (decimal.point === first || decimal.point === length - 1) return decimal;
  decimal.first = first;
  return decimal;
}

/**
 * Groups of four digits, counted from the point: the first integer group and the last of the fraction may have fewer.
 * Groups of zeros at either end are not stored.
 */
export const numericFromText: TextFieldWriter = (sink, text) => {
  const { first, point, isZero } = scanDecimal(text);
  if (first === -1) return specialNumeric(sink, text);
  const scale = Math.max(0, text.length - point - 1);
  const integerGroups = (point - first + 3) >> 2;
  reserve(sink, HEADER_BYTES + 2 * (integerGroups + ((scale + 3) >> 2)));
  const { bytes, length: start } = sink;
  const from = start + HEADER_BYTES;
  let at = from;
  let weight = integerGroups - 1;
  if (isZero) weight = 0;
  else {
    let end = point - 4 * weight;
    for (let i = first; i < point; i = end, end += 4) {
      const group = digits(text, i, end);
      if (at === from && group === 0) weight--;
      else at = int16Bytes(bytes, at, group);
    }
    for (let i = point + 1; i < text.length; i += 4) {
      const group = fractionDigits(text, i);
      if (at === from && group === 0) weight--;
      else at = int16Bytes(bytes, at, group);
    }
    while (bytes[at - 1] === 0 && bytes[at - 2] === 0) at -= 2;
  }
  int32Bytes(bytes, start, at - start - 4);
  int16Bytes(bytes, start + 4, (at - from) >> 1);
  int16Bytes(bytes, start + 6, weight);
  int16Bytes(bytes, start + 8, first === 1 && !isZero ? NEGATIVE : 0);
  int16Bytes(bytes, start + 10, scale);
  sink.length = at;
  return true;
};

function digits(text: string, start: number, end: number): number {
  let value = 0;
  for (let i = start; i < end; i++) value = value * 10 + text.charCodeAt(i) - ZERO;
  return value;
}

function fractionDigits(text: string, start: number): number {
  let value = 0;
  for (let i = start; i < start + 4; i++)
    value = value * 10 + (i < text.length ? text.charCodeAt(i) - ZERO : 0);
  return value;
}

function specialNumeric(sink: ByteSink, text: string): boolean {
  const sign = Object.hasOwn(NUMERIC_SIGNS, text) ? NUMERIC_SIGNS[text] : undefined;
  if (sign === undefined) return false;
  const at = openField(sink, 8);
  int32Bytes(sink.bytes, at, 0);
  int16Bytes(sink.bytes, at + 4, sign);
  int16Bytes(sink.bytes, at + 6, 0);
  return true;
}
