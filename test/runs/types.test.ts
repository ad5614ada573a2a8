/** Every type round-trips, bit for bit: through the direct COPY of a first load, and through staging as rows of text. */
import { afterEach, expect, it } from 'vitest';
import { createKit, type Kit } from './run-kit.ts';

let kit: Kit;
afterEach(() => kit.close());

const SQL = `
  CREATE TYPE mood AS ENUM ('sad', 'ok', 'héureux');
  CREATE DOMAIN positive AS numeric CHECK (VALUE > 0);
  CREATE TABLE everything (
    id bigint PRIMARY KEY,
    n numeric, n2 numeric(20, 4), i2 int2, i4 int4, i8 int8, f4 real, f8 double precision, b boolean,
    t text, v varchar(40), u uuid, d date, tm time, ts timestamp, tz timestamptz, iv interval, by bytea,
    j json, jb jsonb, ia int[], ta text[], r int4range, tr tstzrange, e mood, p positive, bi bit varying, ip inet, ci cidr, ma macaddr, na name,
    updated_at timestamptz NOT NULL DEFAULT now());
  INSERT INTO everything VALUES
    (1, 'NaN', 1.5000, -32768, -2147483648, -9223372036854775808, '-0', 'NaN', true, '', '', '00000000-0000-0000-0000-000000000000',
     '4713-01-01 BC', '00:00', '4713-01-01 00:00:00 BC', '-infinity', '-178000000 years', '', '{"a" : 1,  "a": 2}', '{"b": 1.10}', '{}', '{}', 'empty',
     '(,)', 'sad', 0.5, B'', '::1/128', '10.0.0.0/8', '08:00:2b:01:02:03', 'n'),
    (2, 'Infinity', 99999999999999.9999, 32767, 2147483647, 9223372036854775807, 3.4028235e38, 'Infinity', false, E'tab\\t nl\\n bs\\\\ q" ''',
     'ünï €', 'ffffffff-ffff-ffff-ffff-ffffffffffff', 'infinity', '24:00', '294276-12-31 23:59:59.999999', 'infinity', '1 mon -1 day 00:00:00.000001',
     '\\x00ff10', '[]', '{}', '{1,NULL,3}', '{"a,b",NULL,"NULL","\\\\","{}"}', '[1,10)', '["2026-01-01 00:00+00","2026-02-01 00:00+00")', 'héureux', 1e3,
     B'10101', '192.168.0.1/24', '::/0', 'ff:ff:ff:ff:ff:ff', 'x'),
    (3, 12345678901234567890123456789.1234567890123456789000, 0.0001, 0, 0, 0, 1.17549435e-38, 5e-324, NULL, E'\\U0001F600 e\\u0301', repeat('x', 40),
     gen_random_uuid(), '0001-01-01', '23:59:59.999999', '2026-03-29 02:30:00.123456', '1582-10-15 12:00:00.000001+00', '-1 sec', NULL, 'null', 'null', NULL, NULL, NULL, NULL,
     NULL, 1.0, NULL, NULL, NULL, NULL, NULL);
  INSERT INTO everything (id, n, t) SELECT n, n / 7.0, repeat(chr(1000 + n % 5000), n % 20) FROM generate_series(4, 1500) AS n`;

const entity = (more: object = {}) => ({
  everything: {
    read: { table: 'public.everything' },
    key: 'id',
    changedAt: 'updated_at',
    mirror: 'm.everything',
    chunkRows: 400,
    ...more,
  },
});

async function expectEqualTexts(): Promise<void> {
  const columns =
    'id, n, n2, i2, i4, i8, f4, f8, b, t, v, u, d, tm, ts, tz, iv, by, j, jb, ia, ta, r, tr, e, p, bi, ip, ci, ma, na, updated_at';
  const { rows } = await kit.source.query<{ row: string }>(
    `SELECT row(s.*)::text AS row FROM (SELECT ${columns} FROM everything ORDER BY id) AS s`,
  );
  const mirror = await kit.mirror('m.everything', columns);
  expect(mirror).toEqual(rows.map(({ row }) => row));
}

it('first load, staging, and increments', async () => {
  kit = await createKit({ sql: SQL, entities: entity() });
  expect(await kit.runOne('full')).toMatchObject({
    status: 'SUCCESS',
    counts: { inserted: 1500, quarantined: 0 },
  });
  await expectEqualTexts();
  // The same numbers and times in another spelling are changes too: 1.0 becomes 1.00.
  await kit.source.query(`
    UPDATE everything SET n = 1.00, jb = '{"b": 1.100}', f8 = '-0', updated_at = clock_timestamp() WHERE id <= 3;
    UPDATE everything SET n2 = 7, iv = '24:00:00', updated_at = clock_timestamp() WHERE id BETWEEN 10 AND 20`);
  expect((await kit.runOne('incremental')).counts.updated).toBe(14);
  await expectEqualTexts();
});

it('as rows of text, with functions that see them', async () => {
  kit = await createKit({
    sql: SQL,
    entities: entity({
      columns: undefined,
      deduplicate: { by: ['id'], at: 'updated_at', within: '1 second' },
      validate: { '~standard': { version: 1, vendor: 'test', validate: (value: unknown) => ({ value }) } },
    }),
  });
  expect(await kit.runOne('full')).toMatchObject({
    status: 'SUCCESS',
    counts: { inserted: 1500, quarantined: 0 },
  });
  await expectEqualTexts();
});

it('a type that could lose something is refused with the column’s name', async () => {
  kit = await createKit({
    sql: `CREATE TYPE pair AS (a int, b int);
          CREATE TABLE everything (id int PRIMARY KEY, two pair, price money, updated_at timestamptz DEFAULT now())`,
    entities: entity(),
  });
  const summary = await kit.run('full');
  expect(summary.entities[0]?.error).toMatchObject({ code: 'TYPE_UNSUPPORTED' });
  expect(summary.entities[0]?.error?.message).toMatch(/two|price/);
});
