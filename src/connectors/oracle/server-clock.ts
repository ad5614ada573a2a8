/** Wall times of the database's host as instants. V$ views and SYSDATE know no zone. Pure. */
import { instantToMicros, microsToInstant } from '../../domain/instants.ts';
import { wallTime } from '../../domain/wall-time.ts';

export type ServerClock = {
  /** UTC instant. */
  readonly now: string;
  /** SYSDATE at that time, `YYYY-MM-DD HH:MM:SS`. */
  readonly wall: string;
};

const QUARTER_MICROS = 15n * 60n * 1_000_000n;
/** Clocks are set back by two hours at most, in steps of half an hour. */
const STEPS_BACK = 4;

/**
 * The instant at which the host's clock showed `wall`; where it did so twice, the earlier one: a mark may be too low,
 * never too high. That its clock was set back is known when `timeZone` is the host's.
 */
export function serverInstant(wall: string, clock: ServerClock, timeZone: string): string {
  const offset = roundToQuarters(asMicros(clock.wall) - instantToMicros(clock.now));
  let instant = asMicros(wall) - offset;
  for (let step = 1; step <= STEPS_BACK; step++) {
    const earlier = asMicros(wall) - offset - BigInt(step) * 2n * QUARTER_MICROS;
    if (
      wallTime(microsToInstant(earlier), timeZone).slice(0, wall.length) === wall &&
      isHosts(clock, timeZone)
    ) {
      instant = earlier;
    }
  }
  return microsToInstant(instant);
}

function isHosts({ now, wall }: ServerClock, timeZone: string): boolean {
  const shown = asMicros(wallTime(now, timeZone).slice(0, wall.length));
  const difference = shown - asMicros(wall);
  return difference < 60_000_000n && difference > -60_000_000n;
}

function asMicros(wall: string): bigint {
  return instantToMicros(`${wall.replace(' ', 'T')}.000000Z`);
}

function roundToQuarters(micros: bigint): bigint {
  const half = QUARTER_MICROS / 2n;
  return ((micros + (micros < 0n ? -half : half)) / QUARTER_MICROS) * QUARTER_MICROS;
}
