import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, resultOf, type SchemaDatabase, schemaDatabase } from './schema-database.ts';

let database: SchemaDatabase;
beforeAll(async () => {
  database = await schemaDatabase();
  await database.db.query(`
    CREATE TABLE public.everything (
      id integer PRIMARY KEY, v varchar(30), c bpchar(6), n numeric, m numeric(10, 2), d oracle.date, t timestamp(6),
      t9 oracle.timestamp9(9), t7 oracle.timestamp9(7), z timestamptz(6), r oracle.raw(4), cl oracle.clob, bl oracle.blob,
      lo oracle.long, ri oracle.rowid)`);
});
afterAll(() => database.close());

async function assigned(column: string, value: string): Promise<string | null> {
  const { rows } = await database.db.query(
    `INSERT INTO public.everything (id, ${column}) VALUES ((SELECT count(*) FROM public.everything), ${value})
    RETURNING ${column}::cstring::text AS value`.replace(
      `${column}::cstring::text`,
      `pg_catalog.format('%s', ${column})`,
    ),
  );
  return rows[0].value === '' ? null : rows[0].value;
}

describe('assignment', () => {
  it.each([
    // Text into everything, by Oracle's implicit conversions.
    ['n', `'12.50'::varchar`, '12.50'],
    ['d', `'01-MAY-24'::varchar`, '2024-05-01 00:00:00'],
    ['t', `'01-MAY-24 10.00.00.5 AM'::varchar`, '2024-05-01 10:00:00.5'],
    ['r', `'abCD'::varchar`, '\\xabcd'],
    ['r', `'ABCD'`, '\\xabcd'],
    ['d', `'01-MAY-24'`, '2024-05-01 00:00:00'],
    ['cl', `'text'::varchar`, 'text'],
    ['lo', `'text'::text`, 'text'],
    ['v', `'clob'::oracle.clob`, 'clob'],
    ['ri', `'AAAEABAAAAAAAAFAAH'::text`, 'AAAEABAAAAAAAAFAAH'],
    // Into text as TO_CHAR does.
    ['v', '0.50::numeric', '.5'],
    ['v', `'2024-05-01 10:00:00'::oracle.date`, '01-MAY-24'],
    ['v', `timestamp '2024-05-01 10:00:00.5'`, '01-MAY-24 10.00.00.500000 AM'],
    ['v', `oracle.hextoraw('0aff')`, '0AFF'],
    ['c', '0.5::numeric', '.5    '],
    // Between dates: fractions are cut for DATE and rounded for fewer digits.
    ['d', `timestamp '2024-05-01 10:00:00.999999'`, '2024-05-01 10:00:00'],
    ['d', `timestamptz '2024-05-01 10:00:00.9+02'`, '2024-05-01 08:00:00'],
    ['d', `'2024-05-01 10:00:00.999999999'::oracle.timestamp9`, '2024-05-01 10:00:00'],
    ['t', `'2024-05-01 10:00:00'::oracle.date`, '2024-05-01 10:00:00'],
    ['t', `'2024-05-01 10:00:00.1234567'::oracle.timestamp9`, '2024-05-01 10:00:00.123457'],
    ['t', `'0044-03-15 10:00:00.5 BC'::oracle.timestamp9`, '0044-03-15 10:00:00.5 BC'],
    ['t9', `timestamp '2024-05-01 10:00:00.5'`, '2024-05-01 10:00:00.500000000'],
    ['t9', `'2024-05-01 10:00:00.123456789'`, '2024-05-01 10:00:00.123456789'],
    ['t7', `'2024-05-01 10:00:00.12345675'`, '2024-05-01 10:00:00.123456800'],
    ['t7', `'2024-05-01 10:00:59.99999999'`, '2024-05-01 10:01:00.000000000'],
    ['z', `'2024-05-01 10:00:00'::oracle.date`, '2024-05-01 10:00:00+00'],
    ['bl', `oracle.hextoraw('01ff')`, '\\x01ff'],
  ])('%s := %s gives %s', async (column, value, result) => {
    expect(await assigned(column, value)).toBe(result);
  });

  it.each([
    ['n', `'x1'::varchar`, 'ORA-01722: invalid number'],
    ['d', `'2024-31-12'::varchar`, 'ORA-01861: literal does not match format string'],
    ['d', `'31-FEB-24'`, 'ORA-01839: date not valid for month specified'],
    ['r', `'xyz'`, 'ORA-01465: invalid hex number'],
    ['r', `'0102030405'`, 'ORA-12899: value too large for column (actual: 5, maximum: 4)'],
    [
      't9',
      `'0044-03-15 10:00:00 BC'`,
      'ORA-01841: (full) year must be between -4713 and +9999, and not be 0',
    ],
  ])('%s := %s ends in %s', async (column, value, message) => {
    await expect(assigned(column, value)).rejects.toMatchObject({ code: 'OR000', message });
  });
});

describe('comparison', () => {
  it.each([
    // CHAR against CHAR and literals pads, against VARCHAR2 it does not.
    [`'ab'::char(4) = 'ab'`, 't'],
    [`'ab'::char(4) = 'ab'::char(6)`, 't'],
    [`'ab'::char(4) = 'ab'::varchar`, 'f'],
    [`'ab'::char(4) = 'ab  '::varchar`, 't'],
    [`'ab  '::varchar = 'ab'::varchar`, 'f'],
    [`'ab'::text < 'ab'::char(4)`, 't'],
    // Text against numbers and dates: the text is converted.
    [`'05'::varchar = 5`, 't'],
    [`5 > '10'::varchar`, 'f'],
    [`'2'::varchar + 3`, '5'],
    [`'2024-05-01 10:00:00'::oracle.date > '30-APR-24'::text`, 't'],
    [`'2024-05-01 10:00:00'::oracle.date > '30-APR-24'`, 't'],
    [`'2024-05-01 10:00:00'::oracle.date = timestamp '2024-05-01 10:00:00'`, 't'],
    [`timestamp '2024-05-01 10:00:00.1' > '2024-05-01 10:00:00'::oracle.date`, 't'],
    [`'2024-05-01 10:00:00'::oracle.date < timestamptz '2024-05-01 10:00:00.1+00'`, 't'],
    [`'2024-05-01 10:00:00.123456789'::oracle.timestamp9 > timestamp '2024-05-01 10:00:00.123456'`, 't'],
    [`timestamp '2024-05-01 10:00:00.123457' > '2024-05-01 10:00:00.123456789'::oracle.timestamp9`, 't'],
    [`timestamp '2024-05-01 10:00:00.123456' = '2024-05-01 10:00:00.123456789'::oracle.timestamp9`, 'f'],
    [`timestamp '2024-05-01 10:00:00.123456' = '2024-05-01 10:00:00.123456000'::oracle.timestamp9`, 't'],
    [`timestamp '2024-05-01 10:00:00.123456' <= '2024-05-01 10:00:00.123456789'::oracle.timestamp9`, 't'],
    [`'ab'::oracle.raw < 'ab01'::oracle.raw`, 't'],
  ])('%s is %s', async (expression, result) => {
    expect(await resultOf(database.db, expression)).toBe(result);
  });

  it('fails on text that is no number', async () => {
    expect(await failureOf(database.db, `'a'::varchar = 5`)).toBe('ORA-01722: invalid number');
  });

  it('agrees with exact arithmetic on TIMESTAMP9 against TIMESTAMP, either way', async () => {
    const nanoseconds = fc.integer({ min: 0, max: 4000 });
    const text = (value: number) => `2024-05-01 10:00:00.${String(value).padStart(9, '0')}`;
    await fc.assert(
      fc.asyncProperty(nanoseconds, nanoseconds, async (a, b) => {
        const micro = b - (b % 1000);
        const { rows } = await database.db.query({
          rowMode: 'array',
          text: `SELECT n < t, n <= t, n = t, n <> t, n >= t, n > t, t < n, t <= n, t = n, t <> n, t >= n, t > n
            FROM (SELECT $1::oracle.timestamp9 AS n, $2::timestamp AS t) AS v`,
          values: [text(a), text(micro)],
        });
        const both = [a < micro, a <= micro, a === micro, a !== micro, a >= micro, a > micro];
        expect(rows[0]).toEqual([
          ...both,
          micro < a,
          micro <= a,
          micro === a,
          micro !== a,
          micro >= a,
          micro > a,
        ]);
      }),
      { numRuns: 200 },
    );
  });
});

describe('order', () => {
  it('is by time, by bytes, and by the digits of nanoseconds', async () => {
    const { rows } = await database.db.query(`
      SELECT array_agg(n ORDER BY d)::text AS date, array_agg(n ORDER BY t)::text AS nine, array_agg(n ORDER BY r)::text AS raw
      FROM (VALUES (1, '2024-01-02 00:00:00'::oracle.date, '2024-01-01 00:00:00.000000002'::oracle.timestamp9, 'FF'::oracle.raw),
        (2, '0044-03-15 00:00:00 BC', '2024-01-01 00:00:00.000000001', '01'),
        (3, '2024-01-01 23:59:59', '2023-12-31 23:59:59.999999999', '0102')) AS v (n, d, t, r)`);
    expect(rows).toEqual([{ date: '{2,3,1}', nine: '{3,2,1}', raw: '{2,3,1}' }]);
  });

  it('serves indexes, groups, joins, minima', async () => {
    await database.db.query(`
      CREATE TABLE public.keyed (d oracle.date PRIMARY KEY, t9 oracle.timestamp9 UNIQUE, r oracle.raw UNIQUE, t timestamp UNIQUE);
      INSERT INTO public.keyed SELECT (timestamp '2024-01-01' + n * interval '1 hour')::oracle.date,
        (timestamp '2024-01-01' + n * interval '1 hour')::oracle.timestamp9, int4send(n)::oracle.raw, timestamp '2024-01-01' + n * interval '1 hour'
      FROM generate_series(1, 3000) AS n;
      ANALYZE public.keyed`);
    for (const condition of [
      `d = '2024-01-05 00:00:00'::oracle.date`,
      `d = timestamp '2024-01-05 00:00:00'`,
      `t = '2024-01-05 00:00:00'::oracle.date`,
      `t BETWEEN '2024-01-05 00:00:00.000000000'::oracle.timestamp9 AND '2024-01-05 00:00:00.000000001'::oracle.timestamp9`,
      `t9 = timestamp '2024-01-05 00:00:00'`,
      `r = '00000060'`,
    ]) {
      const plan = await database.db.query(`EXPLAIN SELECT * FROM public.keyed WHERE ${condition}`);
      expect(plan.rows.map((row) => row['QUERY PLAN']).join('\n')).toMatch(
        /Index (Only )?Scan|Bitmap Index Scan/,
      );
      const found = await database.db.query(
        `SELECT count(*)::integer AS n FROM public.keyed WHERE ${condition}`,
      );
      expect(found.rows).toEqual([{ n: 1 }]);
    }
    const { rows } = await database.db.query(`
      SELECT pg_typeof(min(d))::text AS type, format('%s', max(d)) AS last, count(DISTINCT oracle.trunc(d))::integer AS days,
        (SELECT count(*)::integer FROM public.keyed AS a JOIN public.keyed AS b ON a.d = b.t) AS joined FROM public.keyed`);
    expect(rows).toEqual([{ type: 'date', last: '2024-05-05 00:00:00', days: 126, joined: 3000 }]);
  });

  it('keeps CHAR’s blanks', async () => {
    expect(await resultOf(database.db, `concat('a'::char(3), 'b')`)).toBe('a  b');
    expect(await resultOf(database.db, `substr('a'::char(3), 2)`)).toBe('  ');
    expect(await resultOf(database.db, `upper('a'::char(3))`)).toBe('A  ');
  });
});
