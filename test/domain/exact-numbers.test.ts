/** Arithmetic without a lost digit. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { addExact, compareExact, multiplyExact, subtractExact } from '../../src/domain/exact-numbers.ts';

test.each([
  ['0.1', '0.2', '0.3', '-0.1', '0.02'],
  ['1.50', '1.5', '3', '0', '2.25'],
  ['-7', '7', '0', '-14', '-49'],
  ['9007199254740993', 1, '9007199254740994', '9007199254740992', '9007199254740993'],
  [
    '123456789012345678901234567890.12',
    '-0.02',
    '123456789012345678901234567890.1',
    '123456789012345678901234567890.14',
    '-2469135780246913578024691357.8024',
  ],
  [0.1, 12n, '12.1', '-11.9', '1.2'],
  ['1e3', '.5', '1000.5', '999.5', '500'],
  ['-0', '0.000', '0', '0', '0'],
])('%s and %s: sum %s, difference %s, product %s', (...row) => {
  const [left, right, ...expected] = row;
  const results = [addExact(left, right), subtractExact(left, right), multiplyExact(left, right)];
  expect(results).toEqual(expected);
});

test('agrees with integers of any size, at any scale', () => {
  const decimal = fc.tuple(fc.bigInt(), fc.integer({ min: 0, max: 30 }));
  const textOf = ([digits, scale]: [bigint, number]) => `${digits}e-${scale}`;
  const at = ([digits, scale]: [bigint, number], to: number) => digits * 10n ** BigInt(to - scale);
  fc.assert(
    fc.property(decimal, decimal, (a, b) => {
      const [left, right] = [textOf(a), textOf(b)];
      const difference = at(a, 30) - at(b, 30);
      expect(Math.sign(compareExact(left, right))).toBe(difference > 0n ? 1 : difference < 0n ? -1 : 0);
      expect(compareExact(subtractExact(left, right), `${difference}e-30`)).toBe(0);
      expect(compareExact(addExact(left, right), `${at(a, 30) + at(b, 30)}e-30`)).toBe(0);
      expect(compareExact(multiplyExact(left, right), `${a[0] * b[0]}e-${a[1] + b[1]}`)).toBe(0);
      for (const text of [addExact(left, right), subtractExact(left, right), multiplyExact(left, right)]) {
        expect(text).toMatch(/^(0|-?[1-9]\d*|-?(0|[1-9]\d*)\.\d*[1-9])$/);
      }
    }),
  );
});

describe('what is no number', () => {
  test.each([null, undefined, true, '', 'abc', 'NaN', 'Infinity', '1,5', Number.NaN])('%s', (value) => {
    for (const operation of [compareExact, addExact, subtractExact, multiplyExact]) {
      expect(() => operation(value, 1)).toThrow(RangeError);
      expect(() => operation(1, value)).toThrow(operation.name);
    }
  });

  test('is not repeated', () => {
    expect(() => addExact('S3CRET', 1)).toThrow('addExact(): a value is no finite number');
    expect(() => addExact(null, 1)).toThrow('addExact(): NULL is no finite number');
  });
});
