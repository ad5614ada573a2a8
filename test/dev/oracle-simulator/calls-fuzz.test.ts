import { isDeepStrictEqual } from 'node:util';
import oracledb from 'oracledb';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { countOr } from '../../campaign/counts.ts';
import { strings, type WholeServer, wholeServer } from './calls-whole.ts';

const ROWS = countOr(5_000, 'CAMPAIGN_SIMULATOR_ROWS');
const ROWS_A_BATCH = 2500;

type Value = string | number | Date | Buffer | object | null;
type Kind = {
  readonly declared: string;
  readonly bind: { readonly type: oracledb.DbType; readonly maxSize?: number };
  readonly value: () => Value;
  /** In place of the column and of its bind, where the driver holds less than the type. */
  readonly read?: string;
  readonly write?: string;
};

let server: WholeServer;
let connection: oracledb.Connection;

beforeAll(async () => {
  server = await wholeServer();
  connection = await server.connect();
});
afterAll(async () => {
  await connection?.close();
  await server?.close();
});

/** The same values in each run. */
let state = 42;
const random = (below: number): number => {
  state = (Math.imul(state, 1_103_515_245) + 12_345) >>> 0;
  return Math.floor((state / 2 ** 32) * below);
};
const pick = <T>(values: readonly T[]): T => values[random(values.length)] as T;
const times = <T>(count: number, make: () => T): T[] => Array.from({ length: count }, make);
const digits = (count: number): string => times(count, () => random(10)).join('');
const sign = (): string => pick(['', '-']);
const CHARACTERS = ['a', 'Z', '0', ' ', "'", '"', '\\', '\n', '\t', 'é', '€', '😀', '%', ':x'];
const text = (length: number): string => times(1 + random(length), () => pick(CHARACTERS)).join('');
const bytes = (length: number): Buffer => Buffer.from(times(1 + random(length), () => random(256)));
const two = (value: number): string => String(value).padStart(2, '0');
const clock = (): string => `${two(random(24))}:${two(random(60))}:${two(random(60))}`;
const day = (): string => `${1000 + random(9000)}-${two(1 + random(12))}-${two(1 + random(28))}`;
/** From year 1000 on: the driver takes years below 100 for those of the last century. */
const date = (ms: number): Date => {
  const [years, months, days] = [1000 + random(8999), random(12), 1 + random(28)];
  return new Date(Date.UTC(years, months, days, random(24), random(60), random(60), ms));
};
/** A number that ends in a digit other than 0, as the driver prints it: no 0 before the point. */
const number = (whole: number, places: number): string => {
  const fraction = places === 0 ? '' : `.${digits(places - 1)}${1 + random(9)}`;
  return `${sign()}${whole === 0 ? '' : `${1 + random(9)}${digits(whole - 1)}`}${fraction}`;
};
const oddNumber = (): string => {
  const whole = random(20);
  return number(whole, whole === 0 ? 1 + random(20) : random(19));
};
const varchar = (maxSize: number): Kind['bind'] => ({ type: oracledb.DB_TYPE_VARCHAR, maxSize });
const interval = (name: 'IntervalYM' | 'IntervalDS', parts: object): object =>
  Reflect.construct(oracledb[name] as new (parts: object) => object, [parts]);
const negated = (parts: Record<string, number>): Record<string, number> => {
  const factor = pick([1, -1]);
  return Object.fromEntries(Object.entries(parts).map(([name, value]) => [name, value * factor + 0]));
};
const TIMESTAMP_MASK = "'YYYY-MM-DD HH24:MI:SS.FF9'";

const KINDS: Readonly<Record<string, Kind>> = {
  n: { declared: 'number', bind: varchar(60), value: oddNumber },
  n2: { declared: 'number(30,5)', bind: varchar(60), value: () => number(1 + random(20), 5) },
  n3: { declared: 'number(10)', bind: varchar(60), value: () => number(1 + random(10), 0) },
  f: { declared: 'float', bind: varchar(60), value: () => number(1 + random(6), 1 + random(6)) },
  bf: {
    declared: 'binary_float',
    bind: { type: oracledb.DB_TYPE_BINARY_FLOAT },
    value: () => pick([Number.NaN, Number.NEGATIVE_INFINITY, Math.fround((random(2 ** 31) - 2 ** 30) / 3)]),
  },
  bd: {
    declared: 'binary_double',
    bind: { type: oracledb.DB_TYPE_BINARY_DOUBLE },
    value: () => pick([Number.NaN, Number.POSITIVE_INFINITY, -1e-300, Number.MAX_VALUE, random(2 ** 31) / 7]),
  },
  v: { declared: 'varchar2(4000)', bind: varchar(400), value: () => text(50) },
  vc: { declared: 'varchar2(50 char)', bind: varchar(400), value: () => text(25) },
  nv: {
    declared: 'nvarchar2(2000)',
    bind: { type: oracledb.DB_TYPE_NVARCHAR, maxSize: 400 },
    value: () => text(50),
  },
  c: { declared: 'char(10)', bind: varchar(10), value: () => digits(1 + random(10)).padEnd(10) },
  nc: {
    declared: 'nchar(10)',
    bind: { type: oracledb.DB_TYPE_NCHAR, maxSize: 40 },
    value: () => 'é'.repeat(1 + random(10)).padEnd(10),
  },
  d: { declared: 'date', bind: { type: oracledb.DB_TYPE_DATE }, value: () => date(0) },
  ts: {
    declared: 'timestamp',
    bind: { type: oracledb.DB_TYPE_TIMESTAMP },
    value: () => date(random(1000)),
  },
  ts9: {
    declared: 'timestamp(9)',
    bind: varchar(40),
    value: () => `${day()} ${clock()}.${digits(9)}`,
    write: `to_timestamp(?, ${TIMESTAMP_MASK})`,
    read: `to_char(ts9, ${TIMESTAMP_MASK})`,
  },
  tz: {
    declared: 'timestamp(3) with time zone',
    bind: { type: oracledb.DB_TYPE_TIMESTAMP_TZ },
    value: () => date(random(1000)),
  },
  ltz: {
    declared: 'timestamp(3) with local time zone',
    bind: { type: oracledb.DB_TYPE_TIMESTAMP_LTZ },
    value: () => date(random(1000)),
  },
  ym: {
    declared: 'interval year(4) to month',
    bind: { type: oracledb.DB_TYPE_INTERVAL_YM },
    value: () => interval('IntervalYM', negated({ years: random(10_000), months: random(12) })),
  },
  ds: {
    declared: 'interval day(5) to second(6)',
    bind: { type: oracledb.DB_TYPE_INTERVAL_DS },
    value: () =>
      interval(
        'IntervalDS',
        negated({
          days: random(100_000),
          hours: random(24),
          minutes: random(60),
          seconds: random(60),
          fseconds: random(1_000_000) * 1000,
        }),
      ),
  },
  r: { declared: 'raw(2000)', bind: { type: oracledb.DB_TYPE_RAW, maxSize: 100 }, value: () => bytes(40) },
  cl: { declared: 'clob', bind: varchar(1000), value: () => text(100) },
  ncl: {
    declared: 'nclob',
    bind: { type: oracledb.DB_TYPE_NVARCHAR, maxSize: 1000 },
    value: () => text(100),
  },
  bl: { declared: 'blob', bind: { type: oracledb.DB_TYPE_RAW, maxSize: 200 }, value: () => bytes(100) },
};

it(`${ROWS} rows of all types come back as they were written`, { timeout: 120_000 }, async () => {
  const kinds = Object.entries(KINDS);
  const columns = kinds.map(([name, { declared }]) => `${name} ${declared}`);
  await connection.execute(`create table fuzz (id number(10) primary key, ${columns.join(', ')})`);
  const binds = kinds.map(([name, { write = '?' }]) => write.replace('?', `:${name}`));
  const bindDefs = [varchar(10), ...kinds.map(([, { bind }]) => bind)];
  const written: Value[][] = [];
  while (written.length < ROWS) {
    const batch = Array.from({ length: ROWS_A_BATCH }, (_, at) => [
      String(written.length + at),
      ...kinds.map(([, { value }]) => (random(8) === 0 ? null : value())),
    ]);
    await connection.executeMany(`insert into fuzz values (:id, ${binds.join(', ')})`, batch as never, {
      bindDefs: bindDefs as oracledb.BindDefinition[],
      autoCommit: true,
    });
    written.push(...batch);
  }
  const reads = kinds.map(([name, { read = name }]) => read);
  const { resultSet } = await connection.execute<Value[]>(
    `select id, ${reads.join(', ')} from fuzz order by id`,
    [],
    { resultSet: true, fetchTypeHandler: strings, fetchArraySize: 997, prefetchRows: 997 },
  );
  let at = 0;
  for (let page = await resultSet?.getRows(997); page?.length; page = await resultSet?.getRows(997)) {
    for (const row of page) {
      // Telling how two rows differ takes long; whether they do, does not.
      if (!isDeepStrictEqual(row, written[at])) expect(row, `row ${at}`).toEqual(written[at]);
      at++;
    }
  }
  await resultSet?.close();
  expect(at).toBe(ROWS);
  expect(server.defects).toEqual([]);
});
