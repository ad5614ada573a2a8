/**
 * BINARY_FLOAT and BINARY_DOUBLE between text (as PostgreSQL prints float4 and float8) and Oracle's bytes: IEEE 754,
 * big endian, positive numbers with the sign bit set and negative ones complemented, so that bytes sort as numbers.
 * As in Oracle there is one zero and one NaN.
 */

import { OraError } from '../ora-error.ts';

export type FloatBytes = 4 | 8;

const SIGN = 0x80;
const NUMERIC = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d+)?$/;
/** From how many digits before the point on PostgreSQL writes an exponent. */
const EXPONENT_FROM = { 4: 6, 8: 15 } as const;

/** @throws OraError 1722 for what is no number, 1426 for a finite number that is out of range. */
export function encodeFloat(text: string, size: FloatBytes): Uint8Array {
  const value = numberOf(text);
  const bytes = new Uint8Array(size);
  const view = new DataView(bytes.buffer);
  if (size === 4) view.setFloat32(0, value);
  else view.setFloat64(0, value);
  if (Number.isFinite(value) && !Number.isFinite(size === 4 ? view.getFloat32(0) : view.getFloat64(0))) {
    throw new OraError(1426, 'numeric overflow');
  }
  // A number too small for the format has become a zero, perhaps a negative one.
  if ((size === 4 ? view.getFloat32(0) : view.getFloat64(0)) === 0) bytes.fill(0);
  if (((bytes[0] as number) & SIGN) === 0) bytes[0] = (bytes[0] as number) | SIGN;
  else for (let at = 0; at < size; at++) bytes[at] = ~(bytes[at] as number);
  return bytes;
}

export function decodeFloat(bytes: Uint8Array): string {
  const size = bytes.length;
  if (size !== 4 && size !== 8) throw new OraError(1722, 'invalid number');
  const copy = Uint8Array.from(bytes);
  if (((copy[0] as number) & SIGN) !== 0) copy[0] = (copy[0] as number) & ~SIGN;
  else for (let at = 0; at < size; at++) copy[at] = ~(copy[at] as number);
  const view = new DataView(copy.buffer);
  return size === 4 ? format(shortFloat(view.getFloat32(0)), 4) : format(String(view.getFloat64(0)), 8);
}

function numberOf(text: string): number {
  if (NUMERIC.test(text)) {
    const value = Number(text);
    if (!Number.isFinite(value)) throw new OraError(1426, 'numeric overflow');
    return value;
  }
  if (/^nan$/i.test(text)) return Number.NaN;
  const infinity = /^([+-]?)inf(?:inity)?$/i.exec(text);
  if (infinity === null) throw new OraError(1722, 'invalid number');
  return infinity[1] === '-' ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

/** The fewest digits that name this float4 and no other. */
function shortFloat(value: number): string {
  if (!Number.isFinite(value) || value === 0) return String(value);
  for (let digits = 1; digits < 9; digits++) {
    const text = value.toPrecision(digits);
    if (Math.fround(Number(text)) === value) return text;
  }
  return value.toPrecision(9);
}

function format(shortest: string, size: FloatBytes): string {
  const value = Number(shortest);
  if (!Number.isFinite(value)) return shortest;
  if (value === 0) return '0';
  const [mantissa, power] = value.toExponential().split('e') as [string, string];
  const exponent = Number(power);
  if (exponent < -4 || exponent >= EXPONENT_FROM[size]) {
    return `${mantissa}e${exponent < 0 ? '-' : '+'}${String(Math.abs(exponent)).padStart(2, '0')}`;
  }
  const negative = mantissa.startsWith('-') ? '-' : '';
  const digits = mantissa.replace(/[-.]/g, '');
  if (exponent < 0) return `${negative}0.${'0'.repeat(-exponent - 1)}${digits}`;
  if (digits.length <= exponent + 1) return `${negative}${digits.padEnd(exponent + 1, '0')}`;
  return `${negative}${digits.slice(0, exponent + 1)}.${digits.slice(exponent + 1)}`;
}
