import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSink, sunkBytes } from '../../src/domain/byte-sink.ts';
import { COPY_HEADER, COPY_TRAILER, headerEnd, openTuples, scanTuple } from '../../src/domain/pg-binary.ts';
import { writeInt16 } from '../../src/domain/pg-binary-encode.ts';
import { textFieldWriter } from '../../src/domain/pg-binary-from-text.ts';
import { type FreshDatabase, freshDatabase, storeServer } from '../support/servers.ts';
import { copyFrom, copyTo } from './copy-streams.ts';
import { TYPE_SAMPLES } from './type-samples.ts';

let database: FreshDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await freshDatabase(await storeServer(), 'from_text');
  client = new pg.Client({ connectionString: database.url, options: '-c TimeZone=UTC' });
  await client.connect();
});

afterAll(async () => {
  await client?.end();
  await database?.drop();
});

const digits = (max: number) =>
  fc.string({ unit: fc.constantFrom(...'0123456789'), minLength: 1, maxLength: max });
const pad = (value: number, size: number) => String(value).padStart(size, '0');
const decimal = fc
  .tuple(fc.constantFrom('', '-', '', '00', '-0'), digits(30), fc.option(digits(40)))
  .map(([sign, whole, part]) => `${sign}${whole}${part === null ? '' : `.${part}`}`);
const sparse = fc
  .tuple(fc.constantFrom('', '-'), fc.integer({ min: 0, max: 9 }), fc.nat(30), fc.nat(30))
  .map(([sign, digit, left, right]) => `${sign}0.${'0'.repeat(left)}${digit}${'0'.repeat(right)}`);
const round = fc
  .tuple(fc.integer({ min: -99, max: 99 }), fc.nat(40))
  .map(([head, zeros]) => `${head}${'0'.repeat(zeros)}`);
const clock = fc
  .tuple(fc.nat(23), fc.nat(59), fc.nat(59), fc.option(digits(9)))
  .map(
    ([hour, minute, second, part]) =>
      `${pad(hour, 2)}:${pad(minute, 2)}:${pad(second, 2)}${part === null ? '' : `.${part}`}`,
  );
const day = fc
  .tuple(
    fc.oneof(fc.integer({ min: 1, max: 9999 }), fc.integer({ min: 1990, max: 2040 })),
    fc.nat(13),
    fc.nat(32),
  )
  .map(([year, month, date]) => `${pad(year, 4)}-${pad(month, 2)}-${pad(date, 2)}`);
const era = fc.constantFrom('', '', '', ' BC');
const zone = fc.constantFrom('+00', '+00', '-03', '+05:30', '-15:59:59', '+14', '+16', '+00:60', 'Z', '');
const bad = fc.constantFrom(
  '',
  ' ',
  '-',
  '.',
  '1.',
  '.5',
  '+1',
  '1e3',
  ' 1',
  '1 ',
  '0x10',
  '1_000',
  'x',
  '٣',
);
const number = fc.oneof(decimal, sparse, round, bad, fc.constantFrom('NaN', 'Infinity', '-Infinity', 'inf'));
const edge = (...values: string[]) => fc.constantFrom(...values);

/** Texts that the type may be given, good and bad. */
const TEXTS: Readonly<Record<string, fc.Arbitrary<string>>> = {
  smallint: fc.oneof(fc.integer().map(String), edge('32767', '32768', '-32768', '-32769', '-0', '007'), bad),
  integer: fc.oneof(
    fc.integer().map(String),
    number,
    edge('2147483647', '2147483648', '-2147483648', '-2147483649'),
  ),
  bigint: fc.oneof(
    fc.bigInt({ min: -(2n ** 64n), max: 2n ** 64n }).map(String),
    fc.integer().map(String),
    edge('9223372036854775807', '9223372036854775808', '-9223372036854775808', '-9223372036854775809'),
    edge('9007199254740993', '999999999999999', '-999999999999999', '0000000000000000000001'),
    bad,
  ),
  numeric: number,
  'numeric(9,3)': number,
  'double precision': fc.oneof(
    number,
    fc.double().map(String),
    edge('1e400', '-1e400', '1e-400', '0e-400', '5e-324', '2.4e-324', '1E+05', '-0', '-0.0', '1e22', '1e23'),
  ),
  real: fc.oneof(
    number,
    fc.float().map(String),
    fc.double().map(String),
    edge('16777217', '16777217.0000000000001', '16777216.9999999999999', '1e39', '1e-46', '1.4e-45', '7e-46'),
  ),
  date: fc.oneof(
    fc.tuple(day, era).map(([date, before]) => date + before),
    fc.tuple(day, clock, era).map(([date, time, before]) => `${date} ${time}${before}`),
    edge('infinity', '-infinity', '0000-01-01', '2023-02-29', '1900-02-29', '2000-02-29', '10000-01-01'),
    edge('4713-01-01 BC', '4714-11-24 BC', '4714-11-23 BC', '2000-01-01 24:00:00', '2000-01-01T00:00:00'),
  ),
  'timestamp without time zone': fc.oneof(
    fc.tuple(day, clock, era).map(([date, time, before]) => `${date} ${time}${before}`),
    fc.tuple(day, era).map(([date, before]) => date + before),
    edge('2000-01-01 00:00:00.0000005', '2000-01-01 00:00:00.0000015', '1999-12-31 23:59:59.9999999'),
    edge(
      'infinity',
      '-infinity',
      '9999-12-31 23:59:59.999999',
      '2000-01-01 00:00:60',
      '2000-01-01 10:00:00.',
    ),
    edge('2000-01-01 10:00:00+02', '2000-01-01 10:00', '4714-11-24 00:00:00 BC', 'now', 'epoch'),
  ),
  'timestamp(3) without time zone': fc.tuple(day, clock).map(([date, time]) => `${date} ${time}`),
  'timestamp with time zone': fc.oneof(
    fc.tuple(day, clock, zone, era).map(([date, time, at, before]) => `${date} ${time}${at}${before}`),
    edge('infinity', '-infinity', '2000-01-01+00', '2000-01-01 10:00:00.5+00', '0001-01-01 00:00:00+00 BC'),
  ),
  boolean: edge('t', 'f', 'true', 'false', 'yes', '1', '0', 'TRUE', 'tru', ''),
  text: fc.oneof(
    fc.string({ unit: 'grapheme' }),
    fc.string({ maxLength: 300 }),
    fc.string({ unit: 'binary' }),
    edge('', '\\N', '\t', '\n', 'a\0b', '\ud800', 'é'.repeat(3_000), 'x'.repeat(5_000)),
  ),
  'character varying(5)': fc.oneof(fc.string({ maxLength: 8 }), edge('abcde   ', 'éééééé', '😀😀😀😀😀')),
  'character(5)': fc.oneof(fc.string({ maxLength: 8 }), edge('a', 'abcde   ', 'éé')),
  bytea: fc.oneof(
    fc.uint8Array({ maxLength: 60 }).map((bytes) => `\\x${Buffer.from(bytes).toString('hex')}`),
    edge('\\x', '\\xA', '\\xAb', '\\x0g', '\\x 00', 'abc', '\\000', ''),
  ),
  uuid: fc.oneof(
    fc.uuid(),
    edge('A0EEBC99-9C0B-4EF8-BB6D-6BB9BD380A11', '{a0eebc999c0b4ef8bb6d6bb9bd380a11}', 'x'),
  ),
  json: fc.oneof(fc.json(), edge('{', '{"a": 1,  "a":2}', ' 1 ', '"\\u0000"', '')),
  jsonb: fc.oneof(fc.json(), edge('{', '{"a": 1,  "a":2}', '1.50', '"\\u0000"', '')),
};

const MANY = 400;

describe.each(Object.entries(TEXTS))('%s', (type, arbitrary) => {
  test('what is written is what PostgreSQL’s own input makes of the text', async () => {
    const samples = TYPE_SAMPLES.find((sample) => sample.type === type);
    const random = samples === undefined ? [] : fc.sample(samples.random, MANY);
    const texts = [...fc.sample(arbitrary, 3 * MANY), ...(samples?.extremes ?? []), ...random];
    const written = texts.flatMap((text) => {
      const bytes = tuple(type, text);
      return bytes === null ? [] : [{ text, bytes }];
    });
    expect(written.length).toBeGreaterThan(3);
    const taken = await readAll(type, written);
    const ours = await imageOf(
      type,
      'ours',
      taken.map(({ bytes }) => bytes),
    );
    const theirs = await imageOf(
      type,
      'theirs',
      taken.map(({ text }) => text),
    );
    expect(ours).toEqual(theirs);
  });
});

function tuple(type: string, text: string): Buffer | null {
  const sink = createSink(0);
  writeInt16(sink, 1);
  const write = textFieldWriter(type);
  if (write === null) throw new Error(`${type} has no writer`);
  const before = sink.length;
  if (write(sink, text)) return Buffer.from(sunkBytes(sink));
  expect(sink.length).toBe(before);
  return null;
}

type Written = { readonly text: string; readonly bytes: Buffer };

/** Those that the type takes; what one way refuses, the other must refuse too. */
async function readAll(type: string, written: readonly Written[]): Promise<Written[]> {
  const { rows } = await client.query<{ valid: boolean }>(
    `SELECT pg_input_is_valid(text, $2) AS valid FROM unnest($1::text[]) WITH ORDINALITY AS t (text, at) ORDER BY at`,
    [written.map(({ text }) => text), type],
  );
  const refused = written.filter((_, i) => rows[i]?.valid !== true);
  for (const { text, bytes } of refused) {
    const copied = imageOf(type, 'ours', [bytes]);
    await expect(copied, `${type} of ${JSON.stringify(text)}`).rejects.toThrow();
  }
  return written.filter((_, i) => rows[i]?.valid === true);
}

/** The bytes that PostgreSQL sends for the values it has made. */
async function imageOf(
  type: string,
  way: 'ours' | 'theirs',
  values: readonly (Buffer | string)[],
): Promise<string[]> {
  const names = { ours: 'copied', theirs: 'cast' };
  const table = names[way];
  await client.query(`DROP TABLE IF EXISTS "${table}"; CREATE TABLE "${table}" (at serial, value ${type})`);
  if (way === 'ours') {
    const parts = [COPY_HEADER, ...(values as Buffer[]), COPY_TRAILER];
    await copyFrom(client, `COPY "${table}" (value) FROM STDIN (FORMAT binary)`, parts);
  } else {
    // A cast to varchar(n) cuts; an assignment, like COPY, does not.
    const base = type.replace(/^character varying\(\d+\)$/, 'text').replace(/^character\(\d+\)$/, 'text');
    await client.query(
      `INSERT INTO "${table}" (value) SELECT text::${base} FROM unnest($1::text[]) WITH ORDINALITY AS t (text, at) ORDER BY at`,
      [values],
    );
  }
  const binary = await copyTo(
    client,
    `COPY (SELECT value FROM "${table}" ORDER BY at) TO STDOUT (FORMAT binary)`,
  );
  const data = binary.subarray(headerEnd(binary), -COPY_TRAILER.length);
  const tuples = openTuples(data, 1, 'fields');
  const images: string[] = [];
  for (let at = 0; at < data.length; ) {
    at = scanTuple(tuples, at);
    images.push(data.toString('hex', tuples.starts[0], tuples.ends[0]));
  }
  return images;
}

test('types that PostgreSQL reads in a way of its own have no writer', () => {
  for (const type of ['name', 'interval', 'inet', 'integer[]', 'hr.mood', 'time without time zone']) {
    expect(textFieldWriter(type)).toBeNull();
  }
});
