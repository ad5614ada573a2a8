/**
 * Dates and timestamps: from text to fields of COPY binary, equal to what PostgreSQL makes of the text. Only ISO texts
 * with plain parts are taken; whatever else PostgreSQL may understand is left to it.
 */
import type { ByteSink } from './byte-sink.ts';
import { bigInt64Bytes, int32Bytes, int64Bytes, openField, type TextFieldWriter } from './pg-binary-field.ts';

const DAY_US = 86_400_000_000;
/** Days within it have microseconds that a double holds exactly. */
const EXACT_DAYS = 100_000;
/** From 1970-01-01, which `daysOf` counts from, to PostgreSQL's 2000-01-01. */
const EPOCH_DAYS = 10_957;
const ZERO = 0x30;
const DATE_CHARS = 'YYYY-MM-DD'.length;
const CLOCK_CHARS = 'YYYY-MM-DD HH:MM:SS'.length;
const ERA = ' BC';

/** Parts of the text that was parsed last. */
const parsed = { days: 0, micros: 0, end: 0 };

export const dateFromText: TextFieldWriter = (sink, text) => {
  if (text === 'infinity' || text === '-infinity') {
    int32Bytes(sink.bytes, openField(sink, 4), text === 'infinity' ? 0x7fffffff : -0x80000000);
    return true;
  }
  // A time of day is taken off, as PostgreSQL does.
  if (!parseTimestamp(text) || parsed.end !== text.length) return false;
  int32Bytes(sink.bytes, openField(sink, 4), parsed.days);
  return true;
};

export const timestampFromText: TextFieldWriter = (sink, text) => {
  if (writeInfinity(sink, text)) return true;
  if (!parseTimestamp(text) || parsed.end !== text.length) return false;
  writeMicros(sink, parsed.days, parsed.micros);
  return true;
};

const ZONE = /^([+-])(\d\d)(?::(\d\d)(?::(\d\d))?)?$/;
/** Beyond it PostgreSQL sees no offset. */
const MAX_ZONE_HOURS = 15;

export const timestamptzFromText: TextFieldWriter = (sink, text) => {
  if (writeInfinity(sink, text)) return true;
  if (!parseTimestamp(text)) return false;
  const era = text.endsWith(ERA) ? ERA.length : 0;
  const zone = text.slice(parsed.end, text.length - era);
  if (zone === '+00') {
    writeMicros(sink, parsed.days, parsed.micros);
    return true;
  }
  const [, sign, hours, minutes = '0', seconds = '0'] = ZONE.exec(zone) ?? [];
  if (hours === undefined || Number(hours) > MAX_ZONE_HOURS || Number(minutes) > 59 || Number(seconds) > 59)
    return false;
  const offset = (Number(hours) * 3_600 + Number(minutes) * 60 + Number(seconds)) * 1_000_000;
  writeMicros(sink, parsed.days, parsed.micros + (sign === '-' ? offset : -offset));
  return true;
};

function writeInfinity(sink: ByteSink, text: string): boolean {
  if (text !== 'infinity' && text !== '-infinity') return false;
  const at = openField(sink, 8);
  int32Bytes(sink.bytes, at, text === 'infinity' ? 0x7fffffff : -0x80000000);
  int32Bytes(sink.bytes, at + 4, text === 'infinity' ? -1 : 0);
  return true;
}

function writeMicros(sink: ByteSink, days: number, micros: number): void {
  const at = openField(sink, 8);
  if (days < EXACT_DAYS && days > -EXACT_DAYS) int64Bytes(sink.bytes, at, days * DAY_US + micros);
  else bigInt64Bytes(sink.bytes, at, BigInt(days) * BigInt(DAY_US) + BigInt(micros));
}

function two(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO;
  const ones = text.charCodeAt(at + 1) - ZERO;
  // NaN beyond the end of the text.
  return tens >= 0 && tens <= 9 && ones >= 0 && ones <= 9 ? tens * 10 + ones : -1;
}

/** Fills `parsed`; `end` is where a zone and the era would begin, or the text's length when the era ends it there. */
function parseTimestamp(text: string): boolean {
  const century = two(text, 0);
  const shortYear = two(text, 2);
  const month = two(text, 5);
  const day = two(text, 8);
  if (century < 0 || shortYear < 0 || text[4] !== '-' || text[7] !== '-') return false;
  let year = century * 100 + shortYear;
  const isBefore = text.endsWith(ERA);
  if (year === 0) return false;
  if (isBefore) year = 1 - year;
  if (month < 1 || month > 12 || day < 1 || day > lastDay(year, month)) return false;
  parsed.days = daysOf(year, month, day) - EPOCH_DAYS;
  parsed.micros = 0;
  parsed.end = DATE_CHARS;
  if (text[DATE_CHARS] === ' ' && text.length >= CLOCK_CHARS && !parseClock(text)) return false;
  if (isBefore && parsed.end === text.length - ERA.length) parsed.end = text.length;
  return true;
}

function parseClock(text: string): boolean {
  const hour = two(text, 11);
  const minute = two(text, 14);
  const second = two(text, 17);
  if (hour < 0 || hour > 23 || minute < 0 || minute > 59 || second < 0 || second > 59) return false;
  if (text[13] !== ':' || text[16] !== ':') return false;
  parsed.end = CLOCK_CHARS;
  let micros = 0;
  if (text[CLOCK_CHARS] === '.') {
    micros = parseFraction(text, CLOCK_CHARS + 1);
    if (parsed.end === CLOCK_CHARS + 1) return false;
  }
  parsed.micros = (hour * 3_600 + minute * 60 + second) * 1_000_000 + micros;
  return true;
}

const MICRO_DIGITS = 6;

/** Microseconds of the digits from `start` on, rounded as PostgreSQL does: a half to the even one. */
function parseFraction(text: string, start: number): number {
  let end = start;
  let micros = 0;
  for (; end < text.length; end++) {
    const digit = text.charCodeAt(end) - ZERO;
    if (digit < 0 || digit > 9) break;
    if (end - start < MICRO_DIGITS) micros = micros * 10 + digit;
  }
  parsed.end = end;
  if (end - start > MICRO_DIGITS) return roundHalfToEven(Number(`0.${text.slice(start, end)}`) * 1e6);
  for (let i = end - start; i < MICRO_DIGITS; i++) micros *= 10;
  return micros;
}

function roundHalfToEven(value: number): number {
  const below = Math.floor(value);
  const rest = value - below;
  if (rest !== 0.5) return rest < 0.5 ? below : below + 1;
  return below % 2 === 0 ? below : below + 1;
}

function lastDay(year: number, month: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28;
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31;
}

/** Days from 1970-01-01 in the proleptic Gregorian calendar, in years that begin in March. */
function daysOf(year: number, month: number, day: number): number {
  const marchYear = month <= 2 ? year - 1 : year;
  const dayOfYear = Math.floor((153 * ((month + 9) % 12) + 2) / 5) + day - 1;
  const leapDays = Math.floor(marchYear / 4) - Math.floor(marchYear / 100) + Math.floor(marchYear / 400);
  return marchYear * 365 + leapDays + dayOfYear - 719_468;
}
