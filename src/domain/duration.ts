/** Durations and sizes as people write them: `'5 minutes'`, `'30 s'`, `'64 MB'`. */

type DurationUnit =
  | 'ms'
  | 'millisecond'
  | 'milliseconds'
  | 's'
  | 'sec'
  | 'second'
  | 'seconds'
  | 'm'
  | 'min'
  | 'minute'
  | 'minutes'
  | 'h'
  | 'hour'
  | 'hours'
  | 'd'
  | 'day'
  | 'days'
  | 'w'
  | 'week'
  | 'weeks';

export type Duration = `${number} ${DurationUnit}` | `${number}${DurationUnit}`;

const UNIT_MS: Readonly<Record<DurationUnit, number>> = {
  ms: 1,
  millisecond: 1,
  milliseconds: 1,
  s: 1_000,
  sec: 1_000,
  second: 1_000,
  seconds: 1_000,
  m: 60_000,
  min: 60_000,
  minute: 60_000,
  minutes: 60_000,
  h: 3_600_000,
  hour: 3_600_000,
  hours: 3_600_000,
  d: 86_400_000,
  day: 86_400_000,
  days: 86_400_000,
  w: 604_800_000,
  week: 604_800_000,
  weeks: 604_800_000,
};

export const DURATION_EXAMPLES = "'5 minutes', '30 s' or '250 ms'";

/** Whole milliseconds; null when the text is no duration. A day has 24 hours. */
export function parseDuration(text: string): number | null {
  const parts = /^\s*(\d+(?:\.\d+)?)\s*([a-z]+)\s*$/i.exec(text);
  const unit = parts?.[2]?.toLowerCase() ?? '';
  if (!Object.hasOwn(UNIT_MS, unit)) return null;
  const ms = Math.round(Number(parts?.[1]) * UNIT_MS[unit as DurationUnit]);
  return Number.isSafeInteger(ms) ? ms : null;
}

const DISPLAY = [
  ['day', 86_400_000],
  ['hour', 3_600_000],
  ['minute', 60_000],
  ['second', 1_000],
] as const;

/** In the largest unit that divides it: 300000 → `5 minutes`. */
export function formatDuration(ms: number): string {
  const unit = DISPLAY.find(([, size]) => ms >= size && ms % size === 0);
  if (unit === undefined) return `${ms} ms`;
  const count = ms / unit[1];
  return `${count} ${unit[0]}${count === 1 ? '' : 's'}`;
}

type SizeUnit = 'B' | 'kB' | 'KB' | 'MB' | 'GB';
export type Size = `${number} ${SizeUnit}` | `${number}${SizeUnit}`;

const UNIT_BYTES: Readonly<Record<string, number>> = { b: 1, kb: 1_024, mb: 1_024 ** 2, gb: 1_024 ** 3 };

/** Bytes, with 1 kB = 1024 bytes as PostgreSQL has it; null when the text is no size. */
export function parseSize(text: string): number | null {
  const parts = /^\s*(\d+(?:\.\d+)?)\s*([kmg]?b)\s*$/i.exec(text);
  const unit = UNIT_BYTES[parts?.[2]?.toLowerCase() ?? ''];
  return unit === undefined ? null : Math.round(Number(parts?.[1]) * unit);
}
