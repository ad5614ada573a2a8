/** Intervals between canonical text (`-3-11`, `-12 03:04:05.123456789`) and Oracle's bytes: each field plus a middle value. */

import { OraError } from '../ora-error.ts';
import { pad } from './datetime-text.ts';

const MIDDLE = 0x80000000;
const SMALL_MIDDLE = 60;
const SECONDS_A_DAY = 86_400;
const NANOS_A_SECOND = 1_000_000_000n;
const MAX_LEADING = 999_999_999;
const YEARS_MONTHS = /^([+-]?)(\d+)-(\d+)$/;
const DAYS_SECONDS = /^([+-]?)(\d+) (\d+):(\d+):(\d+)(?:\.(\d{1,9}))?$/;

/** 5 bytes. @throws OraError 1867 for other text, 1873 for more than nine digits of years. */
export function encodeYearsMonths(text: string): Uint8Array {
  const match = YEARS_MONTHS.exec(text);
  if (match === null) throw noInterval();
  const sign = match[1] === '-' ? -1 : 1;
  const [years, months] = [Number(match[2]), Number(match[3])];
  if (months > 11) throw new OraError(1843, 'not a valid month');
  const bytes = new Uint8Array(5);
  putLarge(bytes, 0, sign * leading(years));
  bytes[4] = SMALL_MIDDLE + sign * months;
  return bytes;
}

/** 11 bytes. @throws OraError 1867 for other text, 1873 for more than nine digits of days. */
export function encodeDaysSeconds(text: string): Uint8Array {
  const match = DAYS_SECONDS.exec(text);
  if (match === null) throw noInterval();
  const sign = match[1] === '-' ? -1 : 1;
  const [days, hours, minutes, seconds] = [match[2], match[3], match[4], match[5]].map(Number) as [
    number,
    number,
    number,
    number,
  ];
  if (hours > 23 || minutes > 59 || seconds > 59) throw noInterval();
  const bytes = new Uint8Array(11);
  putLarge(bytes, 0, sign * leading(days));
  bytes[4] = SMALL_MIDDLE + sign * hours;
  bytes[5] = SMALL_MIDDLE + sign * minutes;
  bytes[6] = SMALL_MIDDLE + sign * seconds;
  putLarge(bytes, 7, sign * Number((match[6] ?? '').padEnd(9, '0')));
  return bytes;
}

/** Fields of both signs, as some clients send them, are added up. */
export function decodeYearsMonths(bytes: Uint8Array): string {
  if (bytes.length !== 5) throw noInterval();
  const total = getLarge(bytes, 0) * 12 + (bytes[4] as number) - SMALL_MIDDLE;
  const months = Math.abs(total);
  return `${total < 0 ? '-' : ''}${Math.floor(months / 12)}-${pad(months % 12, 2)}`;
}

export function decodeDaysSeconds(bytes: Uint8Array): string {
  if (bytes.length !== 11) throw noInterval();
  const [hours, minutes, seconds] = [bytes[4], bytes[5], bytes[6]].map(
    (byte) => (byte as number) - SMALL_MIDDLE,
  ) as [number, number, number];
  const wholeSeconds = getLarge(bytes, 0) * SECONDS_A_DAY + hours * 3600 + minutes * 60 + seconds;
  const total = BigInt(wholeSeconds) * NANOS_A_SECOND + BigInt(getLarge(bytes, 7));
  const size = total < 0n ? -total : total;
  const nanos = Number(size % NANOS_A_SECOND);
  const rest = Number(size / NANOS_A_SECOND);
  const ofDay = rest % SECONDS_A_DAY;
  const time = [Math.floor(ofDay / 3600), Math.floor(ofDay / 60) % 60, ofDay % 60];
  const fraction = nanos === 0 ? '' : `.${pad(nanos, 9).replace(/0+$/, '')}`;
  const clock = time.map((part) => pad(part, 2)).join(':');
  return `${total < 0n ? '-' : ''}${Math.floor(rest / SECONDS_A_DAY)} ${clock}${fraction}`;
}

function leading(value: number): number {
  if (value > MAX_LEADING) throw new OraError(1873, 'the leading precision of the interval is too small');
  return value;
}

function putLarge(bytes: Uint8Array, at: number, value: number): void {
  new DataView(bytes.buffer).setUint32(at, value + MIDDLE);
}

function getLarge(bytes: Uint8Array, at: number): number {
  return new DataView(bytes.buffer, bytes.byteOffset).getUint32(at) - MIDDLE;
}

function noInterval(): OraError {
  return new OraError(1867, 'the interval is invalid');
}
