/** Texts become exact values of Oracle, or are refused; equal values are recognised whatever their texts. */
import fc from 'fast-check';
import oracledb from 'oracledb';
import { describe, expect, test } from 'vitest';
import { sameValue } from '../../../src/connectors/oracle/write-back-compare.ts';
import {
  daySecondText,
  parseSpan,
  spanText,
  yearMonthText,
} from '../../../src/connectors/oracle/write-back-interval.ts';
import { readText } from '../../../src/connectors/oracle/write-back-read.ts';
import { writeColumn } from '../../../src/connectors/oracle/write-back-table.ts';
import { fitsNumber, plainNumber, utcTime } from '../../../src/connectors/oracle/write-back-text.ts';
import {
  bindOf,
  expression,
  InvalidValue,
  type WriteColumn,
} from '../../../src/connectors/oracle/write-back-values.ts';

function column(type: string, precision: number | null = null, scale: number | null = null): WriteColumn {
  return writeColumn(['C', type, precision, scale]);
}

const NUMBER = column('NUMBER');
const MONEY = column('NUMBER', 8, 2);
const INTEGER = column('NUMBER', null, 0);
const DATE = column('DATE');
const MICROS = column('TIMESTAMP(6)', null, 6);
const NANOS = column('TIMESTAMP(9)', null, 9);
const ZONED = column('TIMESTAMP(6) WITH TIME ZONE', null, 6);
const LOCAL = column('TIMESTAMP(6) WITH LOCAL TIME ZONE', null, 6);
const YEARS = column('INTERVAL YEAR(2) TO MONTH', 2, 0);
const DAYS = column('INTERVAL DAY(2) TO SECOND(6)', 2, 6);
const CHAR = column('CHAR');
const TEXT = column('VARCHAR2');
const RAW = column('RAW');

describe('what is bound', () => {
  test.each([
    [NUMBER, '1e3', '1000'],
    [NUMBER, '-0.50', '-0.5'],
    [NUMBER, '12345678901234567890123456789012345678', '12345678901234567890123456789012345678'],
    [NUMBER, '1E-100', `0.${'0'.repeat(99)}1`],
    [MONEY, '24000.00', '24000'],
    [DATE, '2024-05-01', '2024-05-01 00:00:00'],
    [DATE, '2024-05-01T10:20:30', '2024-05-01 10:20:30'],
    [DATE, '2024-05-01 10:20:30.000', '2024-05-01 10:20:30'],
    [DATE, '0044-03-15 00:00:00 BC', '-0044-03-15 00:00:00'],
    [MICROS, '2024-05-01 10:20:30.123456', '2024-05-01 10:20:30.123456000'],
    [NANOS, '9999-12-31 23:59:59.999999999', '9999-12-31 23:59:59.999999999'],
    [ZONED, '2024-05-01 10:20:30.5+02', '2024-05-01 08:20:30.500000000 +00:00'],
    [ZONED, '2024-01-01T00:30:00+01:00', '2023-12-31 23:30:00.000000000 +00:00'],
    [LOCAL, '2024-05-01T10:20:30Z', '2024-05-01 10:20:30.000000000 +00:00'],
    [YEARS, '3 years 11 mons', '3-11'],
    [YEARS, '-1 mons', '-0-1'],
    [DAYS, '1 day 02:03:04.5', '1 02:03:04.500000000'],
    [DAYS, '-00:00:01', '-0 00:00:01.000000000'],
    [CHAR, 'ab', 'ab'],
    [TEXT, ' ', ' '],
  ])('%o %s as %s', (of, text, bound) => {
    expect(bindOf(of, text).val).toBe(bound);
  });

  test('no text is NULL, whatever the type', () => {
    for (const of of [NUMBER, TEXT, CHAR, DATE, RAW, column('CLOB'), column('BLOB')]) {
      expect(bindOf(of, '').val).toBeNull();
      expect(bindOf(of, null).val).toBeNull();
      expect(bindOf(of, null).type).toBeDefined();
    }
  });

  test('bytes and doubles are bound as themselves', () => {
    expect(bindOf(RAW, '\\xDEad')).toMatchObject({
      type: oracledb.DB_TYPE_RAW,
      val: Buffer.from('dead', 'hex'),
    });
    expect(bindOf(column('BLOB'), '00ff').val).toEqual(Buffer.from([0, 255]));
    expect(bindOf(column('BINARY_DOUBLE'), '1e+300').val).toBe(1e300);
    expect(bindOf(column('BINARY_DOUBLE'), 'NaN').val).toBeNaN();
    expect(bindOf(column('BINARY_FLOAT'), '-Infinity').val).toBe(Number.NEGATIVE_INFINITY);
  });

  test.each([
    [INTEGER, '1.5', 'more digits'],
    [MONEY, '1.005', 'more digits'],
    [column('NUMBER', 5, -2), '12345', 'more digits'],
    [NUMBER, '1'.repeat(42), 'more digits'],
    [NUMBER, 'NaN', 'not given as a number'],
    [NUMBER, '1,5', 'not given as a number'],
    [DATE, '2024-05-01 10:20:30.5', 'more digits of seconds'],
    [column('TIMESTAMP(3)', null, 3), '2024-05-01 10:20:30.1234', 'more digits of seconds'],
    [DATE, '2024-02-30', 'no date'],
    [DATE, 'infinity', 'no date'],
    [DATE, '10000-01-01', 'no date'],
    [YEARS, '1 day', 'interval'],
    [DAYS, '1 mon', 'interval'],
    [DAYS, '00:00:00.0000001', 'more digits'],
    [DAYS, 'soon', 'interval'],
    [RAW, 'xyz', 'hexadecimal'],
    [column('BINARY_DOUBLE'), '0x10', 'not given as a number'],
  ])('%o refuses %s', (of, text, problem) => {
    const words = problem === 'no date' ? 'not given as a date' : problem;
    expect(() => bindOf(of, text)).toThrow(InvalidValue);
    expect(() => bindOf(of, text)).toThrow(words);
    expect(() => bindOf(of, text)).not.toThrow(text);
  });

  test('statements name them by what makes them of their type', () => {
    expect(expression(NUMBER, ':v1', bindOf(NUMBER, '1'))).toBe('TO_NUMBER(:v1)');
    expect(expression(DATE, ':v1', bindOf(DATE, '2024-05-01'))).toBe(`TO_DATE(:v1, 'YYYY-MM-DD HH24:MI:SS')`);
    expect(expression(DATE, ':v1', bindOf(DATE, '0001-01-01 BC'))).toBe(
      `TO_DATE(:v1, 'SYYYY-MM-DD HH24:MI:SS')`,
    );
    expect(expression(TEXT, ':v1', bindOf(TEXT, '-1'))).toBe(':v1');
  });

  test('types without a text have none', () => {
    for (const type of ['LONG', 'BFILE', 'SDO_GEOMETRY', 'XMLTYPE', 'toString']) {
      expect(column(type).kind).toBeNull();
    }
  });
});

describe('a number fits without being rounded', () => {
  test('up to 40 digits, where they stand in pairs', () => {
    expect(fitsNumber('1'.repeat(40), { precision: null, scale: null })).toBe(true);
    expect(fitsNumber(`0.${'1'.repeat(40)}`, { precision: null, scale: null })).toBe(true);
    expect(fitsNumber(`1.${'1'.repeat(39)}`, { precision: null, scale: null })).toBe(false);
  });

  test('FLOAT counts binary digits', () => {
    const half = column('FLOAT', 63);
    expect(() => bindOf(half, '1.2345678901234567891')).toThrow('more digits');
    expect(bindOf(half, '1.234567890123456789').val).toBe('1.234567890123456789');
  });

  test('what has as many digits as the column passes as it is', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 10n), max: 10n ** 10n }), fc.nat({ max: 6 }), (digits, scale) => {
        const size = String(digits < 0n ? -digits : digits).padStart(scale + 1, '0');
        const text = `${digits < 0n ? '-' : ''}${size.slice(0, size.length - scale)}.${size.slice(size.length - scale)}`;
        const val = bindOf(column('NUMBER', 38, scale), text.replace(/\.$/, '')).val as string;
        const [whole, fraction = ''] = val.replace('-', '').split('.');
        expect(BigInt(`${whole}${fraction.padEnd(scale, '0')}`)).toBe(digits < 0n ? -digits : digits);
        expect(val.startsWith('-')).toBe(digits < 0n);
      }),
    );
  });
});

describe('the same value', () => {
  test.each([
    [NUMBER, '1.0', '1'],
    [NUMBER, '1e2', '100'],
    [NUMBER, '-0', '0'],
    [CHAR, 'ab', 'ab   '],
    [CHAR, '   ', ' '],
    [TEXT, '', null],
    [DATE, '2024-05-01T10:00:00', '2024-05-01 10:00:00'],
    [MICROS, '2024-05-01 10:00:00.500', '2024-05-01 10:00:00.5'],
    [NANOS, '2024-05-01 10:00:00.123456', '2024-05-01 10:00:00.123456499'],
    [NANOS, '2024-05-01 10:00:00.123457', '2024-05-01 10:00:00.123456500'],
    [NANOS, '2024-05-01 10:00:00.123456', '2024-05-01 10:00:00.123456999'],
    [NANOS, '2025-01-01 00:00:00', '2024-12-31 23:59:59.9999995'],
    [ZONED, '2024-05-01 12:00:00+02', '2024-05-01 10:00:00+00'],
    [RAW, '\\xAB', '\\xab'],
    [column('BINARY_DOUBLE'), '1e+300', '1E300'],
    [column('BINARY_FLOAT'), '0.1', '0.10000000149011612'],
    [column('BINARY_DOUBLE'), 'NaN', 'NaN'],
    [DAYS, '1 day 02:00:00', '26:00:00'],
    [YEARS, '1 year', '12 mons'],
  ])('of %o: %s and %s', (of, a, b) => {
    expect(sameValue(of, a, b)).toBe(true);
  });

  test.each([
    [NUMBER, '1', '1.0000000000000000000000000000001'],
    [TEXT, 'ab', 'ab '],
    [TEXT, 'a', 'A'],
    [CHAR, ' ', null],
    [CHAR, ' a', 'a'],
    [NUMBER, null, '0'],
    [MICROS, '2024-05-01 10:00:00.000001', '2024-05-01 10:00:00.000002'],
    [NANOS, '2024-05-01 10:00:00.123456001', '2024-05-01 10:00:00.123456002'],
    [NANOS, '2024-05-01 10:00:00.123458', '2024-05-01 10:00:00.123456999'],
    [ZONED, '2024-05-01 12:00:00+02', '2024-05-01 12:00:00+00'],
    [DAYS, '1 day', '1 day 00:00:00.000001'],
  ])('not of %o: %s and %s', (of, a, b) => {
    expect(sameValue(of, a, b)).toBe(false);
    expect(sameValue(of, b, a)).toBe(false);
  });
});

describe('what is read back', () => {
  test.each([
    [NUMBER, '.5', '0.5'],
    [NUMBER, '1E+40', `1${'0'.repeat(40)}`],
    [DATE, ' 2024-05-01 10:00:00', '2024-05-01 10:00:00'],
    [DATE, '-0044-03-15 00:00:00', '0044-03-15 00:00:00 BC'],
    [NANOS, ' 2024-05-01 10:00:00.120000000', '2024-05-01 10:00:00.12'],
    [ZONED, '2024-05-01 08:00:00.000000000', '2024-05-01 08:00:00+00'],
    [YEARS, '-03-11', '-3 years -11 mons'],
    [DAYS, '+01 02:03:04.500000', '1 day 02:03:04.5'],
    [TEXT, '', null],
    [RAW, Buffer.from([1, 255]), '\\x01ff'],
    [column('BINARY_FLOAT'), Math.fround(0.1), '0.1'],
    [column('BINARY_DOUBLE'), 0.1, '0.1'],
    [TEXT, null, null],
  ])('%o from %o', (of, value, text) => {
    expect(readText(of, value)).toBe(text);
  });

  test('floats of four bytes come back from their text', () => {
    const of = column('BINARY_FLOAT');
    fc.assert(
      fc.property(fc.float({ noNaN: true }), (value) => {
        expect(Math.fround(Number(readText(of, value)))).toBe(value);
      }),
    );
  });
});

test('intervals pass between Oracle, PostgreSQL and ISO without loss', () => {
  const nanos = fc.bigInt({ min: -(10n ** 20n), max: 10n ** 20n });
  fc.assert(
    fc.property(nanos, fc.bigInt({ min: -119_999n, max: 119_999n }), (size, months) => {
      expect(parseSpan(spanText({ months: 0n, nanos: size }))).toEqual({ months: 0n, nanos: size });
      expect(parseSpan(daySecondText(size))).toEqual({ months: 0n, nanos: size });
      expect(parseSpan(spanText({ months, nanos: 0n }))).toEqual({ months, nanos: 0n });
      expect(parseSpan(yearMonthText(months))).toEqual({ months, nanos: 0n });
    }),
  );
  expect(parseSpan('P1Y2M')).toEqual({ months: 14n, nanos: 0n });
  expect(parseSpan('-P1DT2H3M4.5S')).toEqual(parseSpan('-1 02:03:04.5'));
  for (const text of ['', 'P', 'PT', '1', '1 day 2', '1:2:3 x']) expect(parseSpan(text)).toBeNull();
});

test('numbers keep every digit', () => {
  expect(plainNumber('00012.3400')).toBe('12.34');
  expect(plainNumber('-0')).toBe('0');
  expect(plainNumber('twelve')).toBeNull();
});

test('zones become UTC across the turn of years', () => {
  expect(utcTime('2024-12-31 23:30:00.25-02')?.wall).toBe('2025-01-01 01:30:00');
  expect(utcTime('0001-01-01 00:30:00+01')).toBeNull();
});
