/**
 * Wall times of sources whose timestamps have no zone. A watermark is an instant; the rows at or after it may carry a
 * smaller wall time than it has, because clocks are set back (C3).
 */
import { instantToMicros, microsToInstant, utcMs } from './instants.ts';

const HOUR_MS = 3_600_000;
/** Two offsets of one zone never differ by more (UTC−12 to UTC+14): a later step back cannot reach below `low`. */
const MAX_STEP_BACK_MS = 26 * HOUR_MS;

/**
 * The smallest wall time that a clock in `timeZone` shows between two UTC instants, `YYYY-MM-DD HH:MM:SS.ffffff`.
 * @throws RangeError for an unknown time zone or text that is no instant.
 */
export function lowestWallTime(low: string, now: string, timeZone: string): string {
  const lowMicros = instantToMicros(low);
  const end = Number(instantToMicros(now) / 1_000n);
  const start = floorMs(lowMicros);
  let lowest = lowMicros + BigInt(offsetMs(start, timeZone)) * 1_000n;
  for (const { at, offset } of changesOfOffset({
    from: start,
    to: Math.min(end, start + MAX_STEP_BACK_MS),
    timeZone,
  })) {
    const wall = BigInt(at + offset) * 1_000n;
    if (wall < lowest) lowest = wall;
  }
  return wallText(lowest);
}

/** The wall time of one instant, microseconds kept. */
export function wallTime(instant: string, timeZone: string): string {
  const micros = instantToMicros(instant);
  return wallText(micros + BigInt(offsetMs(floorMs(micros), timeZone)) * 1_000n);
}

/** IANA zones that this runtime knows. */
export function isTimeZone(name: string): boolean {
  try {
    // Offsets such as +02:00 are accepted by newer runtimes; they have no rules, so they are no zones here.
    return /^[A-Za-z]/.test(name) && formatter(name) !== undefined;
  } catch {
    return false;
  }
}

function wallText(micros: bigint): string {
  return microsToInstant(micros).replace('T', ' ').slice(0, -1);
}

function floorMs(micros: bigint): number {
  const rest = ((micros % 1_000n) + 1_000n) % 1_000n;
  return Number((micros - rest) / 1_000n);
}

type OffsetChange = { readonly at: number; readonly offset: number };

/** First milliseconds after each change of the zone's offset in (from, to]. */
function changesOfOffset(span: { from: number; to: number; timeZone: string }): OffsetChange[] {
  const { from, to, timeZone } = span;
  const changes: OffsetChange[] = [];
  let before = { at: from, offset: offsetMs(from, timeZone) };
  while (before.at < to) {
    const at = Math.min(before.at + HOUR_MS, to);
    const next = { at, offset: offsetMs(at, timeZone) };
    if (next.offset !== before.offset) changes.push(firstWithOffset(before, next, timeZone));
    before = next;
  }
  return changes;
}

function firstWithOffset(before: OffsetChange, after: OffsetChange, timeZone: string): OffsetChange {
  let low = before.at;
  let high = after.at;
  while (high - low > 1) {
    const middle = Math.floor((low + high) / 2);
    if (offsetMs(middle, timeZone) === after.offset) high = middle;
    else low = middle;
  }
  return { at: high, offset: after.offset };
}

/** Wall clock minus UTC. */
function offsetMs(ms: number, timeZone: string): number {
  const parts = new Map(
    formatter(timeZone)
      .formatToParts(ms)
      .map(({ type, value }) => [type, value]),
  );
  const number = (type: Intl.DateTimeFormatPartTypes): number => Number(parts.get(type));
  const year = parts.get('era') === 'BC' ? 1 - number('year') : number('year');
  const wall = utcMs([
    year,
    number('month'),
    number('day'),
    number('hour'),
    number('minute'),
    number('second'),
  ]);
  return wall - Math.floor(ms / 1_000) * 1_000;
}

const formatters = new Map<string, Intl.DateTimeFormat>();

function formatter(timeZone: string): Intl.DateTimeFormat {
  const known = formatters.get(timeZone);
  if (known !== undefined) return known;
  const made = new Intl.DateTimeFormat('en-US', {
    timeZone,
    calendar: 'gregory',
    hourCycle: 'h23',
    era: 'short',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  formatters.set(timeZone, made);
  return made;
}
