import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { z } from 'zod';
import { decimal, instant } from '../../src/domain/validators.ts';
import { compareDecimals, parseDecimal, shortDecimal, timestampMicros } from '../../src/domain/values.ts';

const digits = fc.bigInt({ min: -(10n ** 40n), max: 10n ** 40n });
const scaled = (value: bigint, scale: number): string => {
  const text = String(value < 0n ? -value : value).padStart(scale + 1, '0');
  const point = text.length - scale;
  return `${value < 0n ? '-' : ''}${text.slice(0, point)}${scale === 0 ? '' : `.${text.slice(point)}`}`;
};

describe('decimal', () => {
  test('decimals of any length compare as their integers do at the same scale', () => {
    fc.assert(
      fc.property(digits, digits, fc.integer({ min: 0, max: 30 }), (a, b, scale) => {
        const [left, right] = [parseDecimal(scaled(a, scale)), parseDecimal(scaled(b, scale))];
        expect(Math.sign(compareDecimals(left as never, right as never))).toBe(a < b ? -1 : a > b ? 1 : 0);
      }),
    );
  });

  test('a bound is a bound to the last digit', () => {
    const schema = decimal({ min: '0.10000000000000000001', max: '12345678901234567890.99' });
    expect(schema.safeParse('0.10000000000000000001').success).toBe(true);
    expect(schema.safeParse('0.1').success).toBe(false);
    expect(schema.safeParse('12345678901234567890.990').success).toBe(true);
    expect(schema.safeParse('12345678901234567890.991').success).toBe(false);
  });

  test('short decimals say the same as exact ones', () => {
    // Numbers near to each other, of every length around the 15 digits.
    const near = fc.tuple(
      fc.bigInt({ min: -(10n ** 17n), max: 10n ** 17n }),
      fc.integer({ min: -2, max: 2 }),
    );
    fc.assert(
      fc.property(
        near,
        fc.integer({ min: 0, max: 18 }),
        fc.integer({ min: 0, max: 4 }),
        ([a, by], scale, scaleRule) => {
          const [text, bound] = [scaled(a, scale), scaled(a + BigInt(by), scale)];
          const [value, limit] = [parseDecimal(text), parseDecimal(bound)];
          const order = compareDecimals(value as never, limit as never);
          expect(decimal({ min: bound }).safeParse(text).success).toBe(order >= 0);
          expect(decimal({ max: bound }).safeParse(text).success).toBe(order <= 0);
          expect(decimal({ scale: scaleRule }).safeParse(text).success).toBe(
            (value?.fraction.length ?? 0) <= scaleRule,
          );
          const [short, other] = [shortDecimal(text), shortDecimal(bound)];
          if (!Number.isNaN(short) && !Number.isNaN(other))
            expect(Math.sign(short - other) === Math.sign(order)).toBe(true);
        },
      ),
      { numRuns: 2_000 },
    );
  });

  test('what looks like a short decimal is one', () => {
    const text = fc.string({ unit: fc.constantFrom('0', '7', '.', '-', '+', 'e', ' '), maxLength: 18 });
    fc.assert(
      fc.property(text, (any) => {
        if (Number.isNaN(shortDecimal(any))) return;
        expect(parseDecimal(any)).not.toBeNull();
        expect(shortDecimal(any)).toBe(Number(any));
      }),
      { numRuns: 2_000 },
    );
    expect(shortDecimal('-12345678901234.5')).toBe(-12345678901234.5);
    for (const long of ['1234567890123456', '0.1234567890123456', '', '-', '.', '-.'])
      expect(shortDecimal(long)).toBeNaN();
  });

  test.each(['0', '-0', '+1', '.5', '5.', '1e3', '1.5E-3', '00012.300', ' 7 '])('%j is a number', (text) => {
    expect(decimal().safeParse(text).success).toBe(true);
  });

  test.each(['', '.', '-', 'e5', '1,5', '0x10', 'NaN', 'Infinity', '1e999999999', '1 2', 'abc'])(
    '%j is none',
    (text) => {
      expect(decimal().safeParse(text).success).toBe(false);
    },
  );

  test('scale counts digits that matter', () => {
    expect(decimal({ scale: 2 }).safeParse('1.2300').success).toBe(true);
    expect(decimal({ scale: 2 }).safeParse('1.234').success).toBe(false);
    expect(decimal({ scale: 2 }).safeParse('1234e-3').success).toBe(false);
    expect(decimal({ scale: 0 }).safeParse('1.5e1').success).toBe(true);
  });

  test('non-finite values only where they are allowed, and never inside a bound', () => {
    for (const text of ['NaN', 'Infinity', '-Infinity']) {
      expect(decimal({ nonFinite: 'allow' }).safeParse(text).success).toBe(true);
      expect(decimal({ nonFinite: 'allow', min: 0 }).safeParse(text).success).toBe(false);
    }
  });

  test('messages name the rule and never the value', () => {
    const issue = (schema: z.ZodType, value: string): string =>
      schema.safeParse(value).error?.issues[0]?.message ?? '';
    expect(issue(decimal({ min: 0 }), '-4711')).toBe('must be at least 0');
    expect(issue(decimal({ max: 10n }), '4711')).toBe('must be at most 10');
    expect(issue(decimal(), 'secret')).toBe('must be a number');
    expect(issue(instant({ after: '2000-01-01' }), '1999-12-31')).toBe('must be after 2000-01-01');
  });

  test('a rule that is no number fails at once', () => {
    expect(() => decimal({ min: 'zero' })).toThrow(RangeError);
    expect(() => instant({ before: 'soon' })).toThrow(RangeError);
  });

  test('both are zod strings, so they can be nullable and part of an object', () => {
    const schema = z.object({ amount: decimal({ min: '0' }).nullable(), at: instant().optional() });
    expect(schema.safeParse({ amount: null }).success).toBe(true);
    expect(schema.safeParse({ amount: 5 }).success).toBe(false);
  });
});

describe('instant', () => {
  test('agrees with Date where there is one', () => {
    fc.assert(
      fc.property(
        fc.date({ min: new Date('0001-01-01'), max: new Date('9999-12-31'), noInvalidDate: true }),
        (date) => {
          const text = date.toISOString();
          expect(timestampMicros(text)).toBe(BigInt(date.getTime()) * 1_000n);
          expect(timestampMicros(text.replace('T', ' ').replace('Z', '+00'))).toBe(
            BigInt(date.getTime()) * 1_000n,
          );
        },
      ),
    );
  });

  test('years beyond 9999 and BC are in order', () => {
    const order = [
      '-infinity',
      '4713-01-01 00:00:00 BC',
      '0044-03-15 00:00:00+00 BC',
      '0001-12-31 BC',
      '0001-01-01',
      '9999-12-31 23:59:59.999999',
      '10000-01-01',
      '294276-12-31 23:59:59.999999+00',
      'infinity',
    ];
    const micros = order.map((text) => timestampMicros(text) as bigint);
    expect([...micros].sort((a, b) => (a < b ? -1 : 1))).toEqual(micros);
    expect(new Set(micros).size).toBe(order.length);
  });

  test('the year 1 BC is the one before the year 1', () => {
    expect((timestampMicros('0001-01-01') as bigint) - (timestampMicros('0001-12-31 BC') as bigint)).toBe(
      86_400_000_000n,
    );
    expect(timestampMicros('0001-02-29 BC')).not.toBeNull();
    expect(timestampMicros('0000-01-01 BC')).toBeNull();
  });

  test.each([
    ['2024-05-01 12:00:00+02', '2024-05-01T10:00:00Z'],
    ['2024-05-01 12:00:00-03:30', '2024-05-01T15:30:00Z'],
    ['1890-01-01 00:53:28+00:53:28', '1890-01-01T00:00:00Z'],
    ['2024-05-01', '2024-05-01T00:00:00Z'],
    ['2024-05-01 24:00:00', '2024-05-02T00:00:00Z'],
  ])('%s is %s', (text, same) => {
    expect(timestampMicros(text)).toBe(timestampMicros(same));
  });

  test.each([
    '2023-02-29',
    '2024-13-01',
    '2024-00-01',
    '2024-01-32',
    '2024-01-01 25:00',
    '2024-01-01 10:61',
    'now',
    '',
    '20240101',
  ])('%j is no timestamp', (text) => {
    expect(instant().safeParse(text).success).toBe(false);
  });

  test('bounds are exclusive, to the microsecond; infinity lies beyond all', () => {
    const schema = instant({ after: '2024-01-01T00:00:00Z', before: '2024-02-01' });
    expect(schema.safeParse('2024-01-01 00:00:00+00').success).toBe(false);
    expect(schema.safeParse('2024-01-01 00:00:00.000001+00').success).toBe(true);
    expect(schema.safeParse('2024-01-31 23:59:59.999999+00').success).toBe(true);
    expect(schema.safeParse('infinity').success).toBe(false);
    expect(schema.safeParse('-infinity').success).toBe(false);
    expect(instant({ after: '2024-01-01' }).safeParse('infinity').success).toBe(true);
    expect(instant().safeParse('-infinity').success).toBe(true);
  });
});
