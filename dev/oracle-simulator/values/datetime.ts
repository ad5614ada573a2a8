/**
 * DATE, TIMESTAMP and its two zoned kinds between canonical text and Oracle's bytes: century and year, each plus 100;
 * month; day; hour, minute and second, each plus 1; nanoseconds in four bytes; the zone's hours plus 20 and minutes
 * plus 60. What has a zone is sent in UTC. The database's own time zone is UTC.
 */

import { OraError } from '../ora-error.ts';
import { addMinutes, checkDateTime, type DateTime } from './calendar.ts';
import { formatDateTime, parseDateTime } from './datetime-text.ts';

const DATE_BYTES = 7;
const TIMESTAMP_BYTES = 11;
const ZONED_BYTES = 13;
const ZONE_HOUR = 20;
const ZONE_MINUTE = 60;
/** In the zone's first byte: the number of a region follows, not an offset. */
const REGION = 0x80;
/** … the fields are the zone's wall clock, not UTC: from clients whose time zone file is of another version. */
const WALL_CLOCK = 0x40;
/** Numbers of GMT, UTC and UCT; their aliases have other upper bits. */
const UTC_REGIONS: ReadonlySet<number> = new Set([1, 28, 29]);

export function encodeDate(text: string): Uint8Array {
  const bytes = new Uint8Array(DATE_BYTES);
  putDate(bytes, checked(parseDateTime(text)));
  return bytes;
}

/** Whole seconds take the 7 bytes of a DATE. */
export function encodeTimestamp(text: string): Uint8Array {
  return timestampBytes(checked(parseDateTime(text)));
}

/** Text without a zone is UTC. */
export function encodeZonedTimestamp(text: string): Uint8Array {
  const value = parseDateTime(text);
  const offset = value.offsetMinutes ?? 0;
  const bytes = new Uint8Array(ZONED_BYTES);
  const utc = checked(addMinutes(checked(value), -offset));
  putDate(bytes, utc);
  putNanos(bytes, utc.nanos);
  bytes[11] = ZONE_HOUR + Math.trunc(offset / 60);
  bytes[12] = ZONE_MINUTE + (offset % 60);
  return bytes;
}

/** In the database's time zone, which is UTC, whatever the session's is. */
export function encodeLocalTimestamp(text: string): Uint8Array {
  const value = parseDateTime(text);
  return timestampBytes(checked(addMinutes(checked(value), -(value.offsetMinutes ?? 0))));
}

export function decodeDate(bytes: Uint8Array): string {
  return formatDateTime({ ...getDateTime(bytes), nanos: 0 });
}

export function decodeTimestamp(bytes: Uint8Array): string {
  return formatDateTime(getDateTime(bytes));
}

/** @throws OraError 1882 for a zone that is a region, names of UTC excepted. */
export function decodeZonedTimestamp(bytes: Uint8Array): string {
  const fields = { ...getDateTime(bytes), offsetMinutes: 0 };
  if (bytes.length < ZONED_BYTES) return formatDateTime(fields);
  const first = bytes[11] as number;
  const second = bytes[12] as number;
  if ((first & REGION) !== 0) {
    if (UTC_REGIONS.has((((first & ~REGION) << 6) | (second >> 2)) & 0x1ff)) return formatDateTime(fields);
    throw new OraError(1882, 'timezone region not found: time zones are offsets here, such as +02:00');
  }
  const offset = ((first & ~WALL_CLOCK) - ZONE_HOUR) * 60 + second - ZONE_MINUTE;
  if (Math.abs(offset) > 15 * 60) throw new OraError(1874, 'time zone hour must be between -15 and 15');
  const local = (first & WALL_CLOCK) !== 0 ? fields : checked(addMinutes(fields, offset));
  return formatDateTime({ ...local, offsetMinutes: offset });
}

export function decodeLocalTimestamp(bytes: Uint8Array): string {
  return formatDateTime({ ...getDateTime(bytes), offsetMinutes: 0 });
}

function timestampBytes(value: DateTime): Uint8Array {
  const bytes = new Uint8Array(value.nanos === 0 ? DATE_BYTES : TIMESTAMP_BYTES);
  putDate(bytes, value);
  if (value.nanos !== 0) putNanos(bytes, value.nanos);
  return bytes;
}

function putDate(bytes: Uint8Array, value: DateTime): void {
  bytes[0] = Math.trunc(value.year / 100) + 100;
  bytes[1] = (value.year % 100) + 100;
  bytes[2] = value.month;
  bytes[3] = value.day;
  bytes[4] = value.hour + 1;
  bytes[5] = value.minute + 1;
  bytes[6] = value.second + 1;
}

function putNanos(bytes: Uint8Array, nanos: number): void {
  bytes[7] = nanos >>> 24;
  bytes[8] = nanos >>> 16;
  bytes[9] = nanos >>> 8;
  bytes[10] = nanos;
}

function getDateTime(bytes: Uint8Array): DateTime {
  if (bytes.length !== DATE_BYTES && bytes.length !== TIMESTAMP_BYTES && bytes.length !== ZONED_BYTES) {
    throw new OraError(1801, `date format is too long for internal buffer: ${bytes.length} bytes`);
  }
  const [century, year, month, day, hour, minute, second] = bytes as unknown as [
    number,
    number,
    number,
    number,
    number,
    number,
    number,
  ];
  const nanos = bytes.length > DATE_BYTES ? new DataView(bytes.buffer, bytes.byteOffset).getUint32(7) : 0;
  if (nanos > 999_999_999) throw new OraError(1880, 'the fractional seconds must be between 0 and 999999999');
  return checked({
    year: (century - 100) * 100 + year - 100,
    month,
    day,
    hour: hour - 1,
    minute: minute - 1,
    second: second - 1,
    nanos,
    offsetMinutes: null,
  });
}

function checked(value: DateTime): DateTime {
  checkDateTime(value);
  return value;
}
