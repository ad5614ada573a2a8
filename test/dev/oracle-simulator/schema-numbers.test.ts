import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, resultOf, type SchemaDatabase, schemaDatabase } from './schema-database.ts';

let database: SchemaDatabase;
beforeAll(async () => {
  database = await schemaDatabase();
});
afterAll(() => database.close());

/** Numbers of PostgreSQL's text keep zeros that Oracle's do not have: through to_char. */
const results: readonly (readonly [expression: string, result: string | null])[] = [
  ['to_char(divide(1, 3))', '.3333333333333333333333333333333333333333'],
  ['to_char(divide(2, 3))', '.6666666666666666666666666666666666666667'],
  ['to_char(divide(10, 3))', '3.33333333333333333333333333333333333333'],
  ['to_char(divide(100, 3))', '33.33333333333333333333333333333333333333'],
  ['to_char(divide(10, 4))', '2.5'],
  ['to_char(divide(-1, 8))', '-.125'],
  ['divide(1::float8, 0::float8)', 'Infinity'],
  ['to_char(sqrt(2))', '1.41421356237309504880168872420969807857'],
  ['to_char(power(2, 0.5))', '1.41421356237309504880168872420969807857'],
  ['to_char(power(2, 10))', '1024'],
  ['to_char(power(2, -1))', '.5'],
  ['to_char(exp(1))', '2.71828182845904523536028747135266249776'],
  ['to_char(ln(10))', '2.3025850929940456840179914546843642076'],
  ['to_char(log(10, 100))', '2'],
  ['mod(11, 4)', '3'],
  ['mod(-11, 4)', '-3'],
  ['mod(11, -4)', '3'],
  ['mod(11, 0)', '11'],
  ['remainder(11, 4)', '-1'],
  ['trunc(15.79, 1)', '15.7'],
  ['trunc(15.79, -1)', '10'],
  ['trunc(-15.79)', '-15'],
  ['round(15.193, 1)', '15.2'],
  ['round(2.5)', '3'],
  ['round(-2.5)', '-3'],
  ['bitand(6, 3)', '2'],
  ['to_char(0.5)', '.5'],
  ['to_char(-0.50)', '-.5'],
  ['to_char(100)', '100'],
  ['to_char(12.50)', '12.5'],
  ['to_char(1e39::numeric)', '1000000000000000000000000000000000000000'],
  ['to_char(1e50::numeric)', '1.0000000000000000000000000000000000E+50'],
  ['to_char(1e-50::numeric)', '1.0000000000000000000000000000000000E-50'],
  ['to_char(1.5::float8)', '1.5E+000'],
  ['to_char(-1e300::float8)', '-1.0000000000000001E+300'],
  ["to_char('NaN'::float8)", 'Nan'],
  ["to_number(' 12.5 ')", '12.5'],
  ["to_number('-.5e2')", '-50'],
  ["to_number('1,234.50', '9,999.99')", '1234.5'],
  ["to_number('1.234,5', '9G999D9', 'NLS_NUMERIC_CHARACTERS='',.''')", '1234.5'],
  ["to_number('$5', '$9')", '5'],
  ["to_number('5-', '9MI')", '-5'],
  ["to_number('<12>', '99PR')", '-12'],
  ["to_number('ff', 'xx')", '255'],
  ['to_number(NULL::text)', null],
];

/** Examples of Oracle's documentation ("Results of number conversions") and of practice. */
const masked: readonly (readonly [value: string, mask: string, result: string])[] = [
  ['-1234567890', '9999999999S', '1234567890-'],
  ['1234567890', '9999999999S', '1234567890+'],
  ['0', '99.99', '   .00'],
  ['0.1', '99.99', '   .10'],
  ['-0.2', '99.99', '  -.20'],
  ['0', '90.99', '  0.00'],
  ['0.1', '90.99', '  0.10'],
  ['-0.2', '90.99', ' -0.20'],
  ['0', '9999', '    0'],
  ['1', '9999', '    1'],
  ['0', 'B9999', '     '],
  ['1', 'B9999', '    1'],
  ['123.456', '999.999', ' 123.456'],
  ['-123.456', '999.999', '-123.456'],
  ['123.456', 'FM999.009', '123.456'],
  ['123.456', '9.9EEEE', ' 1.2E+02'],
  ['1e123', '9.9EEEE', ' 1.0E+123'],
  ['123.456', 'FM9.9EEEE', '1.2E+02'],
  ['123.45', 'FM999.009', '123.45'],
  ['123.0', 'FM999.009', '123.00'],
  ['123.45', 'FML999.99', '$123.45'],
  ['1234567.891', '9,999,999.99', ' 1,234,567.89'],
  ['12', '9,999', '    12'],
  ['5', '000', ' 005'],
  ['5', 'FM000', '005'],
  ['-12', '99PR', '<12>'],
  ['12', '99PR', ' 12 '],
  ['-12', '99MI', '12-'],
  ['12', 'S99', '+12'],
  ['12345', '999', '####'],
  ['0.5', 'FM990.00', '0.50'],
  ['12', 'FM999.99', '12.'],
  ['255', 'XX', ' FF'],
  ['255', 'FMxxxx', 'ff'],
  ['123.4', '999V99', ' 12340'],
  ['10000000000.50', 'TM9', '10000000000.5'],
  ['1234.5', '9G999D99', ' 1,234.50'],
  ['14', 'FMRN', 'XIV'],
  ['-1234.5', '$9,999.99', '-$1,234.50'],
];

const failures: readonly (readonly [expression: string, message: string])[] = [
  ['divide(1, 0)', 'ORA-01476: divisor is equal to zero'],
  ["to_number('abc')", 'ORA-01722: invalid number'],
  ["to_number('1,000')", 'ORA-01722: invalid number'],
  ["to_number('0x1F')", 'ORA-01722: invalid number'],
  ["to_number('12345', '999')", 'ORA-01722: invalid number'],
  ["to_char(1, '9a')", 'ORA-01481: invalid number format model'],
  [
    "to_char(1, '9', 'NLS_NUMERIC_CHARACTERS=''..''')",
    'ORA-12702: invalid NLS parameter string used in SQL function',
  ],
  ['sqrt(-1)', "ORA-01428: argument '-1' is out of range"],
  ['ln(0)', "ORA-01428: argument '0' is out of range"],
  ['power(10, 200)', 'ORA-01426: numeric overflow'],
];

describe('numbers', () => {
  it.each(results)('%s is %s', async (expression, result) => {
    expect(await resultOf(database.db, expression)).toBe(result);
  });

  it.each(masked)("to_char(%s, '%s') is '%s'", async (value, mask, result) => {
    expect(await resultOf(database.db, `to_char(${value}::numeric, '${mask}')`)).toBe(result);
  });

  it.each(failures)('%s ends in %s', async (expression, message) => {
    expect(await failureOf(database.db, expression)).toBe(message);
  });

  it('takes NULL for NULL', async () => {
    for (const call of [
      'divide(NULL, 2)',
      'mod(NULL, 2)',
      'power(NULL::numeric, 2)',
      'trunc(NULL::numeric)',
      "to_char(NULL::numeric, '9')",
    ]) {
      expect(await resultOf(database.db, call)).toBeNull();
    }
  });

  it('divides so that the product is the dividend again, but for the last digit', async () => {
    const { rows } = await database.db.query(`
      SELECT a, b FROM (SELECT n, (n * 7919 % 100003)::numeric / 1000 + 1 AS a, (n * 104729 % 99991)::numeric / 7 + 1 AS b
        FROM generate_series(1, 500) AS n) AS t WHERE abs(divide(a, b) * b - a) > a * 1e-37`);
    expect(rows).toEqual([]);
  });
});
