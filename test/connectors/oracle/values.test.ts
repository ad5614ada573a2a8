/** Values become the text that PostgreSQL would print; what is asked of the database loses nothing of them. */
import fc from 'fast-check';
import oracledb from 'oracledb';
import { describe, expect, test } from 'vitest';
import { mirrored, roundNumber, roundSeconds } from '../../../src/connectors/oracle/mirrored.ts';
import {
  type Convert,
  converterOf,
  floatText,
  numberText,
  selected,
  wallText,
  zonedText,
} from '../../../src/connectors/oracle/values.ts';
import type { SourceColumn } from '../../../src/domain/entity.ts';

const column = (sourceType: string): SourceColumn => ({
  name: 'a "b"',
  sourceType,
  mirrorType: 'text',
  nullable: true,
  binaryAsIs: false,
});
const load = (type: string) => ({
  loadColumns: [{ name: 'c', type, role: 'from', keyPosition: null, from: 'a "b"' } as const],
});
const convert = (sourceType: string, mirrorType = 'text'): Convert =>
  converterOf(column(sourceType), load(mirrorType)) ?? String;

test.each([
  ['NUMBER(10,2)', '"a ""b"""'],
  ['CLOB', '"a ""b"""'],
  ['DATE', `TO_CHAR("a ""b""", 'SYYYY-MM-DD HH24:MI:SS')`],
  ['TIMESTAMP(3)', `TO_CHAR("a ""b""", 'SYYYY-MM-DD HH24:MI:SS.FF6')`],
  ['TIMESTAMP(9)', `TO_CHAR("a ""b""", 'SYYYY-MM-DD HH24:MI:SS.FF9')`],
  ['TIMESTAMP(6) WITH LOCAL TIME ZONE', `TO_CHAR("a ""b""", 'SYYYY-MM-DD HH24:MI:SS.FF6')`],
  ['TIMESTAMP(6) WITH TIME ZONE', `TO_CHAR(SYS_EXTRACT_UTC("a ""b"""), 'SYYYY-MM-DD HH24:MI:SS.FF6')`],
  ['JSON', 'JSON_SERIALIZE("a ""b""" RETURNING CLOB)'],
  ['XMLTYPE', 'XMLSERIALIZE(CONTENT "a ""b""" AS CLOB)'],
])('%s is selected as %s', (sourceType, expected) => {
  expect(selected(column(sourceType))).toBe(expected);
});

test.each([
  ['NUMBER', '12345678901234567890123456789012345678', '12345678901234567890123456789012345678'],
  ['NUMBER(10,2)', '.5', '0.5'],
  ['NUMBER', '-.25', '-0.25'],
  ['FLOAT(126)', '1.5', '1.5'],
  ['RAW(3)', Buffer.from('00ff10', 'hex'), '\\x00ff10'],
  ['BLOB', Buffer.alloc(0), '\\x'],
  ['DATE', ' 2024-02-29 23:59:59', '2024-02-29 23:59:59'],
  ['DATE', '-0044-03-15 00:00:00', '0044-03-15 00:00:00 BC'],
  ['TIMESTAMP(6)', ' 2024-02-29 23:59:59.120000', '2024-02-29 23:59:59.12'],
  ['TIMESTAMP(6)', ' 2024-02-29 23:59:00.000000', '2024-02-29 23:59:00'],
  ['TIMESTAMP(9)', ' 9999-12-31 23:59:59.999999999', '9999-12-31 23:59:59.999999999'],
  ['TIMESTAMP(6) WITH TIME ZONE', ' 2024-02-29 23:59:59.000001', '2024-02-29 23:59:59.000001+00'],
  ['TIMESTAMP(6) WITH LOCAL TIME ZONE', '-0001-01-01 00:00:00.000000', '0001-01-01 00:00:00+00 BC'],
  ['BINARY_DOUBLE', Number.NaN, 'NaN'],
  ['BINARY_DOUBLE', Number.NEGATIVE_INFINITY, '-Infinity'],
  ['BINARY_DOUBLE', 1e300, '1e+300'],
  ['BINARY_DOUBLE', 123456789012345.6, '123456789012345.6'],
  ['BINARY_DOUBLE', 5e-324, '5e-324'],
  ['BINARY_FLOAT', Math.fround(0.1), '0.1'],
  ['BINARY_FLOAT', Math.fround(16777216), '1.6777216e+07'],
  ['BOOLEAN', true, 't'],
  ['BOOLEAN', false, 'f'],
])('%s %o is %s', (sourceType, value, text) => {
  expect(convert(sourceType)(value)).toBe(text);
});

describe('intervals', () => {
  const ym = (years: number, months: number) => Object.assign(new oracledb.IntervalYM(), { years, months });
  const ds = (parts: object) => Object.assign(new oracledb.IntervalDS(), parts);

  test.each([
    [ym(2, 3), '2 years 3 mons'],
    [ym(-1, -11), '-1 years -11 mons'],
    [ym(0, 0), '00:00:00'],
    [ym(123456789, 11), '123456789 years 11 mons'],
  ])('%o is %s', (value, text) => {
    expect(convert('INTERVAL YEAR TO MONTH', 'interval')(value)).toBe(text);
  });

  test.each([
    [ds({ days: 1, hours: 2, minutes: 3, seconds: 4, fseconds: 500_000_000 }), '1 day 02:03:04.5'],
    [ds({ days: -12, hours: -3, minutes: -4, seconds: -5, fseconds: -600_000_000 }), '-12 days -03:04:05.6'],
    [ds({ days: 999_999_999, hours: 23 }), '999999999 days 23:00:00'],
    [ds({ seconds: -1 }), '-00:00:01'],
    [ds({}), '00:00:00'],
  ])('%o is %s', (value, text) => {
    expect(convert('INTERVAL DAY TO SECOND', 'interval')(value)).toBe(text);
  });

  test('with nanoseconds is no text of an interval, but is text', () => {
    const nanos = ds({ seconds: 1, fseconds: 1 });
    expect(convert('INTERVAL DAY TO SECOND', 'interval')(nanos)).toBe(
      '00:00:01.000000001 (more than six digits of seconds)',
    );
    expect(convert('INTERVAL DAY TO SECOND', 'text')(nanos)).toBe('00:00:01.000000001');
  });
});

test('any double and any float is the same number again', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true }), (value) => {
      expect(Number(floatText(value, 8))).toBe(value);
    }),
  );
  fc.assert(
    fc.property(fc.float({ noNaN: true }), (value) => {
      expect(Math.fround(Number(floatText(value, 4)))).toBe(value);
    }),
  );
});

test('texts of the database keep their digits', () => {
  const digits = fc.stringMatching(/^\d{6}$/);
  fc.assert(
    fc.property(digits, (fraction) => {
      const shown = fraction.replace(/0+$/, '');
      const expected = `2024-01-02 03:04:05${shown === '' ? '' : `.${shown}`}`;
      expect(wallText(` 2024-01-02 03:04:05.${fraction}`)).toBe(expected);
      expect(zonedText(` 2024-01-02 03:04:05.${fraction}`)).toBe(`${expected}+00`);
    }),
  );
  expect(numberText('0')).toBe('0');
});

describe('what the mirror shows', () => {
  test.each([
    ['numeric', '1.5', '1.5'],
    ['numeric(8,2)', '1.5', '1.50'],
    ['numeric(8,2)', '1.005', '1.01'],
    ['numeric(8,2)', '-0.005', '-0.01'],
    ['numeric(8,2)', '-0.004', '0.00'],
    ['numeric(8,0)', '99.5', '100'],
    ['integer', '2.5', '3'],
    ['bigint', '-12', '-12'],
    ['real', '0.1', '0.1'],
    ['double precision', '100000000000000000', '1e+17'],
    ['boolean', 't', 'true'],
    ['boolean', 'f', 'false'],
    ['timestamp without time zone', '2024-01-01 00:00:00.1234567', '2024-01-01 00:00:00.123457'],
    ['timestamp with time zone', '2024-12-31 23:59:59.9999999+00', '2025-01-01 00:00:00+00'],
    ['timestamp(0) without time zone', '2024-01-01 00:00:00.5', '2024-01-01 00:00:01'],
    ['text', '\\x', '\\x'],
  ])('%s of %s is %s', (type, text, shown) => {
    expect(mirrored(type)(text)).toBe(shown);
  });

  test('rounds only what has too many digits', () => {
    expect(roundNumber('no number', 2)).toBe('no number');
    expect(roundSeconds('2024-01-01 00:00:00.123456', 6)).toBe('2024-01-01 00:00:00.123456');
    expect(roundSeconds('2024-01-01 00:00:00.0000005', 6)).toBe('2024-01-01 00:00:00');
    expect(roundSeconds('2024-01-01 00:00:00.0000015', 6)).toBe('2024-01-01 00:00:00.000002');
  });
});
