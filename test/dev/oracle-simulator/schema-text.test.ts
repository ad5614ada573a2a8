import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { failureOf, resultOf, type SchemaDatabase, schemaDatabase } from './schema-database.ts';

let database: SchemaDatabase;
beforeAll(async () => {
  database = await schemaDatabase();
});
afterAll(() => database.close());

const results: readonly (readonly [expression: string, result: string | null])[] = [
  [`concat('a', 'b')`, 'ab'],
  [`concat('a', NULL)`, 'a'],
  [`concat(NULL::text, NULL::text)`, null],
  [`substr('ABCDEFG', 3, 4)`, 'CDEF'],
  [`substr('ABCDEFG', -5, 4)`, 'CDEF'],
  [`substr('ABCDEFG', 0, 2)`, 'AB'],
  [`substr('ABCDEFG', 2.9)`, 'BCDEFG'],
  [`substr('ABC', 4)`, null],
  [`substr('ABC', -4)`, null],
  [`substr('ABC', 1, 0)`, null],
  [`substr('äöü', 2, 1)`, 'ö'],
  [`substrb('aäb', 3, 2)`, ' b'],
  [`substrb('aäb', 1, 2)`, 'a '],
  [`substrb('ABCDEFG', 5, 4.2)`, 'EFG'],
  [`instr('CORPORATE FLOOR', 'OR', 3, 2)`, '14'],
  [`instr('CORPORATE FLOOR', 'OR', -3, 2)`, '2'],
  [`instr('CORPORATE FLOOR', 'OR')`, '2'],
  [`instr('CORPORATE FLOOR', 'XX')`, '0'],
  [`instr('CORPORATE FLOOR', 'OR', 0)`, '0'],
  [`length('äö ')`, '3'],
  [`length('')`, null],
  [`length('ab'::char(5))`, '5'],
  [`lengthb('äö')`, '4'],
  [`upper('straße ä')`, 'STRAßE Ä'],
  [`lower('ÄÖ')`, 'äö'],
  [`initcap('the soap-äpfel')`, 'The Soap-Äpfel'],
  [`trim('  a ')`, 'a'],
  [`trim('  ')`, null],
  [`trim('xxaxx', 'x')`, 'a'],
  [`ltrim('<=====>BROWNING<=====>', '<>=')`, 'BROWNING<=====>'],
  [`rtrim('<=====>BROWNING<=====>', '<>=')`, '<=====>BROWNING'],
  [`rtrim('a', NULL)`, null],
  [`lpad('Page 1', 15, '*.')`, '*.*.*.*.*Page 1'],
  [`rpad('abc', 2)`, 'ab'],
  [`lpad('abc', 0)`, null],
  [`replace('JACK and JUE', 'J', 'BL')`, 'BLACK and BLUE'],
  [`replace('abc', 'b')`, 'ac'],
  [`replace('abc', NULL, 'x')`, 'abc'],
  [`replace('b', 'b', NULL)`, null],
  [`translate('SQL*Plus User''s Guide', ' */''', '___')`, 'SQL_Plus_Users_Guide'],
  [`translate('abc', 'a', NULL)`, null],
  [`chr(67)`, 'C'],
  [`chr(50052)`, 'Ä'],
  [`ascii('Q')`, '81'],
  [`ascii('Ä')`, '50052'],
  [`unistr('abc\\00e5')`, 'abcå'],
  [`regexp_replace('500   Oracle     Parkway', '( ){2,}', ' ')`, '500 Oracle Parkway'],
  [`regexp_replace('ab', '(.)(.)', '\\2\\1')`, 'ba'],
  [`regexp_replace('a', 'a', 'x\\&y')`, 'x\\&y'],
  [`regexp_replace('aaa', 'a', 'b', 2, 1)`, 'aba'],
  [`regexp_substr('500 Oracle Parkway, Redwood Shores, CA', ',[^,]+,')`, ', Redwood Shores,'],
  [`regexp_substr('1234567890', '(123)(4(56)(78))', 1, 1, 'i', 4)`, '78'],
  [`regexp_instr('500 Oracle Parkway', '[^ ]+', 1, 3)`, '12'],
  [`regexp_count('123123123', '123', 3, 'i')`, '2'],
  [`regexp_like('Steven', '^ste(v|ph)en$', 'i')`, 't'],
  // A dot stops at a newline unless n is given; ^ and $ are the ends unless m is.
  [`regexp_like(E'a\\nb', 'a.b')`, 'f'],
  [`regexp_like(E'a\\nb', 'a.b', 'n')`, 't'],
  [`regexp_like(E'a\\nb', '^b$')`, 'f'],
  [`regexp_like(E'a\\nb', '^b$', 'm')`, 't'],
  [`nlssort('a')`, '\\x6100'],
  [`nlssort('A', 'NLS_SORT=BINARY_CI')`, '\\x6100'],
  [`listagg_result('')`, null],
  [`hextoraw('DEADBEEF')`, '\\xdeadbeef'],
  [`hextoraw('abc')`, '\\x0abc'],
  [`rawtohex(hextoraw('0aff'))`, '0AFF'],
  [`rawtohex('AB'::text)`, '4142'],
  [`cast_to_varchar2(cast_to_raw('äx'))`, 'äx'],
  [`vsize('äx'::varchar)`, '3'],
  [`vsize(-123.45)`, '5'],
  [`lob_length(empty_clob())`, '0'],
  [`lob_substr(to_clob('abcdef'), 3, 2)`, 'bcd'],
  [`lob_substr(to_blob(hextoraw('010203')), 2, 2)`, '\\x0203'],
  [`lob_instr(to_clob('abcabc'), 'c', 1, 2)`, '6'],
  // Units of UTF-16: a character beyond U+FFFF is two, and half of one is U+FFFD.
  [`lob_length(to_clob('a😀ü😀'))`, '6'],
  [`lob_length(to_nclob('😀'))`, '2'],
  [`lob_length('a😀')`, '3'],
  [`length('a😀')`, '2'],
  [`lob_substr(to_clob('a😀b😀c'), 2, 2)`, '😀'],
  [`lob_substr(to_clob('a😀b😀c'), 3, 3)`, '\uFFFDb\uFFFD'],
  [`lob_substr(to_clob('a😀b😀c'), 1, 3)`, '\uFFFD'],
  [`lob_substr(to_clob('a😀b😀c'), 100, 4)`, 'b😀c'],
  [`lob_substr(to_clob('a😀b'), 5, 9)`, null],
  [`lob_substr(to_nclob('\uE000😀\uE001'), 9, 2)`, '😀\uE001'],
  [`lob_instr(to_clob('a😀b😀c'), 'b')`, '4'],
  [`lob_instr(to_clob('a😀b😀c'), '😀', 1, 2)`, '5'],
  [`lob_instr(to_clob('a😀b😀c'), '😀', 3)`, '5'],
  [`lob_instr(to_clob('a😀b😀c'), 'c', 0)`, null],
  // SHA-1 and MD5 of 'abc'; of NUMBER 1 the bytes C1 02.
  [`standard_hash('abc'::text)`, '\\xa9993e364706816aba3e25717850c26c9cd0d89d'],
  [`standard_hash('abc'::text, 'md5')`, '\\x900150983cd24fb0d6963f7d28e17f72'],
  [`standard_hash(1::numeric, 'SHA256') = standard_hash(hextoraw('C102'), 'SHA256')`, 't'],
  [`number_bytes(123.45)`, '\\xc202182e'],
  [`number_bytes(-123.45)`, '\\x3d644e3866'],
  [`number_bytes(0)`, '\\x80'],
  [`number_bytes(100)`, '\\xc202'],
  [`number_bytes(0.001)`, '\\xbf0b'],
  [`date_bytes('2024-05-01 10:11:12')`, '\\x787c05010b0c0d'],
  [`timestamp_bytes('2024-05-01 10:11:12.000001')`, '\\x787c05010b0c0d000003e8'],
  [`sys_context('USERENV', 'SESSION_USER')`, 'postgres'],
  [`sys_context('OTHER', 'X')`, null],
  [`sys_context('USERENV', 'SESSION_USER', 4)`, 'post'],
];

const failures: readonly (readonly [expression: string, message: string])[] = [
  [`hextoraw('xyz')`, 'ORA-01465: invalid hex number'],
  [`trim('abc', 'ab')`, 'ORA-30001: trim set should have only one character'],
  [`instr('abc', 'a', 1, 0)`, `ORA-01428: argument '0' is out of range`],
  [`regexp_like('a', 'a', 'q')`, 'ORA-01760: illegal argument for function'],
  [`standard_hash('a'::text, 'CRC')`, 'ORA-01760: illegal argument for function'],
  [`sys_context('USERENV', 'NONSENSE')`, 'ORA-02003: invalid USERENV parameter'],
  [`rowid_ctid('AAA')`, 'ORA-01410: invalid ROWID'],
  [`listagg_result(pg_catalog.repeat('x', 4001))`, 'ORA-01489: result of string concatenation is too long'],
  [`raise_application_error(-20001, 'no stock')`, 'ORA-20001: no stock'],
  [
    `raise_application_error(-1, 'x')`,
    'ORA-21000: error number argument to raise_application_error of -1 is out of range',
  ],
  [`raise(54, 'resource busy')`, 'ORA-00054: resource busy'],
];

describe('text, bytes, hashes', () => {
  it.each(results)('%s is %s', async (expression, result) => {
    expect(await resultOf(database.db, expression)).toBe(result);
  });

  it.each(failures)('%s ends in %s', async (expression, message) => {
    expect(await failureOf(database.db, expression)).toBe(message);
  });

  it('spreads ORA_HASH over its buckets, and gives the same for the same', async () => {
    const { rows } = await database.db.query(`
      SELECT min(n)::integer AS least, max(n)::integer AS most, count(*)::integer AS buckets FROM (
        SELECT count(*) AS n FROM generate_series(1, 10000) AS i GROUP BY oracle.ora_hash(i::numeric, 9)) AS t`);
    expect(rows[0].buckets).toBe(10);
    expect(rows[0].least).toBeGreaterThan(850);
    expect(rows[0].most).toBeLessThan(1150);
    expect(await resultOf(database.db, 'ora_hash(5::numeric) = ora_hash(5.0::numeric)')).toBe('t');
  });
});

describe('ROWID', () => {
  it('holds the table and the place of a row, up to the last there can be', async () => {
    const { rows } = await database.db.query(`
      SELECT oracle.rowid_of(t.id, t.place::tid)::text AS rowid,
        oracle.rowid_ctid(oracle.rowid_of(t.id, t.place::tid)::text)::text AS place,
        oracle.rowid_table(oracle.rowid_of(t.id, t.place::tid)::text)::bigint::text AS id
      FROM (VALUES (16385::oid, '(5,7)'), (0, '(0,1)'), (4294967295, '(4294967294,65535)')) AS t (id, place)`);
    expect(rows).toEqual([
      { rowid: 'AAAEABAAAAAAAAFAAH', place: '(5,7)', id: '16385' },
      { rowid: 'AAAAAAAAAAAAAAAAAB', place: '(0,1)', id: '0' },
      { rowid: 'D/////AAAD////+P//', place: '(4294967294,65535)', id: '4294967295' },
    ]);
  });

  it('is made and taken apart by DBMS_ROWID', async () => {
    const rowid = 'rowid_create(1, 16385, 3, 5, 7)';
    expect(await resultOf(database.db, rowid)).toBe('AAAEABAADAAAAAFAAH');
    expect(await resultOf(database.db, `rowid_object(${rowid})`)).toBe('16385');
    expect(await resultOf(database.db, `rowid_relative_fno(${rowid})`)).toBe('3');
    expect(await resultOf(database.db, `rowid_block_number(${rowid})`)).toBe('5');
    expect(await resultOf(database.db, `rowid_row_number(${rowid})`)).toBe('7');
  });

  it('serves for a scan of the rows between two', async () => {
    await database.db.query(
      'CREATE TABLE public.spots AS SELECT n FROM generate_series(1, 5000) AS n; ANALYZE public.spots',
    );
    const text = `SELECT count(*)::integer AS n FROM public.spots
      WHERE ctid >= oracle.rowid_ctid(oracle.rowid_create(1, 0, 0, 3, 0)::text)
        AND ctid < oracle.rowid_ctid(oracle.rowid_create(1, 0, 0, 5, 32767)::text)`;
    const plan = await database.db.query(`EXPLAIN ${text}`);
    expect(plan.rows.map((row) => row['QUERY PLAN']).join('\n')).toContain('Tid Range Scan');
    const places = await database.db.query(`SELECT count(*)::integer AS n FROM public.spots
      WHERE (ctid::text::point)[0] BETWEEN 3 AND 5`);
    expect((await database.db.query(text)).rows).toEqual(places.rows);
  });
});
