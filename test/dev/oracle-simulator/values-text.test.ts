import { describe, expect, it } from 'vitest';
import type { OracleType, OracleTypeName } from '../../../dev/oracle-simulator/types.ts';
import { formatByMask } from '../../../dev/oracle-simulator/values/date-mask.ts';
import { parseDateTime } from '../../../dev/oracle-simulator/values/datetime-text.ts';
import { DEFAULT_FORMATS, oracleText } from '../../../dev/oracle-simulator/values/oracle-text.ts';

const type = (name: OracleTypeName, more: Partial<OracleType> = {}): OracleType => ({
  name,
  precision: null,
  scale: null,
  length: null,
  unit: null,
  ...more,
});

describe('values as Oracle prints them', () => {
  it.each([
    ['0', '0'],
    ['0.5', '.5'],
    ['-0.5', '-.5'],
    ['-12.5', '-12.5'],
    ['1234567890123456789012345678901234567890', '1234567890123456789012345678901234567890'],
    [`1${'0'.repeat(100)}`, `1.${'0'.repeat(33)}E+100`],
    [`-25${'0'.repeat(60)}`, `-2.5${'0'.repeat(32)}E+61`],
    [`0.${'0'.repeat(59)}12`, `1.2${'0'.repeat(33)}E-60`],
  ])('NUMBER %s', (text, printed) => {
    expect(oracleText(text, type('NUMBER'), DEFAULT_FORMATS)).toBe(printed);
  });

  it.each([
    ['1.5', '1.5E+000'],
    ['-100', '-1.0E+002'],
    ['1e-05', '1.0E-005'],
    ['0', '0'],
    ['NaN', 'Nan'],
    ['Infinity', 'Inf'],
    ['-Infinity', '-Inf'],
  ])('BINARY_DOUBLE %s', (text, printed) => {
    expect(oracleText(text, type('BINARY_DOUBLE'), DEFAULT_FORMATS)).toBe(printed);
  });

  it('dates in the formats of the session', () => {
    const text = '2024-05-01 13:04:05.12';
    expect(oracleText('2024-05-01 13:04:05', type('DATE'), DEFAULT_FORMATS)).toBe('01-MAY-24');
    expect(oracleText(text, type('TIMESTAMP', { scale: 6 }), DEFAULT_FORMATS)).toBe(
      '01-MAY-24 01.04.05.120000 PM',
    );
    expect(oracleText(`${text}+02:30`, type('TIMESTAMP WITH TIME ZONE', { scale: 3 }), DEFAULT_FORMATS)).toBe(
      '01-MAY-24 01.04.05.120 PM +02:30',
    );
    const formats = { ...DEFAULT_FORMATS, timestamp: 'YYYY-MM-DD"T"HH24:MI:SS.FF' };
    expect(oracleText(text, type('TIMESTAMP', { scale: 9 }), formats)).toBe('2024-05-01T13:04:05.120000000');
  });

  it('intervals with their sign and all digits', () => {
    expect(oracleText('-3-11', type('INTERVAL YEAR TO MONTH'), DEFAULT_FORMATS)).toBe('-03-11');
    expect(oracleText('12 03:04:05.5', type('INTERVAL DAY TO SECOND', { scale: 3 }), DEFAULT_FORMATS)).toBe(
      '+12 03:04:05.500',
    );
    expect(
      oracleText('1 03:04:05', type('INTERVAL DAY TO SECOND', { precision: 4, scale: 0 }), DEFAULT_FORMATS),
    ).toBe('+0001 03:04:05');
  });
});

describe('masks of dates', () => {
  const value = parseDateTime('2024-05-01 00:04:05.123456789-03:30');

  it.each([
    ['YYYY-MM-DD HH24:MI:SS', '2024-05-01 00:04:05'],
    ['Day, DD Month YY', 'Wednesday, 01 May       24'],
    ['dy DD mon RRRR', 'wed 01 may 2024'],
    ['HH12:MI AM', '12:04 AM'],
    ['hh:mi p.m.', '12:04 a.m.'],
    ['FF3 FF9 FF', '123 123456789 123456789'],
    ['SSSSS', '00245'],
    ['TZH:TZM TZR', '-03:30 -03:30'],
    ['SYYYY BC', ' 2024 AD'],
    ['"at" HH24"h"', 'at 00h'],
  ])('%s', (mask, text) => {
    expect(formatByMask(value, mask)).toBe(text);
  });

  it('refuses what it does not know', () => {
    expect(() => formatByMask(value, 'YYYY WW')).toThrow(/ORA-01821/);
  });
});
