import fc from 'fast-check';
import { expect, test } from 'vitest';
import { closest } from '../../src/domain/closest.ts';
import { whyNoCron } from '../../src/domain/cron.ts';
import { formatDuration, parseDuration, parseSize } from '../../src/domain/duration.ts';

test.each([
  ['5 minutes', 300_000],
  ['30 s', 30_000],
  ['250 ms', 250],
  ['1.5h', 5_400_000],
  ['1 day', 86_400_000],
  [' 2 Weeks ', 1_209_600_000],
  ['0 s', 0],
  ['5 minuts', null],
  ['5', null],
  ['minutes', null],
  ['-1 s', null],
  ['5 toString', null],
  ['99999999999999 weeks', null],
])('%j lasts %s ms', (text, expected) => {
  expect(parseDuration(text)).toBe(expected);
});

test('what is formatted can be read', () => {
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 10 ** 12 }), (ms) => {
      expect(parseDuration(formatDuration(ms))).toBe(ms);
    }),
  );
  expect([1, 1_000, 90_000, 300_000, 86_400_000].map(formatDuration)).toEqual([
    '1 ms',
    '1 second',
    '90 seconds',
    '5 minutes',
    '1 day',
  ]);
});

test.each([
  ['64 MB', 67_108_864],
  ['512kB', 524_288],
  ['1 GB', 1_073_741_824],
  ['10 B', 10],
  ['10', null],
  ['1 TB', null],
])('%j has %s bytes', (text, expected) => {
  expect(parseSize(text)).toBe(expected);
});

test.each([
  '* * * * *',
  '0 3 * * *',
  '*/5 0-6 1,15 jan-mar MON-FRI',
  '0 0 * * 7',
  '@daily',
  '0-30/10 * * * *',
])('%s is a cron expression', (text) => {
  expect(whyNoCron(text)).toBeNull();
});

test.each([
  ['0 3 * *', 'five fields'],
  ['', 'five fields'],
  ['60 * * * *', 'no minute'],
  ['0 24 * * *', 'no hour'],
  ['0 0 0 * *', 'no day of the month'],
  ['0 0 * 13 *', 'no month'],
  ['0 0 * * 8', 'no day of the week'],
  ['0 0 * * mon-', 'no day of the week'],
  ['30-10 * * * *', 'no minute'],
  ['*/0 * * * *', 'no minute'],
  ['*-5 * * * *', 'no minute'],
  ['a * * * *', 'no minute'],
])('%j is none: %s', (text, why) => {
  expect(whyNoCron(text)).toContain(why);
});

test.each([
  ['mirorr', 'mirror'],
  ['colums', 'columns'],
  ['MIRROR', 'mirror'],
  ['chnagedAt', 'changedAt'],
  ['x', null],
  ['something', null],
])('%s was meant as %s', (written, expected) => {
  expect(closest(written, ['mirror', 'columns', 'changedAt', 'key'])).toBe(expected);
});
