/** Numbers: from COPY binary to the text that PostgreSQL prints (extra_float_digits 1 and above). */
import { int16At, int32At } from './pg-binary.ts';

const TWO_32 = 4_294_967_296;
const PAD4 = Array.from({ length: 10_000 }, (_, i) => String(i).padStart(4, '0'));
const PLAIN = Array.from({ length: 10_000 }, (_, i) => String(i));

/** Of an integer from 0 to 2^53; by table, which is several times faster than String() above 2^31. */
function integerText(value: number): string {
  if (value < 10_000) return PLAIN[value] as string;
  if (value < 100_000_000) {
    const upper = Math.floor(value / 10_000);
    return (PLAIN[upper] as string) + (PAD4[value - upper * 10_000] as string);
  }
  const upper = Math.floor(value / 100_000_000);
  const lower = value - upper * 100_000_000;
  const middle = Math.floor(lower / 10_000);
  return integerText(upper) + (PAD4[middle] as string) + (PAD4[lower - middle * 10_000] as string);
}

export function int8Text(bytes: Uint8Array, start: number): string {
  const high = int32At(bytes, start);
  const low = int32At(bytes, start + 4) >>> 0;
  if (high >= 0 && high < 0x200000) return integerText(high * TWO_32 + low);
  if (high < 0 && high > -0x200000) return `-${integerText(-(high * TWO_32 + low))}`;
  return String((BigInt(high) << 32n) | BigInt(low));
}

const NUMERIC_NEGATIVE = 0x4000;
const NUMERIC_SPECIAL: Readonly<Record<number, string>> = {
  49152: 'NaN',
  53248: 'Infinity',
  61440: '-Infinity',
};

/** Base-10000 digits: int16 count, weight of the first digit, sign, digits shown behind the point, then the digits. */
export function numericText(bytes: Uint8Array, start: number): string {
  const digits = int16At(bytes, start);
  const weight = int16At(bytes, start + 2);
  const sign = int16At(bytes, start + 4) & 0xffff;
  if (sign > NUMERIC_NEGATIVE) return NUMERIC_SPECIAL[sign] ?? 'NaN';
  const scale = int16At(bytes, start + 6);
  const first = start + 8;
  let text: string;
  if (weight < 0 || digits === 0) {
    text = '0';
  } else {
    text = PLAIN[int16At(bytes, first)] as string;
    for (let i = 1; i <= weight; i++)
      text += i < digits ? (PAD4[int16At(bytes, first + 2 * i)] as string) : '0000';
  }
  if (scale > 0) {
    let fraction = '';
    for (let i = weight + 1; fraction.length < scale; i++) {
      fraction += i >= 0 && i < digits ? (PAD4[int16At(bytes, first + 2 * i)] as string) : '0000';
    }
    text += `.${fraction.length === scale ? fraction : fraction.slice(0, scale)}`;
  }
  return sign === NUMERIC_NEGATIVE ? `-${text}` : text;
}

const scratch = new DataView(new ArrayBuffer(8));

export function float4At(bytes: Uint8Array, start: number): number {
  scratch.setInt32(0, int32At(bytes, start));
  return scratch.getFloat32(0);
}

export function float8At(bytes: Uint8Array, start: number): number {
  scratch.setInt32(0, int32At(bytes, start));
  scratch.setInt32(4, int32At(bytes, start + 4));
  return scratch.getFloat64(0);
}

/** The number that the float4's text stands for: 0.1, not 0.10000000149011612. */
export function float4Number(bytes: Uint8Array, start: number): number {
  const value = float4At(bytes, start);
  // Integers below a million have no shorter text than themselves, and no text of theirs differs.
  if (Number.isInteger(value) && value < 1e6 && value > -1e6) return value;
  return Number(float4Text(bytes, start));
}

export function float4Text(bytes: Uint8Array, start: number): string {
  const value = float4At(bytes, start);
  return specialFloat(value) ?? placeDigits(shortestFloat4(value), 6);
}

export function float8Text(bytes: Uint8Array, start: number): string {
  const value = float8At(bytes, start);
  return specialFloat(value) ?? placeDigits(shortestFloat8(value), 15);
}

function specialFloat(value: number): string | null {
  if (value === 0) return Object.is(value, -0) ? '-0' : '0';
  return Number.isFinite(value) ? null : String(value);
}

/** `digits` without trailing zeros; the point stands behind the first, times 10^exponent. */
type Digits = { readonly sign: string; readonly digits: string; readonly exponent: number };

/** Reads `d.ddde±x`, with any number of digits before the point. */
function digitsOf(exponential: string): Digits {
  const sign = exponential.startsWith('-') ? '-' : '';
  const [mantissa = '', exponent = '0'] = exponential.slice(sign.length).split('e');
  const [whole = '', fraction = ''] = mantissa.split('.');
  const digits = (whole + fraction).replace(/0+$/, '');
  return { sign, digits: digits === '' ? '0' : digits, exponent: Number(exponent) + whole.length - 1 };
}

/**
 * PostgreSQL never prints a decimal that lies exactly in the middle of two floats (and reads back by the rule of
 * even mantissas only); JavaScript does. Only integers above 2^53 have such short middles.
 */
function shortestFloat8(value: number): Digits {
  const shortest = value.toExponential();
  const size = Math.abs(value);
  if (size < 2 ** 53 || size > 1e40 || !isMiddle(value, shortest)) return digitsOf(shortest);
  for (let digits = digitsOf(shortest).digits.length; digits < 17; digits++) {
    const text = value.toExponential(digits - 1);
    if (Number(text) === value && !isMiddle(value, text)) return digitsOf(text);
  }
  return digitsOf(value.toExponential(16));
}

function isMiddle(value: number, text: string): boolean {
  const { sign, digits, exponent } = digitsOf(text);
  const scale = exponent - digits.length + 1;
  if (scale < 0) return false;
  const decimal = BigInt(sign + digits) * 10n ** BigInt(scale);
  const exact = BigInt(value);
  // Twice the way to the decimal leads exactly to the neighbour: then the decimal is the middle.
  const other = 2n * decimal - exact;
  return other !== exact && BigInt(Number(other)) === other && isNeighbour(value, Number(other));
}

function isNeighbour(left: number, right: number): boolean {
  scratch.setFloat64(0, left);
  const leftBits = scratch.getBigInt64(0);
  scratch.setFloat64(0, right);
  const distance = scratch.getBigInt64(0) - leftBits;
  return distance === 1n || distance === -1n;
}

/** The fewest digits that read back as the same float4; of those the closest. */
function shortestFloat4(value: number): Digits {
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toExponential(digits - 1);
    if (readsBack(text, value)) return digitsOf(halfToEven(text, value));
    const further = nextAway(text, value);
    if (further !== null && readsBack(further, value)) return digitsOf(further);
  }
  return digitsOf(value.toExponential(8));
}

/**
 * Below a power of two floats lie closer together, so the closest decimal can miss where the one on the other side
 * would hit.
 */
function nextAway(text: string, value: number): string | null {
  if (Math.abs(Number(text)) >= Math.abs(value)) return null;
  const { sign, digits, exponent } = digitsOf(text);
  const kept = text.replace(/^-|e.*$|\./g, '').length;
  const next = BigInt(digits.padEnd(kept, '0')) + 1n;
  return `${sign}${next}e${exponent - kept + 1}`;
}

/** JavaScript rounds a half up, PostgreSQL to the even digit: 1153509.25 is `1.1535092e+06`. */
function halfToEven(text: string, value: number): string {
  const { sign, digits, exponent } = digitsOf(value.toExponential(60));
  const kept = text.replace(/^-|e.*$|\./g, '').length;
  const isHalf = digits.length === kept + 1 && digits.endsWith('5');
  const lower = BigInt(digits.slice(0, kept));
  return isHalf && lower % 2n === 0n ? `${sign}${lower}e${exponent - kept + 1}` : text;
}

/** As a float4, and not only because a middle of two was rounded to even. */
function readsBack(text: string, value: number): boolean {
  const decimal = Number(text);
  if (Math.fround(decimal) !== value) return false;
  // Middles of float4 are doubles, and short ones are exact in a double.
  const other = 2 * decimal - value;
  if (other === value || Math.fround(other) !== other) return true;
  scratch.setFloat32(0, value);
  const valueBits = scratch.getInt32(0);
  scratch.setFloat32(0, other);
  return Math.abs(scratch.getInt32(0) - valueBits) !== 1;
}

/** As `%g` of so many digits would choose between plain and scientific notation. */
function placeDigits({ sign, digits, exponent }: Digits, precision: number): string {
  if (exponent < -4 || exponent >= precision) {
    const fraction = digits.length > 1 ? `.${digits.slice(1)}` : '';
    const size = String(Math.abs(exponent)).padStart(2, '0');
    return `${sign}${digits[0]}${fraction}e${exponent < 0 ? '-' : '+'}${size}`;
  }
  if (exponent < 0) return `${sign}0.${'0'.repeat(-exponent - 1)}${digits}`;
  const whole = digits.slice(0, exponent + 1).padEnd(exponent + 1, '0');
  const fraction = digits.slice(exponent + 1);
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}
