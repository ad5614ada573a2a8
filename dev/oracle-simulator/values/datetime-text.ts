/** Dates and times as canonical text (types.ts, `Cell`): `2024-05-01 10:00:00.123456789+02:00`, ` BC` behind. */

import { OraError } from '../ora-error.ts';
import type { DateTime } from './calendar.ts';

const DIGIT_0 = 48;
const MINUS = 45;
const PLUS = 43;
const POINT = 46;
const NANO_DIGITS = 9;

/** @throws OraError 1841 for PostgreSQL's infinities and for years of more than four digits, 1861 for what is no date. */
export function parseDateTime(text: string): DateTime {
  const dash = text.indexOf('-', 1);
  if (dash > 4 || text.includes('infinity')) {
    throw new OraError(1841, '(full) year must be between -4713 and +9999, and not be 0');
  }
  if (dash !== 4 || text.length < 10) throw noDate();
  const year = number(text, 0, 4);
  const bc = text.endsWith(' BC');
  const end = bc ? text.length - 3 : text.length;
  const timed = end > 10;
  let at = timed ? 19 : 10;
  if (end < at) throw noDate();
  let nanos = 0;
  if (text.charCodeAt(at) === POINT && at < end) {
    const start = ++at;
    while (at < end && isDigit(text.charCodeAt(at))) at++;
    nanos = nanosOf(text.slice(start, at));
  }
  return {
    year: bc ? -year : year,
    month: number(text, 5, 2),
    day: number(text, 8, 2),
    hour: timed ? number(text, 11, 2) : 0,
    minute: timed ? number(text, 14, 2) : 0,
    second: timed ? number(text, 17, 2) : 0,
    nanos,
    offsetMinutes: at < end ? offsetOf(text, at, end) : null,
  };
}

export function formatDateTime(value: DateTime): string {
  const date = `${pad(Math.abs(value.year), 4)}-${pad(value.month, 2)}-${pad(value.day, 2)}`;
  const time = `${pad(value.hour, 2)}:${pad(value.minute, 2)}:${pad(value.second, 2)}`;
  const fraction = value.nanos === 0 ? '' : `.${pad(value.nanos, NANO_DIGITS).replace(/0+$/, '')}`;
  const zone = value.offsetMinutes === null ? '' : formatOffset(value.offsetMinutes);
  return `${date} ${time}${fraction}${zone}${value.year < 0 ? ' BC' : ''}`;
}

/** `+05:30` */
export function formatOffset(minutes: number): string {
  const size = Math.abs(minutes);
  return `${minutes < 0 ? '-' : '+'}${pad(Math.floor(size / 60), 2)}:${pad(size % 60, 2)}`;
}

export function pad(value: number, digits: number): string {
  return String(value).padStart(digits, '0');
}

function nanosOf(digits: string): number {
  if (digits.length === 0 || digits.length > NANO_DIGITS) throw noDate();
  return Number(digits.padEnd(NANO_DIGITS, '0'));
}

/** `+05`, `+05:30`. */
function offsetOf(text: string, at: number, end: number): number {
  const sign = text.charCodeAt(at);
  const length = end - at;
  const colon = text[at + 3] === ':';
  if ((sign !== PLUS && sign !== MINUS) || !(length === 3 || (length === 6 && colon))) throw noDate();
  const minutes = number(text, at + 1, 2) * 60 + (length === 6 ? number(text, at + 4, 2) : 0);
  return sign === MINUS ? -minutes : minutes;
}

function number(text: string, start: number, count: number): number {
  let value = 0;
  for (let at = start; at < start + count; at++) {
    const code = text.charCodeAt(at);
    if (!isDigit(code)) throw noDate();
    value = value * 10 + code - DIGIT_0;
  }
  return value;
}

function isDigit(code: number): boolean {
  return code >= DIGIT_0 && code <= DIGIT_0 + 9;
}

function noDate(): OraError {
  return new OraError(1861, 'literal does not match format string');
}
