/** Dates, times and intervals: from COPY binary to the text of DateStyle ISO, TimeZone UTC, IntervalStyle postgres. */
import { int32At } from './pg-binary.ts';

const DAY_US = 86_400_000_000;
const TWO_32 = 4_294_967_296;
/** Days from 0001-01-01 to 2000-01-01, PostgreSQL's epoch; days before it are BC. */
const FIRST_DAY_AD = -730_119;

const PAD2 = Array.from({ length: 100 }, (_, i) => String(i).padStart(2, '0'));
const PAD3 = Array.from({ length: 1000 }, (_, i) => String(i).padStart(3, '0'));
const TRIMMED3 = PAD3.map((text) => text.replace(/0+$/, ''));
/** ' HH:MM:' by minute of the day. */
const MINUTES = Array.from(
  { length: 1440 },
  (_, minute) => ` ${PAD2[Math.floor(minute / 60)]}:${PAD2[minute % 60]}:`,
);

export function dateText(bytes: Uint8Array, start: number): string {
  const day = int32At(bytes, start);
  if (day === 0x7fffffff) return 'infinity';
  if (day === -0x80000000) return '-infinity';
  return day < FIRST_DAY_AD ? `${dayText(day)} BC` : dayText(day);
}

export function timestampText(bytes: Uint8Array, start: number): string {
  return timestamp(bytes, start, '');
}

export function timestamptzText(bytes: Uint8Array, start: number): string {
  return timestamp(bytes, start, '+00');
}

function timestamp(bytes: Uint8Array, start: number, zone: string): string {
  const high = int32At(bytes, start);
  const low = int32At(bytes, start + 4) >>> 0;
  let day: number;
  let us: number;
  if (high < 0x200000 && high >= -0x200000) {
    const all = high * TWO_32 + low;
    day = Math.floor(all / DAY_US);
    us = all - day * DAY_US;
  } else {
    // Beyond 285 years from 2000, microseconds need more than 53 bits.
    if (high === 0x7fffffff && low === 0xffffffff) return 'infinity';
    if (high === -0x80000000 && low === 0) return '-infinity';
    const all = (BigInt(high) << 32n) | BigInt(low);
    const rest = all % BigInt(DAY_US);
    us = Number(rest < 0n ? rest + BigInt(DAY_US) : rest);
    day = Number((all - BigInt(us)) / BigInt(DAY_US));
  }
  const minute = Math.floor(us / 60_000_000);
  const text = dayText(day) + (MINUTES[minute] as string) + secondsText(us - minute * 60_000_000) + zone;
  return day < FIRST_DAY_AD ? `${text} BC` : text;
}

export function timeText(bytes: Uint8Array, start: number): string {
  const us = int32At(bytes, start) * TWO_32 + (int32At(bytes, start + 4) >>> 0);
  if (us === DAY_US) return '24:00:00';
  const minute = Math.floor(us / 60_000_000);
  return (MINUTES[minute] as string).slice(1) + secondsText(us - minute * 60_000_000);
}

export function timetzText(bytes: Uint8Array, start: number): string {
  const secondsWest = int32At(bytes, start + 8);
  const seconds = Math.abs(secondsWest);
  let zone = `${secondsWest > 0 ? '-' : '+'}${PAD2[Math.floor(seconds / 3600)]}`;
  if (seconds % 3600 !== 0) zone += `:${PAD2[Math.floor(seconds / 60) % 60]}`;
  if (seconds % 60 !== 0) zone += `:${PAD2[seconds % 60]}`;
  return timeText(bytes, start) + zone;
}

/** SS[.ffffff] of microseconds below a minute, without trailing zeros. */
function secondsText(us: number): string {
  const second = Math.floor(us / 1_000_000);
  const fraction = us - second * 1_000_000;
  if (fraction === 0) return PAD2[second] as string;
  const ms = Math.floor(fraction / 1000);
  const rest = fraction - ms * 1000;
  if (rest === 0) return `${PAD2[second]}.${TRIMMED3[ms]}`;
  return `${PAD2[second]}.${PAD3[ms]}${TRIMMED3[rest]}`;
}

// Rows near each other mostly fall on few days, so the last text of each slot is kept. Bounded: 4096 days.
const cachedDays = new Int32Array(4096).fill(0x7fffffff);
const cachedTexts: string[] = new Array<string>(4096).fill('');

/** YYYY-MM-DD of a day counted from 2000-01-01; years BC as positive numbers. */
function dayText(day: number): string {
  const slot = day & 4095;
  if (cachedDays[slot] === day) return cachedTexts[slot] as string;
  const text = civilText(day);
  cachedDays[slot] = day;
  cachedTexts[slot] = text;
  return text;
}

/** The proleptic Gregorian calendar in eras of 400 years whose years begin on 1 March (Hinnant, civil_from_days). */
function civilText(day: number): string {
  const shifted = day + 730_425;
  const era = Math.floor(shifted / 146_097);
  const dayOfEra = shifted - era * 146_097;
  const yearOfEra = Math.floor(
    (dayOfEra -
      Math.floor(dayOfEra / 1460) +
      Math.floor(dayOfEra / 36_524) -
      Math.floor(dayOfEra / 146_096)) /
      365,
  );
  const dayOfYear = dayOfEra - (365 * yearOfEra + Math.floor(yearOfEra / 4) - Math.floor(yearOfEra / 100));
  const marchMonth = Math.floor((5 * dayOfYear + 2) / 153);
  const dayOfMonth = dayOfYear - Math.floor((153 * marchMonth + 2) / 5) + 1;
  const month = marchMonth < 10 ? marchMonth + 3 : marchMonth - 9;
  const year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0);
  const shown = year <= 0 ? 1 - year : year;
  return `${String(shown).padStart(4, '0')}-${PAD2[month]}-${PAD2[dayOfMonth]}`;
}

/** As EncodeInterval() of PostgreSQL writes it: every field has its own sign. */
export function intervalText(bytes: Uint8Array, start: number): string {
  const us = (BigInt(int32At(bytes, start)) << 32n) | BigInt(int32At(bytes, start + 4) >>> 0);
  const days = int32At(bytes, start + 8);
  const months = int32At(bytes, start + 12);
  if (days === 0x7fffffff && months === 0x7fffffff && us === 0x7fffffffffffffffn) return 'infinity';
  if (days === -0x80000000 && months === -0x80000000 && us === -0x8000000000000000n) return '-infinity';
  let text = '';
  let afterNegative = false;
  for (const [value, unit] of [
    [Math.trunc(months / 12), 'year'],
    [months % 12, 'mon'],
    [days, 'day'],
  ] as const) {
    if (value === 0) continue;
    text += `${text === '' ? '' : ' '}${afterNegative && value > 0 ? '+' : ''}${value} ${unit}${value === 1 ? '' : 's'}`;
    afterNegative = value < 0;
  }
  if (us === 0n && text !== '') return text;
  const sign = us < 0n ? '-' : afterNegative ? '+' : '';
  const size = us < 0n ? -us : us;
  const minutes = size / 60_000_000n;
  const clock = `${String(minutes / 60n).padStart(2, '0')}:${String(minutes % 60n).padStart(2, '0')}`;
  return `${text === '' ? '' : `${text} `}${sign}${clock}:${secondsText(Number(size % 60_000_000n))}`;
}
