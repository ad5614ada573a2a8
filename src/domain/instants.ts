/**
 * UTC instants as text, `YYYY-MM-DDTHH:MM:SS.ffffffZ`: fixed width, so that their order is the order of the text, and
 * microseconds survive. Nothing here goes through a Date with its milliseconds.
 */

const INSTANT = /^(\d{4})-(\d{2})-(\d{2})T(\d{2}):(\d{2}):(\d{2})\.(\d{6})Z$/;
const LENIENT =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.(\d{1,6}))?)?(Z|[+-]\d{2}(?::?\d{2})?)?)?$/;
const MICROS_PER_MS = 1_000n;
const FIRST = '0001-01-01T00:00:00.000000Z';
const LAST = '9999-12-31T23:59:59.999999Z';

/** Negative when `a` is earlier, 0 when equal, positive when later. */
export function compareInstants(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

export function minInstant(first: string, ...others: readonly string[]): string {
  return others.reduce((lowest, other) => (compareInstants(other, lowest) < 0 ? other : lowest), first);
}

export function maxInstant(first: string, ...others: readonly string[]): string {
  return others.reduce((highest, other) => (compareInstants(other, highest) > 0 ? other : highest), first);
}

/** Stops at the years 0001 and 9999. Fractions of a millisecond are kept to the microsecond. */
export function subtractMs(instant: string, ms: number): string {
  return microsToInstant(instantToMicros(instant) - BigInt(Math.round(ms * 1_000)));
}

export function addMs(instant: string, ms: number): string {
  return subtractMs(instant, -ms);
}

/** Milliseconds from `earlier` to `later`, with the microseconds as its fraction. */
export function msBetween(earlier: string, later: string): number {
  return Number(instantToMicros(later) - instantToMicros(earlier)) / 1_000;
}

/**
 * Microseconds since 1970.
 * @throws RangeError when the text is no instant.
 */
export function instantToMicros(instant: string): bigint {
  const parts = INSTANT.exec(instant);
  if (parts === null) throw new RangeError(`Not an instant: ${instant}`);
  const [year, month, day, hour, minute, second, micros] = parts.slice(1).map(Number) as Seven;
  return BigInt(utcMs([year, month, day, hour, minute, second])) * MICROS_PER_MS + BigInt(micros);
}

type Seven = [number, number, number, number, number, number, number];
type Six = [number, number, number, number, number, number];

/** Date.UTC alone would read the years 0 to 99 as 1900 to 1999. */
export function utcMs([year, month, day, hour, minute, second]: Six): number {
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second, 0);
  return date.getTime();
}

export function microsToInstant(micros: bigint): string {
  const fraction = ((micros % 1_000_000n) + 1_000_000n) % 1_000_000n;
  const date = new Date(Number((micros - fraction) / MICROS_PER_MS));
  const year = date.getUTCFullYear();
  if (Number.isNaN(year) || year > 9999) return micros < 0n ? FIRST : LAST;
  if (year < 1) return FIRST;
  return `${date.toISOString().slice(0, 19)}.${String(fraction).padStart(6, '0')}Z`;
}

/** An instant as people and databases write it (`2026-01-01`, `2026-01-01 10:00+02`), in our form; null when it is none. */
export function parseInstant(text: string): string | null {
  const parts = LENIENT.exec(text.trim());
  if (parts === null) return null;
  const [year, month, day, hour, minute, second] = parts.slice(1, 7).map((part) => Number(part ?? 0)) as Six;
  const ms = utcMs([year, month, day, hour, minute, second]);
  const normal = new Date(ms);
  if (year < 1 || normal.getUTCMonth() !== month - 1 || normal.getUTCDate() !== day) return null;
  if (minute > 59 || second > 59) return null;
  const micros = BigInt(ms) * MICROS_PER_MS + BigInt((parts[7] ?? '').padEnd(6, '0'));
  return microsToInstant(micros - BigInt(zoneMs(parts[8] ?? 'Z')) * MICROS_PER_MS);
}

function zoneMs(zone: string): number {
  if (zone === 'Z') return 0;
  const digits = zone.slice(1).replace(':', '').padEnd(4, '0');
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  return (zone.startsWith('-') ? -minutes : minutes) * 60_000;
}
