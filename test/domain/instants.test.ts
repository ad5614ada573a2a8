import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  addMs,
  compareInstants,
  instantToMicros,
  maxInstant,
  microsToInstant,
  minInstant,
  msBetween,
  parseInstant,
  subtractMs,
} from '../../src/domain/instants.ts';

const FIRST = instantToMicros('0001-01-01T00:00:00.000000Z');
const LAST = instantToMicros('9999-12-31T23:59:59.999999Z');
const micros = fc.bigInt({ min: FIRST, max: LAST });

describe('instants', () => {
  test('text and microseconds are the same thing', () => {
    fc.assert(
      fc.property(micros, (value) => {
        const text = microsToInstant(value);
        expect(text).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/);
        expect(instantToMicros(text)).toBe(value);
      }),
    );
  });

  test('the order of the texts is the order in time', () => {
    fc.assert(
      fc.property(micros, micros, (a, b) => {
        const [textA, textB] = [microsToInstant(a), microsToInstant(b)];
        expect(Math.sign(compareInstants(textA, textB))).toBe(a < b ? -1 : a > b ? 1 : 0);
        expect(minInstant(textA, textB)).toBe(a < b ? textA : textB);
        expect(maxInstant(textA, textB)).toBe(a > b ? textA : textB);
      }),
    );
  });

  test('subtraction keeps microseconds, before 1970 too', () => {
    expect(subtractMs('2024-03-01T00:00:00.000001Z', 1)).toBe('2024-02-29T23:59:59.999001Z');
    expect(subtractMs('1969-12-31T23:59:59.999999Z', 0.001)).toBe('1969-12-31T23:59:59.999998Z');
    expect(addMs('1969-12-31T23:59:59.999999Z', 0.001)).toBe('1970-01-01T00:00:00.000000Z');
    expect(msBetween('2024-01-01T00:00:00.000000Z', '2024-01-01T00:00:01.000500Z')).toBe(1000.5);
  });

  test('it stops at the first and the last year', () => {
    expect(subtractMs('0001-01-01T00:00:01.000000Z', 5_000)).toBe('0001-01-01T00:00:00.000000Z');
    expect(addMs('9999-12-31T23:59:59.000000Z', 5_000)).toBe('9999-12-31T23:59:59.999999Z');
    expect(subtractMs('0050-06-01T00:00:00.000000Z', 1)).toBe('0050-05-31T23:59:59.999000Z');
  });

  test.each(['2024-01-01', '2024-01-01T00:00:00Z', '', 'infinity'])('%j is no instant', (text) => {
    expect(() => instantToMicros(text)).toThrow(RangeError);
  });

  test.each([
    ['2026-01-01', '2026-01-01T00:00:00.000000Z'],
    ['2026-01-01 10:00', '2026-01-01T10:00:00.000000Z'],
    ['2026-01-01T10:00:00.5+02', '2026-01-01T08:00:00.500000Z'],
    ['2026-01-01 00:30:00.123456-03:30', '2026-01-01T04:00:00.123456Z'],
    ['2026-01-01T10:00:00Z', '2026-01-01T10:00:00.000000Z'],
    ['2026-02-30', null],
    ['2026-01-01 24:61', null],
    ['2026-01-01 25:00', null],
    ['yesterday', null],
    ['2026-1-1', null],
  ])('%s is read as %s', (text, expected) => {
    expect(parseInstant(text)).toBe(expected);
  });
});
