import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { addMinutes, type DateTime, dayOfWeek } from '../../../dev/oracle-simulator/values/calendar.ts';
import {
  decodeDate,
  decodeLocalTimestamp,
  decodeTimestamp,
  decodeZonedTimestamp,
  encodeDate,
  encodeLocalTimestamp,
  encodeTimestamp,
  encodeZonedTimestamp,
} from '../../../dev/oracle-simulator/values/datetime.ts';
import { formatDateTime, parseDateTime } from '../../../dev/oracle-simulator/values/datetime-text.ts';

const bytesOf = (bytes: Uint8Array): number[] => [...bytes];

const dateTimes = (years: { readonly min: number; readonly max: number }): fc.Arbitrary<DateTime> =>
  fc.record({
    year: fc.integer(years).filter((year) => year !== 0),
    month: fc.integer({ min: 1, max: 12 }),
    day: fc.integer({ min: 1, max: 28 }),
    hour: fc.integer({ min: 0, max: 23 }),
    minute: fc.integer({ min: 0, max: 59 }),
    second: fc.integer({ min: 0, max: 59 }),
    nanos: fc.oneof(fc.constant(0), fc.integer({ min: 0, max: 999_999_999 })),
    offsetMinutes: fc.constant(null),
  });
const all = { min: -4712, max: 9999 };
const inner = { min: -4711, max: 9998 };
const offsets = fc.integer({ min: -15 * 60, max: 15 * 60 });

describe('DATE', () => {
  it.each([
    ['2024-05-01 10:00:00', [120, 124, 5, 1, 11, 1, 1]],
    ['9999-12-31 23:59:59', [199, 199, 12, 31, 24, 60, 60]],
    ['0001-01-01 00:00:00', [100, 101, 1, 1, 1, 1, 1]],
    ['4712-01-01 00:00:00 BC', [53, 88, 1, 1, 1, 1, 1]],
  ])('%s', (text, bytes) => {
    expect(bytesOf(encodeDate(text))).toEqual(bytes);
    expect(decodeDate(Uint8Array.from(bytes))).toBe(text);
  });

  it('takes a day without a time', () => {
    expect(decodeDate(encodeDate('2024-02-29'))).toBe('2024-02-29 00:00:00');
  });

  it('leaves the fraction of a longer value out', () => {
    expect(decodeDate(encodeTimestamp('2024-05-01 10:00:00.75'))).toBe('2024-05-01 10:00:00');
  });

  it.each([
    ['10000-01-01 00:00:00', /ORA-01841/],
    ['4713-01-01 00:00:00 BC', /ORA-01841/],
    ['0000-01-01 00:00:00', /ORA-01841/],
    ['infinity', /ORA-01841/],
    ['-infinity', /ORA-01841/],
    ['2024-13-01 00:00:00', /ORA-01843/],
    ['2024-00-01 00:00:00', /ORA-01843/],
    ['2024-01-32 00:00:00', /ORA-01847/],
    ['2023-02-29 00:00:00', /ORA-01839/],
    ['2024-04-31 00:00:00', /ORA-01839/],
    ['2024-01-01 24:00:00', /ORA-01850/],
    ['2024-01-01 00:60:00', /ORA-01851/],
    ['2024-01-01 00:00:60', /ORA-01852/],
    ['yesterday', /ORA-01861/],
    ['2024-01-01T00:00', /ORA-01861/],
    ['2024-01-01 00:00:00 CET', /ORA-01861/],
  ])('refuses %s', (text, error) => {
    expect(() => encodeDate(text)).toThrow(error);
  });

  it.each([
    [[220, 100, 1, 1, 1, 1, 1], /ORA-01841/],
    [[120, 124, 2, 30, 1, 1, 1], /ORA-01839/],
    [[120, 124, 1, 1, 0, 1, 1], /ORA-01850/],
    [[120, 124, 1, 1], /ORA-01801/],
  ])('refuses the bytes %j', (bytes, error) => {
    expect(() => decodeDate(Uint8Array.from(bytes))).toThrow(error);
  });

  it('comes back as it was, and sorts by bytes as by time', () => {
    fc.assert(
      fc.property(dateTimes(all), dateTimes(all), (a, b) => {
        const texts = [a, b].map((each) => formatDateTime({ ...each, nanos: 0 })) as [string, string];
        for (const text of texts) expect(decodeDate(encodeDate(text))).toBe(text);
        const key = (each: DateTime): string =>
          // Years of five digits, which sort.
          formatDateTime({ ...each, nanos: 0, year: each.year + (each.year < 0 ? 20_001 : 20_000) });
        expect(Buffer.compare(encodeDate(texts[0]), encodeDate(texts[1]))).toBe(
          key(a) < key(b) ? -1 : key(a) > key(b) ? 1 : 0,
        );
      }),
      { numRuns: 1000 },
    );
  });
});

describe('TIMESTAMP', () => {
  it('takes 7 bytes for whole seconds, 11 with a fraction', () => {
    expect(bytesOf(encodeTimestamp('2024-05-01 10:00:00'))).toEqual([120, 124, 5, 1, 11, 1, 1]);
    expect(bytesOf(encodeTimestamp('2024-05-01 10:00:00.000000001'))).toEqual([
      120, 124, 5, 1, 11, 1, 1, 0, 0, 0, 1,
    ]);
  });

  it('is exact to the nanosecond at both ends of the calendar', () => {
    for (const text of ['9999-12-31 23:59:59.999999999', '4712-01-01 00:00:00.000000001 BC']) {
      expect(decodeTimestamp(encodeTimestamp(text))).toBe(text);
    }
  });

  it('refuses more than nine digits of a second', () => {
    expect(() => encodeTimestamp('2024-05-01 10:00:00.0000000001')).toThrow(/ORA-01861/);
    expect(() => decodeTimestamp(Uint8Array.of(120, 124, 5, 1, 1, 1, 1, 255, 255, 255, 255))).toThrow(
      /ORA-01880/,
    );
  });

  it('reads bytes in the middle of a buffer', () => {
    const around = Buffer.concat([
      Buffer.alloc(3, 9),
      encodeTimestamp('2024-05-01 10:00:00.5'),
      Buffer.alloc(2, 9),
    ]);
    expect(decodeTimestamp(around.subarray(3, 14))).toBe('2024-05-01 10:00:00.5');
  });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(dateTimes(all), (value) => {
        const text = formatDateTime(value);
        expect(parseDateTime(text)).toEqual(value);
        expect(decodeTimestamp(encodeTimestamp(text))).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('TIMESTAMP WITH TIME ZONE', () => {
  it('travels in UTC with the offset behind', () => {
    expect(bytesOf(encodeZonedTimestamp('2024-01-01 01:30:00.5+02:30'))).toEqual([
      120,
      123,
      12,
      31,
      24,
      1,
      1,
      ...[0x1d, 0xcd, 0x65, 0x00],
      22,
      90,
    ]);
    expect(bytesOf(encodeZonedTimestamp('2024-01-01 00:00:00-03:30')).slice(11)).toEqual([17, 30]);
  });

  it('reads what has no zone as UTC, and hours alone', () => {
    expect(decodeZonedTimestamp(encodeZonedTimestamp('2024-01-01 00:00:00'))).toBe(
      '2024-01-01 00:00:00+00:00',
    );
    expect(decodeZonedTimestamp(encodeZonedTimestamp('2024-01-01 00:00:00+05'))).toBe(
      '2024-01-01 00:00:00+05:00',
    );
    expect(decodeZonedTimestamp(encodeTimestamp('2024-01-01 00:00:00'))).toBe('2024-01-01 00:00:00+00:00');
  });

  it('reads the names of UTC, and a wall clock where the client says so', () => {
    const bytes = [...encodeZonedTimestamp('2024-01-01 10:00:00+00:00')].slice(0, 11);
    for (const zone of [
      [0x80, 28 << 2],
      [0x80 | (5121 >> 6), ((5121 & 0x3f) << 2) | 1],
    ]) {
      expect(decodeZonedTimestamp(Uint8Array.from([...bytes, ...zone]))).toBe('2024-01-01 10:00:00+00:00');
    }
    expect(decodeZonedTimestamp(Uint8Array.from([...bytes, 0x40 | 22, 60]))).toBe(
      '2024-01-01 10:00:00+02:00',
    );
  });

  it('refuses regions, and offsets that no zone has', () => {
    const bytes = encodeZonedTimestamp('2024-01-01 00:00:00+00:00');
    expect(() => decodeZonedTimestamp(Uint8Array.from([...bytes.slice(0, 11), 0x81, 0xd0]))).toThrow(
      /ORA-01882/,
    );
    expect(() => decodeZonedTimestamp(Uint8Array.from([...bytes.slice(0, 11), 50, 60]))).toThrow(/ORA-01874/);
  });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(dateTimes(inner), offsets, (value, offsetMinutes) => {
        const text = formatDateTime({ ...value, offsetMinutes });
        expect(decodeZonedTimestamp(encodeZonedTimestamp(text))).toBe(text);
      }),
      { numRuns: 1000 },
    );
  });
});

describe('TIMESTAMP WITH LOCAL TIME ZONE', () => {
  it('travels in the time zone of the database, which is UTC', () => {
    expect(decodeLocalTimestamp(encodeLocalTimestamp('2024-01-01 01:00:00.25+02:00'))).toBe(
      '2023-12-31 23:00:00.25+00:00',
    );
    expect(encodeLocalTimestamp('2024-01-01 01:00:00+02:00')).toHaveLength(7);
  });
});

describe('calendar', () => {
  it('adds minutes as a clock of the same instant does', () => {
    fc.assert(
      fc.property(dateTimes(inner), fc.integer({ min: -900, max: 900 }), (value, minutes) => {
        const expected = new Date(0);
        expected.setUTCFullYear(value.year < 0 ? value.year + 1 : value.year, value.month - 1, value.day);
        expected.setUTCHours(value.hour, value.minute + minutes, value.second);
        const year = expected.getUTCFullYear();
        expect(addMinutes(value, minutes)).toEqual({
          ...value,
          year: year <= 0 ? year - 1 : year,
          month: expected.getUTCMonth() + 1,
          day: expected.getUTCDate(),
          hour: expected.getUTCHours(),
          minute: expected.getUTCMinutes(),
        });
      }),
      { numRuns: 1000 },
    );
  });

  it('knows the day of the week', () => {
    fc.assert(
      fc.property(dateTimes(all), (value) => {
        const date = new Date(0);
        date.setUTCFullYear(value.year < 0 ? value.year + 1 : value.year, value.month - 1, value.day);
        expect(dayOfWeek(value)).toBe(date.getUTCDay());
      }),
    );
  });
});
