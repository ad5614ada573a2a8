/**
 * Arithmetic on numbers as configuration functions see them: numeric and int8 are texts, and JavaScript's own operators
 * would round them or put them together as texts. `compareExact(row.salary, '1000.50') > 0`
 */
import type { Value } from './row.ts';
import { compareDecimals, type Decimal, parseDecimal } from './values.ts';

export type ExactNumber = Value | bigint | undefined;

/**
 * Negative, 0 or positive, as a comparison for sorting; 1.50 equals 1.5.
 * @throws RangeError when one is no finite number, NULL included.
 */
export function compareExact(left: ExactNumber, right: ExactNumber): number {
  return compareDecimals(decimalOf(left, 'compareExact'), decimalOf(right, 'compareExact'));
}

/** @throws RangeError when one is no finite number. */
export function addExact(left: ExactNumber, right: ExactNumber): string {
  return sum(scaledOf(left, 'addExact'), scaledOf(right, 'addExact'));
}

/** @throws RangeError when one is no finite number. */
export function subtractExact(left: ExactNumber, right: ExactNumber): string {
  const { digits, scale } = scaledOf(right, 'subtractExact');
  return sum(scaledOf(left, 'subtractExact'), { digits: -digits, scale });
}

/** With all its digits. @throws RangeError when one is no finite number. */
export function multiplyExact(left: ExactNumber, right: ExactNumber): string {
  const a = scaledOf(left, 'multiplyExact');
  const b = scaledOf(right, 'multiplyExact');
  return textOf({ digits: a.digits * b.digits, scale: a.scale + b.scale });
}

/** digits × 10^-scale. */
type Scaled = { readonly digits: bigint; readonly scale: number };

function sum(a: Scaled, b: Scaled): string {
  const scale = Math.max(a.scale, b.scale);
  return textOf({ digits: widened(a, scale) + widened(b, scale), scale });
}

function widened({ digits, scale }: Scaled, to: number): bigint {
  return digits * 10n ** BigInt(to - scale);
}

/** In the shortest form that PostgreSQL reads: no zeros at either end. */
function textOf({ digits, scale }: Scaled): string {
  const sign = digits < 0n ? '-' : '';
  const text = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0');
  const whole = text.slice(0, text.length - scale);
  const { fraction } = decimalOf(`0.${text.slice(text.length - scale)}`, 'textOf');
  return `${sign}${whole}${fraction === '' ? '' : `.${fraction}`}`;
}

function scaledOf(value: ExactNumber, caller: string): Scaled {
  const { negative, whole, fraction } = decimalOf(value, caller);
  const digits = BigInt(`${whole}${fraction}` || '0');
  return { digits: negative ? -digits : digits, scale: fraction.length };
}

/** The message never repeats the value: it goes where values must not. */
function decimalOf(value: ExactNumber, caller: string): Decimal {
  const isNumber = typeof value === 'string' || typeof value === 'number' || typeof value === 'bigint';
  const decimal = isNumber ? parseDecimal(String(value)) : null;
  if (decimal !== null) return decimal;
  throw new RangeError(
    `${caller}(): ${value === null || value === undefined ? 'NULL' : 'a value'} is no finite number`,
  );
}
