import fc from 'fast-check';
import pg from 'pg';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createSink, sunkBytes } from '../../src/domain/byte-sink.ts';
import { canonicalRowSql, canonicalRowText, digestOf, digestSql } from '../../src/domain/checksum.ts';
import type { EntityPlan, Piece } from '../../src/domain/entity.ts';
import { keySql } from '../../src/domain/keys.ts';
import { COPY_HEADER, COPY_TRAILER, headerEnd } from '../../src/domain/pg-binary.ts';
import { parseTextRows, writeTextRow } from '../../src/domain/pg-text.ts';
import type { Row, Value } from '../../src/domain/row.ts';
import { compileShape, pieceKeys } from '../../src/domain/shape.ts';
import { type FreshDatabase, freshDatabase, sourceServer } from '../support/servers.ts';
import { copyFrom, copyTo } from './copy-streams.ts';
import { from, planOf } from './shape-kit.ts';
import { TYPE_SAMPLES } from './type-samples.ts';

const SETTINGS =
  '-c TimeZone=UTC -c DateStyle=ISO -c extra_float_digits=1 -c IntervalStyle=postgres -c bytea_output=hex';
const ROWS = 400;

/** Of the types whose rows travel as binary with functions. */
const SAMPLES = TYPE_SAMPLES.filter(({ type }) => !/^(time with|interval|json$)/.test(type));
const NAMES = SAMPLES.map((_, i) => `c${i}`);
const SOURCE = { id: 'bigint', ...Object.fromEntries(SAMPLES.map(({ type }, i) => [`c${i}`, type])) };

let database: FreshDatabase;
let client: pg.Client;

beforeAll(async () => {
  database = await freshDatabase(await sourceServer(), 'shape');
  client = new pg.Client({ connectionString: database.url, options: SETTINGS });
  await client.connect();
  const columns = Object.entries(SOURCE).map(([name, type]) => `${name} ${type}`);
  await client.query(`CREATE TABLE source (${columns.join(', ')})`);
  const sink = createSink(0);
  const random = SAMPLES.map((sample) => fc.sample(fc.option(sample.random), ROWS));
  for (let i = 0; i < ROWS; i++) {
    writeTextRow(sink, [
      String(i * 3 - 7),
      ...SAMPLES.map(({ extremes }, c) => extremes[i] ?? random[c]?.[i] ?? null),
    ]);
  }
  await copyFrom(client, 'COPY source FROM STDIN', [sunkBytes(sink)]);
});

afterAll(async () => {
  await client?.end();
  await database?.drop();
});

async function read(plan: EntityPlan, format: Piece['format'], table = 'source'): Promise<Piece> {
  const names = plan.readColumns.map(({ name }) => name).join(', ');
  const query = `COPY (SELECT ${names} FROM ${table} ORDER BY 1) TO STDOUT`;
  const { rows } = await client.query(`SELECT count(*)::int AS rows FROM ${table}`);
  const shared = { rows: rows[0].rows as number, position: '' };
  if (format === 'rows') return { format, values: parseTextRows(await copyTo(client, query)), ...shared };
  const binary = await copyTo(client, `${query} (FORMAT binary)`);
  return { format, data: binary.subarray(headerEnd(binary), -COPY_TRAILER.length), ...shared };
}

async function digest(table: string, columns: readonly { name: string; type: string }[]): Promise<string> {
  const row = canonicalRowSql(columns.map(({ name, type }) => ({ expression: name, type })));
  const { rows } = await client.query(`SELECT ${digestSql(row)} AS digest FROM ${table}`);
  return rows[0].digest;
}

describe.each(['pg-binary', 'rows'] as const)('%s', (format) => {
  test.each(['as they are', 'through functions'])('all types arrive %s, proved by checksum', async (way) => {
    const seen: Row[] = [];
    const columns =
      way === 'as they are'
        ? Object.keys(SOURCE).map((name) => from(name))
        : [
            from('id'),
            {
              role: 'compute' as const,
              name: 'label',
              type: 'text',
              compute: (row: Row): Value => {
                seen.push(row);
                return `#${row.id}\t`;
              },
            },
            ...NAMES.toReversed().map((name) => from(name)),
          ];
    const plan = planOf({ source: SOURCE, columns, maxValueBytes: 1e7 });
    expect(plan.format).toBe('pg-binary');
    const shaped = await compileShape(plan, 'mirror')(await read(plan, format));
    expect(shaped.rejects).toEqual([]);
    await client.query('DROP TABLE IF EXISTS mirror');
    await client.query(
      `CREATE TABLE mirror (${plan.loadColumns.map(({ name, type }) => `${name} ${type}`).join(', ')})`,
    );
    if (shaped.format === 'text') await copyFrom(client, 'COPY mirror FROM STDIN', [shaped.data]);
    else {
      const parts = [COPY_HEADER, shaped.data, COPY_TRAILER];
      await copyFrom(client, 'COPY mirror FROM STDIN (FORMAT binary)', parts);
    }
    const mirrored = plan.loadColumns.filter(({ role }) => role === 'from');
    expect(await digest('mirror', mirrored)).toBe(await digest('source', mirrored));
    if (way === 'as they are') return;
    expect(seen).toHaveLength(ROWS);
    const { rows } = await client.query(
      `SELECT count(*)::int AS n FROM mirror WHERE label = '#' || id || E'\\t'`,
    );
    expect(rows).toEqual([{ n: ROWS }]);
  });

  const keyTypes = [
    'numeric',
    'character(9)',
    'timestamp with time zone',
    'date',
    'uuid',
    'bytea',
    'text',
    'bigint',
  ];

  test.each(keyTypes)('keys of type %s are those that the mirror gives', async (type) => {
    const sample = TYPE_SAMPLES.find((each) => each.type === type);
    if (sample === undefined) throw new Error(`no samples of ${type}`);
    const values = [
      ...sample.extremes.filter((text) => text.length < 2000),
      ...fc.sample(sample.random, 200),
    ];
    await client.query(`DROP TABLE IF EXISTS keyed; CREATE TABLE keyed (a ${type}, b text)`);
    const sink = createSink(0);
    for (const [i, value] of values.entries())
      writeTextRow(sink, [value, ['x', 'a|b', '\\', ''][i % 4] ?? null]);
    await copyFrom(client, 'COPY keyed FROM STDIN', [sunkBytes(sink)]);
    for (const key of [['a'], ['b', 'a'], ['a', 'b']]) {
      const plan = planOf({ source: { a: type, b: 'text' }, key });
      const parts = key.map((name) => ({ expression: name, type: name === 'a' ? type : 'text' }));
      const { rows } = await client.query(`SELECT ${keySql(parts)} AS key FROM keyed`);
      const keys = pieceKeys(plan, await read(plan, format, 'keyed'));
      expect(keys.toSorted()).toEqual(rows.map((row) => row.key).toSorted());
    }
  });
});

test('the digest is the same in SQL and here, whatever the texts', async () => {
  const value = fc.option(
    fc.oneof(
      fc.string({ unit: fc.constantFrom('\\', '|', 'N', 'a', 'é', '\n'), maxLength: 5 }),
      fc.string({ unit: 'grapheme', maxLength: 20 }).filter((text) => !text.includes('\0')),
    ),
  );
  const rows = fc.sample(fc.tuple(value, value, fc.option(fc.integer().map(String))), 2000);
  const sink = createSink(0);
  for (const row of rows) writeTextRow(sink, row);
  await client.query('DROP TABLE IF EXISTS texts; CREATE TABLE texts (a text, b text, c int)');
  await copyFrom(client, 'COPY texts FROM STDIN', [sunkBytes(sink)]);
  const columns = [
    { name: 'a', type: 'text' },
    { name: 'b', type: 'text' },
    { name: 'c', type: 'integer' },
  ];
  expect(await digest('texts', columns)).toBe(digestOf(rows.map(canonicalRowText)));
  await client.query('DELETE FROM texts');
  expect(await digest('texts', columns)).toBe('0');
});
