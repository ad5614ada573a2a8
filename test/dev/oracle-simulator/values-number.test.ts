import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeNumber, encodeNumber } from '../../../dev/oracle-simulator/values/number.ts';

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');

/** Numbers as Oracle can hold them: up to 38 digits, with the point anywhere. */
const numbers = fc
  .record({
    negative: fc.boolean(),
    digits: fc.bigInt({ min: 0n, max: 10n ** 38n - 1n }),
    places: fc.integer({ min: -80, max: 84 }),
  })
  .map(({ negative, digits, places }) => {
    const text = digits.toString();
    const plain =
      places <= 0
        ? text + (digits === 0n ? '' : '0'.repeat(-places))
        : `${text.padStart(places + 1, '0').slice(0, -places)}.${text.padStart(places + 1, '0').slice(-places)}`;
    const trimmed = plain.includes('.') ? plain.replace(/0+$/, '').replace(/\.$/, '') : plain;
    return negative && digits !== 0n ? `-${trimmed}` : trimmed;
  });

/** Both as integers, `scale` places behind the point. */
const scaled = (text: string): bigint => {
  const [whole, fraction = ''] = text.replace('-', '').split('.') as [string, string?];
  const value = BigInt(whole + fraction.padEnd(140, '0'));
  return text.startsWith('-') ? -value : value;
};

describe('NUMBER', () => {
  it.each([
    ['0', '80'],
    ['1', 'c102'],
    ['-1', '3e6466'],
    ['100', 'c202'],
    ['12.5', 'c10d33'],
    ['-12.5', '3e593366'],
    ['0.01', 'c002'],
    ['0.001', 'bf0b'],
    ['123456', 'c30d2339'],
  ])('%s is %s', (text, bytes) => {
    expect(hex(encodeNumber(text))).toBe(bytes);
    expect(decodeNumber(Buffer.from(bytes, 'hex'))).toBe(text);
  });

  it.each([
    ['-0', '0'],
    ['+7', '7'],
    ['007.500', '7.5'],
    ['.5', '0.5'],
    ['1e3', '1000'],
    ['1.5E-3', '0.0015'],
    ['-1e+2', '-100'],
  ])('%s is read as %s', (text, canonical) => {
    expect(decodeNumber(encodeNumber(text))).toBe(canonical);
  });

  it('keeps 40 digits when they are whole pairs, 39 when they are not', () => {
    const forty = '1234567890'.repeat(4);
    expect(decodeNumber(encodeNumber(forty))).toBe(forty);
    expect(decodeNumber(encodeNumber(`0.${forty.slice(0, 38)}12`))).toBe(`0.${forty.slice(0, 38)}12`);
    expect(decodeNumber(encodeNumber(`3.${'3'.repeat(60)}`))).toBe(`3.${'3'.repeat(38)}`);
    expect(decodeNumber(encodeNumber(`0.${'6'.repeat(60)}`))).toBe(`0.${'6'.repeat(39)}7`);
  });

  it('rounds half up at the last pair, with carry into a longer number', () => {
    expect(decodeNumber(encodeNumber(`${'1'.repeat(40)}.49`))).toBe('1'.repeat(40));
    expect(decodeNumber(encodeNumber(`${'1'.repeat(40)}.5`))).toBe(`${'1'.repeat(39)}2`);
    expect(decodeNumber(encodeNumber(`-${'1'.repeat(40)}.5`))).toBe(`-${'1'.repeat(39)}2`);
    expect(decodeNumber(encodeNumber(`${'9'.repeat(40)}.5`))).toBe(`1${'0'.repeat(40)}`);
  });

  it('goes from 1e-130 to below 1e126', () => {
    expect(hex(encodeNumber('1e-130'))).toBe('8002');
    expect(hex(encodeNumber('9.9e-131'))).toBe('80');
    expect(hex(encodeNumber(`${'9'.repeat(40)}e86`))).toBe(`ff${'64'.repeat(20)}`);
    expect(decodeNumber(encodeNumber(`-${'9'.repeat(40)}e86`))).toBe(`-${'9'.repeat(40)}${'0'.repeat(86)}`);
    for (const text of ['1e126', '-1e126', `${'9'.repeat(41)}e85`, '1e999']) {
      expect(() => encodeNumber(text), text).toThrow(/ORA-01426/);
    }
  });

  it.each(['', '-', '.', 'abc', '1.2.3', '1e', '0x10', 'NaN', '1 '])('%j is no number', (text) => {
    expect(() => encodeNumber(text)).toThrow(/ORA-01722/);
  });

  it('refuses infinities and bytes that are no number', () => {
    expect(() => encodeNumber('Infinity')).toThrow(/ORA-01426/);
    expect(() => decodeNumber(Uint8Array.of(0))).toThrow(/ORA-01426/);
    expect(() => decodeNumber(Uint8Array.of(0xff, 101))).toThrow(/ORA-01426/);
    expect(() => decodeNumber(Uint8Array.of(0xc1, 0))).toThrow(/ORA-01722/);
    expect(() => decodeNumber(Uint8Array.of(0x3e, 103, 102))).toThrow(/ORA-01722/);
  });

  it('comes back as it was', () => {
    fc.assert(
      fc.property(numbers, (text) => {
        expect(decodeNumber(encodeNumber(text))).toBe(text);
      }),
      { numRuns: 2000 },
    );
  });

  it('sorts by bytes as by value', () => {
    fc.assert(
      fc.property(numbers, numbers, (a, b) => {
        const bytes = Buffer.compare(encodeNumber(a), encodeNumber(b));
        const [left, right] = [scaled(a), scaled(b)];
        expect(bytes).toBe(left < right ? -1 : left > right ? 1 : 0);
      }),
      { numRuns: 2000 },
    );
  });

  it('rounds to the nearest of what it can hold', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 10n ** 45n, max: 10n ** 60n }), (value) => {
        const text = value.toString();
        const unit = 10n ** BigInt(text.length - (text.length % 2 === 0 ? 40 : 39));
        const nearest = ((value + unit / 2n) / unit) * unit;
        expect(decodeNumber(encodeNumber(text))).toBe(nearest.toString());
      }),
    );
  });
});
