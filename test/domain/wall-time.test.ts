import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addMs, instantToMicros, microsToInstant, subtractMs } from '../../src/domain/instants.ts';
import { isTimeZone, lowestWallTime, wallTime } from '../../src/domain/wall-time.ts';

/** One zone with hours, one with other dates of change, one with half an hour, one without any, one that skipped a day. */
const ZONES = [
  'Europe/Berlin',
  'America/New_York',
  'Australia/Lord_Howe',
  'Asia/Kolkata',
  'Pacific/Apia',
  'UTC',
];

const HOUR_MS = 3_600_000;
const instants = fc
  .bigInt({
    min: instantToMicros('1995-01-01T00:00:00.000000Z'),
    max: instantToMicros('2035-01-01T00:00:00.000000Z'),
  })
  .map(microsToInstant);

describe('C3: the smallest wall time since a watermark', () => {
  test.each([
    // The hour from 02:00 to 03:00 came twice: 00:30 UTC is its first half, so 02:00 will come again.
    [
      '2024-10-27T00:30:00.123456Z',
      '2024-10-27T02:00:00.000000Z',
      'Europe/Berlin',
      '2024-10-27 02:00:00.000000',
    ],
    // Not yet: nothing below the watermark can have been written by then.
    [
      '2024-10-27T00:30:00.123456Z',
      '2024-10-27T00:45:00.000000Z',
      'Europe/Berlin',
      '2024-10-27 02:30:00.123456',
    ],
    // After the second hour began, its own wall time is the smallest.
    [
      '2024-10-27T01:10:00.000001Z',
      '2024-10-28T02:00:00.000000Z',
      'Europe/Berlin',
      '2024-10-27 02:10:00.000001',
    ],
    // Clocks put forward take nothing back.
    [
      '2024-03-31T00:59:59.999999Z',
      '2024-03-31T02:00:00.000000Z',
      'Europe/Berlin',
      '2024-03-31 01:59:59.999999',
    ],
    [
      '2024-11-03T05:59:00.000000Z',
      '2024-11-03T09:00:00.000000Z',
      'America/New_York',
      '2024-11-03 01:00:00.000000',
    ],
    // Lord Howe goes back by half an hour, from 02:00 to 01:30.
    [
      '2024-04-06T14:45:00.000000Z',
      '2024-04-06T18:00:00.000000Z',
      'Australia/Lord_Howe',
      '2024-04-07 01:30:00.000000',
    ],
    [
      '2024-10-27T00:30:00.123456Z',
      '2024-10-27T02:00:00.000000Z',
      'Asia/Kolkata',
      '2024-10-27 06:00:00.123456',
    ],
    ['2024-10-27T00:30:00.123456Z', '2030-10-27T02:00:00.000000Z', 'UTC', '2024-10-27 00:30:00.123456'],
  ])('from %s to %s in %s: %s', (...row) => {
    const [low, now, zone, expected] = row;
    expect(lowestWallTime(low, now, zone)).toBe(expected);
  });

  test.each(ZONES)('%s: no wall time between the two is smaller, and it is one of them', (zone) => {
    fc.assert(
      fc.property(
        instants,
        fc.integer({ min: 0, max: 60 * HOUR_MS }),
        fc.double({ min: 0, max: 1, noNaN: true }),
        (low, span, share) => {
          const lowest = lowestWallTime(low, addMs(low, span), zone);
          expect(lowest <= wallTime(addMs(low, span * share), zone)).toBe(true);
          expect(lowest <= wallTime(low, zone)).toBe(true);
        },
      ),
      { numRuns: 60 },
    );
  });

  test.each(ZONES)('%s: it is the smallest of every minute around each change of the clock', (zone) => {
    for (const near of [
      '2023-03-12',
      '2023-03-26',
      '2023-04-02',
      '2023-10-01',
      '2023-10-29',
      '2023-11-05',
      '2011-12-30',
    ]) {
      const start = subtractMs(`${near}T12:00:00.000000Z`, 24 * HOUR_MS);
      const minutes = Array.from({ length: 48 * 4 + 1 }, (_, i) => addMs(start, i * 15 * 60_000));
      const walls = minutes.map((minute) => wallTime(minute, zone));
      for (let from = 0; from < minutes.length; from += 13) {
        const smallest = walls.slice(from).sort()[0];
        expect(lowestWallTime(minutes[from] as string, minutes.at(-1) as string, zone)).toBe(smallest);
      }
    }
  });

  test('a watermark after the source’s time has its own wall time', () => {
    expect(
      lowestWallTime('2024-10-27T00:30:00.000000Z', '2024-10-26T00:00:00.000000Z', 'Europe/Berlin'),
    ).toBe('2024-10-27 02:30:00.000000');
  });
});

test('wall times of years long ago have the mean time of the place, and the calendar of today', () => {
  expect(wallTime('0001-01-01T12:00:00.000001Z', 'UTC')).toBe('0001-01-01 12:00:00.000001');
  expect(wallTime('1890-01-01T00:00:00.000000Z', 'Europe/Berlin')).toBe('1890-01-01 00:53:28.000000');
});

test.each([
  ['Europe/Berlin', true],
  ['UTC', true],
  ['Mars/Olympus', false],
  ['+02:00', false],
  ['', false],
])('%s is a time zone: %s', (name, expected) => {
  expect(isTimeZone(name)).toBe(expected);
});
