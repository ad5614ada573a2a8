import pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Source } from '../../../src/connectors/contract.ts';
import { canonicalRowSql, digestSql } from '../../../src/domain/checksum.ts';
import { COPY_HEADER, COPY_TRAILER } from '../../../src/domain/pg-binary.ts';
import { type FreshDatabase, freshDatabase, sourceServer, storeServer } from '../../support/servers.ts';
import { never, openPostgres, piecesOf, planOf, rowsOf, specOf } from '../kit.ts';

/** Each with values that a careless path would change. */
const TYPES: readonly (readonly [type: string, ...values: string[]])[] = [
  ['smallint', '-32768', '32767'],
  ['integer', '-2147483648'],
  ['bigint', '9223372036854775807', '-9223372036854775808', '9007199254740993'],
  [
    'numeric',
    'NaN',
    'Infinity',
    '-Infinity',
    '0.1000',
    `${'9'.repeat(200)}.${'1'.repeat(150)}`,
    '-0.00000000000000000001',
  ],
  ['numeric(10,2)', '12345678.90'],
  ['real', '1.1', 'NaN', '-Infinity', '3.4028235e38'],
  ['double precision', '0.1', '1e-320', '-0', '1.7976931348623157e308'],
  ['boolean', 't', 'f'],
  ['text', '', ' a ', '\u{1F600} é 漢', 'a\tb\nc\\d\r', '\\N', '"', '\u{10FFFF}', '\uFEFF'],
  ['character varying(20)', 'abc '],
  ['character(5)', 'ab   '],
  ['name', 'a name'],
  ['"char"', 'x'],
  ['bytea', '\\x', '\\x00ff5c4e'],
  ['date', '2026-02-28', 'infinity', '-infinity', '0044-03-15 BC', '5874897-12-31'],
  ['time', '23:59:59.999999', '24:00:00'],
  ['time with time zone', '23:59:59.999999+05:30', '00:00:00-15:59:59'],
  [
    'timestamp',
    '2026-03-29 02:30:00.123456',
    'infinity',
    '4713-01-01 00:00:00 BC',
    '294276-12-31 23:59:59.999999',
  ],
  ['timestamp(3)', '2026-01-01 00:00:00.123'],
  ['timestamp with time zone', '2026-03-29 02:30:00.000001+00', '-infinity', '0001-12-31 23:59:59+00 BC'],
  ['interval', '1 year -2 mons +3 days -04:05:06.000007', '-178000000 years', '1 mon -30 days'],
  ['json', '{"a": 1, "a":  2.50, "z":null}', '"\\u00e9"'],
  ['jsonb', '{"a": 123456789012345678901234567890.10}', 'null', '[]'],
  ['uuid', 'a0eebc99-9c0b-4ef8-bb6d-6bb9bd380a11'],
  ['inet', '192.168.1.5/24', '::1'],
  ['cidr', '10.0.0.0/8'],
  ['macaddr', '08:00:2b:01:02:03'],
  ['macaddr8', '08:00:2b:01:02:03:04:05'],
  ['bit(5)', '10101'],
  ['bit varying', '', '101'],
  ['point', '(0.1,-2)'],
  ['circle', '<(1,2),0.30000000000000004>'],
  ['polygon', '((0,0),(1,1),(1,0))'],
  ['tsvector', `'fat':2A 'rat':3`],
  ['tsquery', `'fat' & 'rat'`],
  ['jsonpath', '$."a"[*]'],
  ['oid', '4294967295'],
  ['pg_lsn', '16/B374D848'],
  ['mood', 'so so', 'glad'],
  ['positive', '5'],
  ['int4range', '[1,5)', 'empty', '(,)'],
  ['numrange', '[1.50,2)'],
  ['tstzrange', '["2026-01-01 00:00:00+00",)'],
  ['datemultirange', '{[2026-01-01,2026-02-01),[2026-03-01,)}'],
  ['integer[]', '{}', '{1,NULL,3}', '[0:1]={7,8}', '{{1,2},{3,4}}'],
  ['text[]', '{"a b","NULL",NULL,"q\\"\\\\,{}"}'],
  ['character varying(9)[]', '{a,b}'],
  ['character(3)[]', '{"a  "}'],
  ['numeric(8,2)[]', '{1.10,NaN}'],
  ['timestamp with time zone[]', '{"2026-01-01 00:00:00.000001+00",infinity}'],
  ['mood[]', '{glad,"so so"}'],
  ['positive[]', '{1,2}'],
  ['bit(3)[]', '{101}'],
  ['jsonb[]', '{"{\\"a\\": 1}"}'],
  ['int8range[]', '{"[1,3)"}'],
];

describe('values of PostgreSQL', () => {
  let from: FreshDatabase;
  let to: FreshDatabase;
  let source: Source;
  let there: pg.Client;
  let here: pg.Client;

  beforeAll(async () => {
    from = await freshDatabase(await sourceServer(), 'values');
    to = await freshDatabase(await storeServer(), 'values');
    there = new pg.Client({ connectionString: from.url });
    here = new pg.Client({ connectionString: to.url });
    await Promise.all([there.connect(), here.connect()]);
    await Promise.all([here, there].map((client) => client.query(`SET TimeZone = 'UTC'`)));
    await there.query(
      `CREATE TYPE mood AS ENUM ('so so', 'glad', 'sad');
       CREATE DOMAIN positive AS integer CHECK (VALUE > 0);
       CREATE TYPE pair AS (a int, b int)`,
    );
    source = openPostgres(from.url);
  });
  afterAll(async () => {
    await source.close();
    await Promise.all([there.end(), here.end()]);
    await Promise.all([from.drop(), to.drop()]);
  });

  async function describeType(type: string) {
    const shape = await source.describe(
      specOf({ read: { kind: 'sql', sql: `SELECT 1 AS id, NULL::${type} AS v` } }),
      never,
    );
    return shape.columns[1];
  }

  async function textsOf(client: pg.Client, table: string): Promise<(string | null)[]> {
    const types = { getTypeParser: () => (text: string) => text } as never;
    const { rows } = await client.query({ text: `SELECT v FROM ${table} ORDER BY id`, types });
    return rows.map((row) => row.v);
  }

  it.each(TYPES)('%s comes through both formats as it is', async (type, ...values) => {
    await there.query('DROP TABLE IF EXISTS sample');
    await there.query(`CREATE TABLE sample (id int PRIMARY KEY, v ${type})`);
    for (const [id, value] of [...values, null].entries())
      await there.query(`INSERT INTO sample VALUES ($1, $2)`, [id, value]);
    const plan = await planOf(source, { read: { kind: 'table', table: 'sample' } });
    const column = plan.readColumns[1];
    expect(column?.mirrorType).not.toBeNull();

    const read = { pieceBytes: 1e6, signal: never };
    const everything = { lower: null, upper: null };
    const rows = rowsOf(await piecesOf(source.readChunk(plan, everything, { ...read, format: 'rows' })));
    expect(rows.map((row) => row[1])).toEqual(await textsOf(there, 'sample'));
    await here.query('DROP TABLE IF EXISTS mirror');
    await here.query(`CREATE TABLE mirror (id int, v ${column?.mirrorType})`);
    for (const row of rows) await here.query('INSERT INTO mirror VALUES ($1, $2)', [row[0], row[1]]);

    const columns = plan.loadColumns.map(({ name, type: mirrorType }) => ({
      expression: `"${name}"`,
      type: mirrorType,
    }));
    const { rows: digests } = await here.query(
      `SELECT ${digestSql(canonicalRowSql(columns))} AS digest FROM mirror`,
    );
    expect((await source.canonicalChecksum(plan, everything, never)).digest).toBe(digests[0].digest);

    if (column?.binaryAsIs) {
      const [piece] = await piecesOf(source.readChunk(plan, everything, { ...read, format: 'pg-binary' }));
      if (piece?.format !== 'pg-binary') throw new Error('not binary');
      expect(piece.position).toBe(String(values.length));
      await here.query('DROP TABLE IF EXISTS binary_mirror');
      await here.query(`CREATE TABLE binary_mirror (id int, v ${column.mirrorType})`);
      const copy = here.query(copyFrom('COPY binary_mirror FROM STDIN (FORMAT binary)'));
      await new Promise<void>((resolve, reject) => {
        copy.on('finish', resolve).on('error', reject);
        copy.end(Buffer.concat([COPY_HEADER, piece.data, COPY_TRAILER]));
      });
      const { rows: differing } = await here.query(
        `SELECT id FROM mirror JOIN binary_mirror b USING (id) WHERE to_json(mirror.v)::text IS DISTINCT FROM to_json(b.v)::text`,
      );
      expect(differing).toEqual([]);
    }
    expect(await textsOf(here, 'mirror')).toEqual(await textsOf(there, 'sample'));
  });

  it.each(['money', 'pair', 'regclass', 'pg_snapshot', 'pair[]', 'xid'])(
    '%s is refused by the column’s name',
    async (type) => {
      const column = await describeType(type);
      expect(column?.mirrorType).toBeNull();
      expect(column?.problem).toMatch(/column "v" has type .*read it as v::(text|numeric)/);
    },
  );

  it('says what people call a type, and what holds it', async () => {
    expect(await describeType('varchar(20)')).toMatchObject({
      sourceType: 'character varying(20)',
      mirrorType: 'text',
      binaryAsIs: true,
    });
    expect(await describeType('numeric(10,2)')).toMatchObject({
      sourceType: 'numeric(10,2)',
      mirrorType: 'numeric',
    });
    expect(await describeType('mood')).toMatchObject({
      sourceType: 'mood',
      mirrorType: 'text',
      binaryAsIs: true,
    });
    expect(await describeType('positive')).toMatchObject({ sourceType: 'integer', mirrorType: 'integer' });
    expect(await describeType('positive[]')).toMatchObject({ mirrorType: 'integer[]', binaryAsIs: false });
  });
});
