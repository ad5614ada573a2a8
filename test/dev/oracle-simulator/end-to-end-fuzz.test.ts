import { createHash } from 'node:crypto';
import fc from 'fast-check';
import oracledb from 'oracledb';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countOr } from '../../campaign/counts.ts';
import { oneOf, startTestbed, type Testbed } from './end-to-end-support.ts';

/** Rows of all types with random values, written by array binds, read back and compared, value by value and by checksum. */

const ROWS = countOr(5_000, 'CAMPAIGN_SIMULATOR_ROWS');
const BATCH_ROWS = 1_000;

let testbed: Testbed;
let connection: oracledb.Connection;

beforeAll(async () => {
  testbed = await startTestbed();
  connection = await testbed.connect();
});
afterAll(() => testbed?.stop());

type Kind = {
  readonly name: string;
  readonly column: string;
  readonly bind: oracledb.BindDefinition;
  readonly values: fc.Arbitrary<unknown>;
  /** How the column is read: as a text that shows all of the value, or null for the driver's own value. */
  readonly text?: (column: string) => string;
  /** In the insert: conversion of the bind. */
  readonly placed?: (place: string) => string;
};

const identity = (place: string): string => place;

/** Digits that a NUMBER keeps: at most 38 of them. */
const numbers = fc
  .tuple(fc.boolean(), fc.bigInt({ min: 0n, max: 10n ** 38n - 1n }), fc.integer({ min: -60, max: 60 }))
  .map(([negative, digits, exponent]) => plain(negative && digits > 0n, digits, exponent));

function plain(negative: boolean, digits: bigint, exponent: number): string {
  const sign = negative ? '-' : '';
  if (exponent >= 0 || digits === 0n)
    return `${sign}${digits}${digits === 0n ? '' : '0'.repeat(Math.max(exponent, 0))}`;
  const text = String(digits).padStart(-exponent + 1, '0');
  // As Oracle shows them: without a 0 in front of the point.
  const whole = text.slice(0, exponent).replace(/^0$/, '');
  const fraction = text.slice(exponent).replace(/0+$/, '');
  return `${sign}${fraction === '' && whole === '' ? '0' : whole}${fraction === '' ? '' : `.${fraction}`}`;
}

const scaled = fc
  .integer({ min: -999_999_999, max: 999_999_999 })
  .map((value) => plain(value < 0, BigInt(Math.abs(value)), -4));

const two = (value: number): string => String(value).padStart(2, '0');
const days = fc.date({
  min: new Date('0100-01-01T00:00:00Z'),
  max: new Date('9999-12-30T23:59:59Z'),
  noInvalidDate: true,
});
const seconds = days.map((date) => date.toISOString().slice(0, 19).replace('T', ' '));
const fractions = (digits: number) =>
  fc
    .tuple(seconds, fc.integer({ min: 0, max: 10 ** digits - 1 }))
    .map(([base, fraction]) => `${base}.${String(fraction).padStart(digits, '0').padEnd(9, '0')}`);
const offsets = fc
  .tuple(fc.constantFrom('+', '-'), fc.integer({ min: 0, max: 12 }), fc.constantFrom(0, 30, 45))
  .map(([sign, hours, minutes]) => `${sign}${two(hours)}:${two(minutes)}`);

/** No U+0000, no lone surrogates, not empty. */
const characters = (most: number) =>
  fc
    .string({
      unit: fc.constantFrom('a', 'Z', ' ', "'", '"', '\\', '\n', 'ß', 'é', '東', '€', '😀', '\u0301'),
      minLength: 1,
      maxLength: most,
    })
    .filter((text) => Buffer.byteLength(text) <= most * 4);
const bytes = (most: number) =>
  fc.uint8Array({ minLength: 1, maxLength: most }).map((value) => Buffer.from(value));

const kinds: readonly Kind[] = [
  {
    name: 'number_any',
    column: 'NUMBER',
    bind: { type: oracledb.DB_TYPE_VARCHAR, maxSize: 200 },
    values: numbers,
    placed: (place) => `TO_NUMBER(${place})`,
    text: identity,
  },
  {
    name: 'number_scaled',
    column: 'NUMBER(13,4)',
    bind: { type: oracledb.DB_TYPE_VARCHAR, maxSize: 40 },
    values: scaled,
    text: identity,
  },
  {
    name: 'double_any',
    column: 'BINARY_DOUBLE',
    bind: { type: oracledb.DB_TYPE_BINARY_DOUBLE },
    values: fc.double().map((value) => (Object.is(value, -0) ? 0 : value)),
  },
  {
    name: 'float_any',
    column: 'BINARY_FLOAT',
    bind: { type: oracledb.DB_TYPE_BINARY_FLOAT },
    values: fc.float().map((value) => (Object.is(value, -0) ? 0 : value)),
  },
  {
    name: 'text_any',
    column: 'VARCHAR2(40 CHAR)',
    bind: { type: oracledb.DB_TYPE_VARCHAR, maxSize: 160 },
    values: characters(40),
  },
  {
    name: 'national_any',
    column: 'NVARCHAR2(40)',
    bind: { type: oracledb.DB_TYPE_NVARCHAR, maxSize: 160 },
    values: characters(20),
  },
  {
    name: 'fixed_any',
    column: 'CHAR(8 CHAR)',
    bind: { type: oracledb.DB_TYPE_CHAR, maxSize: 32 },
    values: characters(8).map((text) => [...text].slice(0, 8).join('')),
  },
  {
    name: 'date_any',
    column: 'DATE',
    bind: { type: oracledb.DB_TYPE_VARCHAR, maxSize: 40 },
    values: seconds,
    placed: (place) => `TO_DATE(${place}, 'YYYY-MM-DD HH24:MI:SS')`,
    text: (column) => `TO_CHAR(${column}, 'YYYY-MM-DD HH24:MI:SS')`,
  },
  {
    name: 'stamp_any',
    column: 'TIMESTAMP(6)',
    bind: { type: oracledb.DB_TYPE_VARCHAR, maxSize: 40 },
    values: fractions(6),
    placed: (place) => `TO_TIMESTAMP(${place}, 'YYYY-MM-DD HH24:MI:SS.FF9')`,
    text: (column) => `TO_CHAR(${column}, 'YYYY-MM-DD HH24:MI:SS.FF9')`,
  },
  {
    name: 'nano_any',
    column: 'TIMESTAMP(9)',
    bind: { type: oracledb.DB_TYPE_VARCHAR, maxSize: 40 },
    values: fractions(9),
    placed: (place) => `TO_TIMESTAMP(${place}, 'YYYY-MM-DD HH24:MI:SS.FF9')`,
    text: (column) => `TO_CHAR(${column}, 'YYYY-MM-DD HH24:MI:SS.FF9')`,
  },
  {
    name: 'raw_any',
    column: 'RAW(200)',
    bind: { type: oracledb.DB_TYPE_RAW, maxSize: 200 },
    values: bytes(200),
  },
  { name: 'clob_any', column: 'CLOB', bind: { type: oracledb.DB_TYPE_CLOB }, values: characters(400) },
  { name: 'nclob_any', column: 'NCLOB', bind: { type: oracledb.DB_TYPE_NCLOB }, values: characters(100) },
  { name: 'blob_any', column: 'BLOB', bind: { type: oracledb.DB_TYPE_BLOB }, values: bytes(400) },
];

/** A row now and then has NULLs. */
const row = fc.tuple(...kinds.map(({ values }) => fc.option(values, { freq: 12, nil: null })));

const fetchTypeHandler = ({ dbType }: oracledb.Metadata<unknown>) => {
  if (
    dbType === oracledb.DB_TYPE_NUMBER ||
    dbType === oracledb.DB_TYPE_CLOB ||
    dbType === oracledb.DB_TYPE_NCLOB
  ) {
    return { type: oracledb.STRING };
  }
  return dbType === oracledb.DB_TYPE_BLOB ? { type: oracledb.BUFFER } : undefined;
};

function shown(value: unknown, kind: Kind): unknown {
  if (typeof value === 'number') return Number.isNaN(value) ? 'NaN' : value;
  if (Buffer.isBuffer(value)) return value.toString('hex');
  if (kind.name === 'fixed_any' && typeof value === 'string')
    return value.padEnd(value.length + 8 - [...value].length);
  return value;
}

test(`${ROWS} random rows of all types come back as they were written`, async () => {
  await connection.execute(
    `CREATE TABLE fuzz (id NUMBER(9) PRIMARY KEY, ${kinds.map(({ name, column }) => `${name} ${column}`).join(', ')})`,
  );
  // Part of the rows are distinct ones, the rest repeats them: making values costs more than writing them.
  const distinct = fc.sample(row, ROWS / 10);
  const rowOf = (id: number) => distinct[(id * 7) % distinct.length] as readonly unknown[];
  const places = kinds.map(({ placed = identity }, index) => placed(`:${index + 2}`));
  const insert = `INSERT INTO fuzz VALUES (:1, ${places.join(', ')})`;
  const bindDefs = [{ type: oracledb.DB_TYPE_NUMBER }, ...kinds.map(({ bind }) => bind)];
  for (let first = 0; first < ROWS; first += BATCH_ROWS) {
    const rows = Array.from({ length: BATCH_ROWS }, (_, index) => [first + index, ...rowOf(first + index)]);
    await connection.executeMany(insert, rows, { bindDefs });
  }
  await connection.commit();
  const items = kinds.map(({ name, text }) => (text === undefined ? name : text(name)));
  const results = (
    await connection.execute<unknown[]>(`SELECT id, ${items.join(', ')} FROM fuzz ORDER BY id`, [], {
      resultSet: true,
      fetchArraySize: 500,
      fetchTypeHandler,
    })
  ).resultSet as oracledb.ResultSet<unknown[]>;
  const written = createHash('sha256');
  const read = createHash('sha256');
  let count = 0;
  for (let page = await results.getRows(500); page.length > 0; page = await results.getRows(500)) {
    for (const [id, ...values] of page) {
      const expected = kinds.map((kind, index) => shown(rowOf(count)[index], kind));
      const found = kinds.map((kind, index) => shown(values[index], { ...kind, name: '' }));
      if (JSON.stringify(expected) !== JSON.stringify(found))
        expect({ id, values: found }).toEqual({ id: String(count), values: expected });
      written.update(JSON.stringify(expected));
      read.update(JSON.stringify(found));
      count++;
    }
  }
  await results.close();
  expect(count).toBe(ROWS);
  expect(read.digest('hex')).toBe(written.digest('hex'));
}, 120_000);

test('zoned timestamps and intervals keep instant and length', async () => {
  await connection.execute(
    'CREATE TABLE spans (id NUMBER(9), z TIMESTAMP(6) WITH TIME ZONE, l TIMESTAMP(6) WITH LOCAL TIME ZONE, y INTERVAL YEAR(9) TO MONTH, d INTERVAL DAY(9) TO SECOND(6))',
  );
  const zoned = fc.sample(fc.tuple(fractions(6), offsets), 2_000);
  const months = fc.sample(fc.integer({ min: -100_000, max: 100_000 }), 2_000);
  const spans = fc.sample(
    fc.tuple(fc.boolean(), fc.nat(99_999), fc.nat(23), fc.nat(59), fc.nat(59), fc.nat(999_999)),
    2_000,
  );
  const texts = spans.map(
    ([negative, day, hour, minute, second, micro]) =>
      `${negative ? '-' : '+'}${day} ${two(hour)}:${two(minute)}:${two(second)}.${String(micro).padStart(6, '0')}`,
  );
  const years = months.map(
    (value) => `${value < 0 ? '-' : '+'}${Math.floor(Math.abs(value) / 12)}-${Math.abs(value) % 12}`,
  );
  const rows = zoned.map(([stamp, offset], index) => [
    index,
    `${stamp} ${offset}`,
    `${stamp} ${offset}`,
    years[index],
    texts[index],
  ]);
  const zone = (place: string) => `TO_TIMESTAMP_TZ(${place}, 'YYYY-MM-DD HH24:MI:SS.FF9 TZH:TZM')`;
  await connection.executeMany(
    `INSERT INTO spans VALUES (:1, ${zone(':2')}, ${zone(':3')}, TO_YMINTERVAL(:4), TO_DSINTERVAL(:5))`,
    rows as unknown[][],
  );
  await connection.commit();
  const utc = (column: string) => `TO_CHAR(SYS_EXTRACT_UTC(${column}), 'YYYY-MM-DD HH24:MI:SS.FF6')`;
  const { rows: found = [] } = await connection.execute<
    [number, string, string, oracledb.IntervalYM, oracledb.IntervalDS]
  >(`SELECT id, ${utc('z')}, ${utc('CAST(l AS TIMESTAMP(6) WITH TIME ZONE)')}, y, d FROM spans ORDER BY id`);
  expect(found).toHaveLength(2_000);
  for (const [id, z, l, y, d] of found) {
    const [stamp, offset] = zoned[id] as [string, string];
    const instant = new Date(`${stamp.slice(0, 19).replace(' ', 'T')}${offset}`)
      .toISOString()
      .slice(0, 19)
      .replace('T', ' ');
    expect([z, l]).toEqual([`${instant}.${stamp.slice(20, 26)}`, `${instant}.${stamp.slice(20, 26)}`]);
    expect((y.years ?? 0) * 12 + (y.months ?? 0)).toBe(months[id]);
    const [negative, day, hour, minute, second, micro] = spans[id] as [
      boolean,
      number,
      number,
      number,
      number,
      number,
    ];
    const total = (((day * 24 + hour) * 60 + minute) * 60 + second) * 1e6 + micro;
    const { days: dd = 0, hours = 0, minutes = 0, seconds: ss = 0, fseconds = 0 } = d;
    expect((((dd * 24 + hours) * 60 + minutes) * 60 + ss) * 1e6 + fseconds / 1000 + 0).toBe(
      (negative ? -total : total) + 0,
    );
  }
  expect(await oneOf(connection, 'SELECT COUNT(*) FROM spans')).toBe('2000');
});
