/** Every scalar type comes as the text that PostgreSQL would print, so that digests of source and mirror agree. */
import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { Source } from '../../../src/connectors/contract.ts';
import { canonicalRowSql, digestSql } from '../../../src/domain/checksum.ts';
import type { EntityPlan } from '../../../src/domain/entity.ts';
import { quoteIdent } from '../../../src/pg/identifiers.ts';
import { type FreshDatabase, freshDatabase, storeServer } from '../../support/servers.ts';
import { never, piecesOf, planOf, rowsOf } from '../kit.ts';
import { type OracleUnderTest, startOracle } from './oracle-kit.ts';

let oracle: OracleUnderTest;
let source: Source;
let store: FreshDatabase;
let mirror: pg.Client;

beforeAll(async () => {
  oracle = await startOracle();
  source = oracle.source();
  store = await freshDatabase(await storeServer(), 'oracle_types');
  mirror = new pg.Client({ connectionString: store.url });
  await mirror.connect();
  await mirror.query(`SET TimeZone = 'UTC'`);
});
afterAll(async () => {
  await mirror.end();
  await store.drop();
  await oracle.close();
});

const everything = { lower: null, upper: null };
const read = { format: 'rows', pieceBytes: 64 * 1024, signal: never } as const;

async function rowsIn(plan: EntityPlan): Promise<(string | null)[][]> {
  return rowsOf(await piecesOf(source.readChunk(plan, everything, read)));
}

/** What the mirror's own digest is once the rows have been loaded into it. */
async function mirrorDigest(plan: EntityPlan, rows: readonly (string | null)[][]): Promise<string> {
  const columns = plan.loadColumns.map(({ name, type }) => `${quoteIdent(name)} ${type}`);
  await mirror.query(`DROP TABLE IF EXISTS mirror; CREATE TABLE mirror (${columns.join(', ')})`);
  for (const row of rows) {
    const values = plan.loadColumns.map(({ type }, i) => `$${i + 1}::text::${type}`);
    await mirror.query(`INSERT INTO mirror VALUES (${values.join(', ')})`, row);
  }
  const text = canonicalRowSql(
    plan.loadColumns.map(({ name, type }) => ({ expression: quoteIdent(name), type })),
  );
  const { rows: digests } = await mirror.query(`SELECT ${digestSql(text)} AS digest FROM mirror`);
  return digests[0].digest;
}

/** Column type, Oracle's expression, the text that must come. */
const SAMPLES: readonly (readonly [string, string, string | null])[] = [
  ['NUMBER', '12345678901234567890123456789012345678', '12345678901234567890123456789012345678'],
  ['NUMBER', '0.00000000000000000000000000000000000001', '0.00000000000000000000000000000000000001'],
  ['NUMBER', '-0.5', '-0.5'],
  ['NUMBER', '1e100', `1${'0'.repeat(100)}`],
  ['NUMBER(10,2)', '1234567.80', '1234567.8'],
  ['NUMBER(9)', '-999999999', '-999999999'],
  ['NUMBER(18)', '999999999999999999', '999999999999999999'],
  ['NUMBER(5,-2)', '12345', '12300'],
  ['FLOAT(126)', '1.25', '1.25'],
  ['BINARY_DOUBLE', '1.7976931348623157e308d', '1.7976931348623157e+308'],
  ['BINARY_DOUBLE', 'BINARY_DOUBLE_NAN', 'NaN'],
  ['BINARY_DOUBLE', '-BINARY_DOUBLE_INFINITY', '-Infinity'],
  ['BINARY_FLOAT', '0.1f', '0.1'],
  ['BINARY_FLOAT', 'BINARY_FLOAT_INFINITY', 'Infinity'],
  ['VARCHAR2(20 CHAR)', `'é \u{1F600}|\\'`, 'é \u{1F600}|\\'],
  ['VARCHAR2(20)', `''`, null],
  ['NVARCHAR2(20)', `N'日本'`, '日本'],
  ['CHAR(5)', `'ab'`, 'ab   '],
  ['NCHAR(3)', `N'é'`, 'é  '],
  ['CLOB', `TO_CLOB('a') || 'b'`, 'ab'],
  ['NCLOB', `TO_NCLOB('日')`, '日'],
  ['BLOB', `TO_BLOB(HEXTORAW('00ff'))`, '\\x00ff'],
  ['RAW(4)', `HEXTORAW('DEADBEEF')`, '\\xdeadbeef'],
  ['DATE', `TO_DATE('2024-02-29 23:59:59', 'YYYY-MM-DD HH24:MI:SS')`, '2024-02-29 23:59:59'],
  ['DATE', `TO_DATE('-0044-03-15', 'SYYYY-MM-DD')`, '0044-03-15 00:00:00 BC'],
  ['DATE', `TO_DATE('9999-12-31 23:59:59', 'YYYY-MM-DD HH24:MI:SS')`, '9999-12-31 23:59:59'],
  ['TIMESTAMP(6)', `TIMESTAMP '2024-01-01 00:00:00.000001'`, '2024-01-01 00:00:00.000001'],
  ['TIMESTAMP(0)', `TIMESTAMP '2024-01-01 00:00:00'`, '2024-01-01 00:00:00'],
  [
    'TIMESTAMP(6) WITH TIME ZONE',
    `TIMESTAMP '2024-01-01 00:00:00.500000 +05:30'`,
    '2023-12-31 18:30:00.5+00',
  ],
  ['TIMESTAMP(3) WITH LOCAL TIME ZONE', `TIMESTAMP '2024-07-01 12:00:00 +02:00'`, '2024-07-01 10:00:00+00'],
  ['INTERVAL YEAR(4) TO MONTH', `INTERVAL '-3-11' YEAR(4) TO MONTH`, '-3 years -11 mons'],
  ['INTERVAL DAY(4) TO SECOND(6)', `INTERVAL '12 03:04:05.600' DAY(4) TO SECOND(6)`, '12 days 03:04:05.6'],
  [
    'INTERVAL DAY(4) TO SECOND(6)',
    `INTERVAL '-1 00:00:00.000001' DAY(4) TO SECOND(6)`,
    '-1 days -00:00:00.000001',
  ],
];

describe('a value of each type', () => {
  let plan: EntityPlan;
  let row: (string | null)[];

  beforeAll(async () => {
    const table = oracle.name('samples');
    const columns = SAMPLES.map(([type], i) => `c${i} ${type}`);
    await oracle.execute(`CREATE TABLE ${table} (id NUMBER(9) PRIMARY KEY, ${columns.join(', ')})`);
    await oracle.execute(
      `INSERT INTO ${table} SELECT 1, ${SAMPLES.map(([, expression]) => expression).join(', ')} FROM dual`,
    );
    await oracle.execute(`INSERT INTO ${table} (id) VALUES (2)`);
    plan = await planOf(source, { read: { kind: 'table', table }, key: ['id'] });
    const rows = await rowsIn(plan);
    row = (rows[0] as (string | null)[]).slice(1);
    expect(rows[1]?.slice(1)).toEqual(SAMPLES.map(() => null));
  });

  test.each(SAMPLES.map(([type, expression, text], i) => [type, expression, text, i] as const))(
    '%s %s',
    (...[, , text, i]) => {
      expect(row[i]).toBe(text);
    },
  );

  test('gives the digest that the mirror has', async () => {
    const { rows, digest } = await source.canonicalChecksum(plan, everything, never);
    expect(rows).toBe(2);
    expect(digest).toBe(await mirrorDigest(plan, await rowsIn(plan)));
  });
});

const COLUMNS = {
  n: 'NUMBER',
  d: 'BINARY_DOUBLE',
  t: 'VARCHAR2(400 CHAR)',
  r: 'RAW(64)',
  ts: 'TIMESTAMP(6)',
  tz: 'TIMESTAMP(6) WITH TIME ZONE',
  ds: 'INTERVAL DAY(9) TO SECOND(6)',
} as const;

test('random rows give the digest that the mirror has', async () => {
  const table = oracle.name('random');
  const columns = Object.entries(COLUMNS).map(([name, type]) => `${name} ${type}`);
  await oracle.execute(`CREATE TABLE ${table} (id NUMBER(9) PRIMARY KEY, ${columns.join(', ')})`);
  const maybe = <T>(value: fc.Arbitrary<T>) => fc.option(value, { freq: 6 });
  const micros = fc.integer({ min: 0, max: 999_999 }).map((n) => String(n).padStart(6, '0'));
  const wall = fc
    .date({
      min: new Date('1583-01-01T00:00:00Z'),
      max: new Date('9998-01-01T00:00:00Z'),
      noInvalidDate: true,
    })
    .chain((date) =>
      micros.map((fraction) => `${date.toISOString().slice(0, 19).replace('T', ' ')}.${fraction}`),
    );
  const digits = fc.bigInt({ min: -(10n ** 38n) + 1n, max: 10n ** 38n - 1n });
  const arbitrary = fc.record({
    n: maybe(fc.tuple(digits, fc.integer({ min: 0, max: 60 })).map(([n, places]) => shift(n, places))),
    d: maybe(fc.double({ noNaN: false })),
    t: maybe(fc.string({ minLength: 1, maxLength: 60, unit: 'grapheme' })),
    r: maybe(
      fc.uint8Array({ minLength: 1, maxLength: 64 }).map((bytes) => Buffer.from(bytes).toString('hex')),
    ),
    ts: maybe(wall),
    tz: maybe(fc.tuple(wall, fc.integer({ min: -11, max: 11 })).map(([at, hours]) => `${at} ${zone(hours)}`)),
    ds: maybe(
      fc
        .tuple(fc.boolean(), fc.integer({ min: 0, max: 99_999 }), fc.integer({ min: 0, max: 86_399 }), micros)
        .map(
          ([negative, days, seconds, fraction]) =>
            `${negative ? '-' : ''}${days} ${clock(seconds)}.${fraction}`,
        ),
    ),
  });
  const connection = await oracle.connect();
  const samples = fc.sample(arbitrary, { numRuns: 300, seed: 20_260_501 });
  for (const [id, row] of samples.entries()) {
    await connection.execute(
      `INSERT INTO ${table} VALUES (:id, TO_NUMBER(:n), :d, :t, HEXTORAW(:r),
         TO_TIMESTAMP(:ts, 'YYYY-MM-DD HH24:MI:SS.FF6'),
         TO_TIMESTAMP_TZ(:tz, 'YYYY-MM-DD HH24:MI:SS.FF6 TZH:TZM'), TO_DSINTERVAL(:ds))`,
      { id, ...row, d: { type: (await import('oracledb')).default.DB_TYPE_BINARY_DOUBLE, val: row.d } },
    );
  }
  await connection.commit();
  const plan = await planOf(source, { read: { kind: 'table', table }, key: ['id'] });
  const { rows, digest } = await source.canonicalChecksum(plan, everything, never);
  expect(rows).toBe(samples.length);
  expect(digest).toBe(await mirrorDigest(plan, await rowsIn(plan)));
});

function shift(n: bigint, places: number): string {
  const size = String(n < 0n ? -n : n).padStart(places + 1, '0');
  const point = size.length - places;
  return `${n < 0n ? '-' : ''}${size.slice(0, point)}${places === 0 ? '' : `.${size.slice(point)}`}`;
}

const two = (n: number): string => String(n).padStart(2, '0');
const zone = (hours: number): string => `${hours < 0 ? '-' : '+'}${two(Math.abs(hours))}:30`;
const clock = (seconds: number): string =>
  `${two(Math.floor(seconds / 3_600))}:${two(Math.floor(seconds / 60) % 60)}:${two(seconds % 60)}`;

describe('large values', () => {
  test('come whole', async () => {
    const table = oracle.name('large');
    await oracle.execute(`CREATE TABLE ${table} (id NUMBER(9) PRIMARY KEY, text CLOB, bytes BLOB)`);
    const text = '0123456789 é\n'.repeat(20_000);
    const bytes = Buffer.alloc(300_000, 'xyz');
    for (let id = 1; id <= 3; id++) {
      await oracle.execute(`INSERT INTO ${table} VALUES (:id, :text, :bytes)`, {
        id,
        text: { val: text, type: (await import('oracledb')).default.CLOB },
        bytes: { val: bytes, type: (await import('oracledb')).default.BLOB },
      });
    }
    const plan = await planOf(source, { read: { kind: 'table', table }, key: ['id'] });
    const rows = await rowsIn(plan);
    expect(rows.map(([id]) => id)).toEqual(['1', '2', '3']);
    for (const row of rows) {
      expect(row[1] === text).toBe(true);
      expect(row[2] === `\\x${bytes.toString('hex')}`).toBe(true);
    }
  });

  test('an empty CLOB is NULL, as an empty text is', async () => {
    const table = oracle.name('empty');
    await oracle.execute(`CREATE TABLE ${table} (id NUMBER(9) PRIMARY KEY, text CLOB)`);
    await oracle.execute(`INSERT INTO ${table} VALUES (1, EMPTY_CLOB())`);
    const plan = await planOf(source, { read: { kind: 'table', table }, key: ['id'] });
    expect(await rowsIn(plan)).toEqual([['1', null]]);
  });
});

test('nanoseconds are refused, rounded or kept, as the configuration says', async () => {
  const table = oracle.name('nanos');
  await oracle.execute(`CREATE TABLE ${table} (id NUMBER(9) PRIMARY KEY, at TIMESTAMP(9))`);
  await oracle.execute(`INSERT INTO ${table} VALUES (1, TIMESTAMP '2024-01-01 00:00:00.123456789')`);
  const spec = { read: { kind: 'table', table }, key: ['id'] } as const;
  await expect(planOf(source, spec)).rejects.toMatchObject({ code: 'TYPE_UNSUPPORTED' });
  const withAt = (at: object) => ({
    ...spec,
    columns: [
      { role: 'from', name: 'id', from: 'ID' } as const,
      { role: 'from', name: 'at', from: 'AT', ...at } as const,
    ],
  });
  const text = await planOf(source, withAt({ type: 'text' }));
  expect(await rowsIn(text)).toEqual([['1', '2024-01-01 00:00:00.123456789']]);
  const rounded = await planOf(source, withAt({ type: 'timestamp', rounding: true }));
  const { digest } = await source.canonicalChecksum(rounded, everything, never);
  expect(digest).toBe(await mirrorDigest(rounded, await rowsIn(rounded)));
});
