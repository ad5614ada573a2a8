import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { declareColumns } from '../../../dev/oracle-simulator/schema/declared.ts';
import { columnsOf, createColumnCache } from '../../../dev/oracle-simulator/schema/types.ts';
import { createUser } from '../../../dev/oracle-simulator/schema/users.ts';
import type { Column, OracleType } from '../../../dev/oracle-simulator/types.ts';
import { type SchemaDatabase, schemaDatabase } from './schema-database.ts';

let database: SchemaDatabase;
let hr: pg.Client;
let HR: string;
const cache = createColumnCache();

function type(name: OracleType['name'], parts: Partial<OracleType> = {}): OracleType {
  return { name, precision: null, scale: null, length: null, unit: null, ...parts };
}

beforeAll(async () => {
  database = await schemaDatabase();
  HR = database.userName('HR');
  await createUser(database.db, { name: HR, password: 'hr' });
  hr = await database.session(HR);
  await hr.query(
    `CREATE TABLE "A" ("ID" numeric(6, 0) PRIMARY KEY, "NAME" varchar(20) NOT NULL, "NOTE" varchar(10), "RATE" numeric)`,
  );
  await declareColumns(database.db, { schema: HR, name: 'A' }, [
    { name: 'NAME', type: type('VARCHAR2', { length: 20, unit: 'BYTE' }) },
    { name: 'RATE', type: type('FLOAT', { precision: 126 }) },
  ]);
});
afterAll(() => database.close());

/** Columns of a query, asked for by the session itself. */
async function columns(sql: string, nulls: 'asDeclared' | 'everywhere' = 'asDeclared'): Promise<Column[]> {
  const { fields } = await hr.query(sql);
  return columnsOf(hr, fields, { cache, nulls });
}

/** Expressions without a table, by Oracle's type. */
const expressions: readonly (readonly [expression: string, type: OracleType])[] = [
  ['1::numeric', type('NUMBER')],
  ['1::numeric(10, 2)', type('NUMBER', { precision: 10, scale: 2 })],
  ['1::numeric(10, -2)', type('NUMBER', { precision: 10, scale: -2 })],
  ['0::numeric(2, 5)', type('NUMBER', { precision: 2, scale: 5 })],
  ['1', type('NUMBER', { precision: 10, scale: 0 })],
  ['1::bigint', type('NUMBER', { precision: 19, scale: 0 })],
  ['1::real', type('BINARY_FLOAT')],
  ['1::float8', type('BINARY_DOUBLE')],
  [`'a'::text`, type('VARCHAR2', { length: 4000, unit: 'BYTE' })],
  [`'a'::varchar(7)`, type('VARCHAR2', { length: 7, unit: 'CHAR' })],
  [`'a'::bpchar(7)`, type('CHAR', { length: 7, unit: 'CHAR' })],
  ['oracle.sysdate()', type('DATE')],
  ['localtimestamp', type('TIMESTAMP', { scale: 6 })],
  ['localtimestamp(3)', type('TIMESTAMP', { scale: 3 })],
  [`'2024-05-01 10:00:00'::oracle.timestamp9(8)`, type('TIMESTAMP', { scale: 8 })],
  [`'2024-05-01 10:00:00'::oracle.timestamp9`, type('TIMESTAMP', { scale: 9 })],
  ['oracle.systimestamp()', type('TIMESTAMP WITH TIME ZONE', { scale: 6 })],
  [`interval '1' year to month`, type('INTERVAL YEAR TO MONTH', { precision: 2 })],
  [`'1'::interval year`, type('INTERVAL YEAR TO MONTH', { precision: 2 })],
  [`'1'::interval day to second(3)`, type('INTERVAL DAY TO SECOND', { precision: 2, scale: 3 })],
  [`'1'::interval hour to minute`, type('INTERVAL DAY TO SECOND', { precision: 2, scale: 6 })],
  [`'1 day'::interval`, type('INTERVAL DAY TO SECOND', { precision: 2, scale: 6 })],
  [`oracle.hextoraw('AB')`, type('RAW', { length: 2000 })],
  [`'AB'::oracle.raw(8)`, type('RAW', { length: 8 })],
  [`oracle.to_clob('x')`, type('CLOB')],
  [`oracle.to_nclob('x')`, type('NCLOB')],
  ['oracle.empty_blob()', type('BLOB')],
  [`'x'::oracle.long`, type('LONG')],
  [`oracle.chartorowid('AAAEABAAAAAAAAFAAH')`, type('ROWID')],
  ['true', type('NUMBER', { precision: 1, scale: 0 })],
];

describe('columns of results', () => {
  it.each(expressions)('%s', async (expression, expected) => {
    expect(await columns(`SELECT ${expression} AS "X"`)).toEqual([
      { name: 'X', type: expected, nullable: true },
    ]);
  });

  it('are, by the dictionary’s rules, the same', async () => {
    for (const [index, [expression, expected]] of expressions.entries()) {
      await hr.query(`CREATE VIEW "E${index}" AS SELECT ${expression} AS "X"`);
      const { rows } = await hr.query(
        `SELECT type_name AS name, precision, scale, length, unit FROM oracle.column_detail WHERE relation = '"E${index}"'::regclass`,
      );
      expect(rows).toEqual([expected]);
    }
  });

  it('are as declared where they are plain, with the nullability of the table', async () => {
    const id = { name: 'ID', type: type('NUMBER', { precision: 6, scale: 0 }), nullable: false };
    expect(
      await columns(`SELECT "ID", "NAME", "NOTE" AS "REMARK", "RATE", "RATE" * 2 AS "TWICE" FROM "A"`),
    ).toEqual([
      id,
      { name: 'NAME', type: type('VARCHAR2', { length: 20, unit: 'BYTE' }), nullable: false },
      { name: 'REMARK', type: type('VARCHAR2', { length: 10, unit: 'CHAR' }), nullable: true },
      { name: 'RATE', type: type('FLOAT', { precision: 126 }), nullable: true },
      { name: 'TWICE', type: type('NUMBER'), nullable: true },
    ]);
    expect(await columns('SELECT "ID" FROM "A"', 'everywhere')).toEqual([{ ...id, nullable: true }]);
    expect(await columns('SELECT ctid::text AS "X", tableoid AS "T" FROM "A"')).toEqual([
      { name: 'X', type: type('VARCHAR2', { length: 4000, unit: 'BYTE' }), nullable: true },
      { name: 'T', type: type('NUMBER', { precision: 10, scale: 0 }), nullable: true },
    ]);
  });

  it('of the dictionary are sized text and numbers', async () => {
    expect(await columns('SELECT "OWNER", "NUM_ROWS", "LAST_ANALYZED" FROM "ALL_TABLES"')).toEqual([
      { name: 'OWNER', type: type('VARCHAR2', { length: 128, unit: 'CHAR' }), nullable: true },
      { name: 'NUM_ROWS', type: type('NUMBER'), nullable: true },
      { name: 'LAST_ANALYZED', type: type('DATE'), nullable: true },
    ]);
  });

  it('stay as they were found until the cache is cleared', async () => {
    const length = async () => (await columns('SELECT "NOTE" FROM "A"'))[0]?.type.length;
    expect(await length()).toBe(10);
    await hr.query('ALTER TABLE "A" ALTER COLUMN "NOTE" TYPE varchar(12)');
    expect(await length()).toBe(10);
    cache.clear();
    expect(await length()).toBe(12);
  });
});
