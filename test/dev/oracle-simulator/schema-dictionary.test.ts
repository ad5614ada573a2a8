import type pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { declareColumns, declareView } from '../../../dev/oracle-simulator/schema/declared.ts';
import { createColumnCache } from '../../../dev/oracle-simulator/schema/types.ts';
import { createUser, grantSystem } from '../../../dev/oracle-simulator/schema/users.ts';
import type { OracleType } from '../../../dev/oracle-simulator/types.ts';
import { type SchemaDatabase, schemaDatabase } from './schema-database.ts';

let database: SchemaDatabase;
let hr: pg.Client;
let sync: pg.Client;
let HR: string;
let SYNC: string;

function type(name: OracleType['name'], parts: Partial<OracleType> = {}): OracleType {
  return { name, precision: null, scale: null, length: null, unit: null, ...parts };
}

beforeAll(async () => {
  database = await schemaDatabase();
  HR = database.userName('HR');
  SYNC = database.userName('SYNC');
  await createUser(database.db, { name: HR, password: 'hr' });
  await createUser(database.db, { name: SYNC, password: 'sync', grants: ['CREATE SESSION'] });
  hr = await database.session(HR);
  sync = await database.session(SYNC);
  await hr.query(`
    CREATE TABLE "DEPARTMENTS" ("ID" numeric(4, 0) CONSTRAINT "DEP_PK" PRIMARY KEY, "NAME" varchar(30) NOT NULL,
      CONSTRAINT "DEP_NAME_UK" UNIQUE ("NAME"));
    CREATE TABLE "EMPLOYEES" ("ID" numeric(6, 0) CONSTRAINT "EMP_PK" PRIMARY KEY, "NAME" varchar(20) CONSTRAINT "EMP_NAME_NN" NOT NULL,
      "CODE" bpchar(3), "NOTE" varchar(10), "SALARY" numeric(8, 2) DEFAULT 0, "BONUS" numeric, "RATE" numeric, "HIRED" oracle.date
      DEFAULT oracle.sysdate(), "CHANGED" timestamp(3), "SEEN" timestamptz(6), "LOCALLY" timestamptz(6), "EXACT" oracle.timestamp9(9),
      "TERM" interval year to month, "SPAN" interval day to second(3), "PHOTO" oracle.blob, "CV" oracle.clob, "HASH" oracle.raw(16),
      "SCORE" double precision, "DEP_ID" numeric(4, 0), "DOUBLE" numeric GENERATED ALWAYS AS ("SALARY" * 2) STORED,
      CONSTRAINT "EMP_DEP_FK" FOREIGN KEY ("DEP_ID") REFERENCES "DEPARTMENTS" ("ID") ON DELETE CASCADE,
      CONSTRAINT "EMP_SALARY_CK" CHECK ("SALARY" >= 0));
    CREATE INDEX "EMP_DEP_IX" ON "EMPLOYEES" ("DEP_ID", "NAME" DESC);
    CREATE INDEX "EMP_UPPER_IX" ON "EMPLOYEES" (oracle.upper("NAME"::text));
    CREATE VIEW "EMP_VIEW" AS SELECT "ID", "NAME", "NOTE", "HIRED" FROM "EMPLOYEES";
    CREATE VIEW "EMP_DEP" AS SELECT e."ID", d."NAME" AS "DEPARTMENT" FROM "EMPLOYEES" AS e LEFT JOIN "DEPARTMENTS" AS d ON d."ID" = e."DEP_ID";
    CREATE SEQUENCE "EMP_SEQ" START 100 INCREMENT 10 CACHE 20;
    COMMENT ON TABLE "EMPLOYEES" IS 'Who works here';
    COMMENT ON COLUMN "EMPLOYEES"."NAME" IS 'Full name';
    CREATE FUNCTION "STAMP"() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN RETURN NEW; END';
    CREATE TRIGGER "EMP_STAMP" BEFORE INSERT OR UPDATE ON "EMPLOYEES" FOR EACH ROW EXECUTE FUNCTION "STAMP"();
    CREATE FUNCTION "STOCK.TAKE"(numeric) RETURNS void LANGUAGE sql AS '';
    CREATE TABLE "HIDDEN" ("A" numeric)`);
  await declareColumns(database.db, { schema: HR, name: 'EMPLOYEES' }, [
    { name: 'NAME', type: type('VARCHAR2', { length: 20, unit: 'BYTE' }) },
    { name: 'NOTE', type: type('NVARCHAR2', { length: 10, unit: 'CHAR' }) },
    { name: 'RATE', type: type('FLOAT', { precision: 63 }) },
    { name: 'LOCALLY', type: type('TIMESTAMP WITH LOCAL TIME ZONE', { scale: 6 }) },
  ]);
  const cache = createColumnCache();
  await declareView(database.db, { schema: HR, name: 'EMP_VIEW' }, cache);
  await declareView(database.db, { schema: HR, name: 'EMP_DEP' }, cache);
  await hr.query(
    `SELECT oracle.grant_object('{SELECT}', '{{}}'::text[], NULL, 'EMPLOYEES', $1, true)`.replace(
      `'{{}}'::text[]`,
      `ARRAY['{}']`,
    ),
    [[SYNC]],
  );
});
afterAll(() => database.close());

async function rows(db: pg.Client, sql: string): Promise<unknown[][]> {
  return (await db.query({ text: sql, rowMode: 'array' })).rows;
}

describe('columns', () => {
  it('have Oracle’s spelling, sizes and defaults', async () => {
    const found = await rows(
      hr,
      `SELECT "COLUMN_NAME", "DATA_TYPE", "DATA_LENGTH"::integer, "DATA_PRECISION"::integer, "DATA_SCALE"::integer, "NULLABLE",
        "COLUMN_ID"::integer, "CHAR_LENGTH"::integer, "CHAR_USED", "DATA_DEFAULT"::text
      FROM "USER_TAB_COLUMNS" WHERE "TABLE_NAME" = 'EMPLOYEES' ORDER BY "COLUMN_ID"`,
    );
    expect(found).toEqual([
      ['ID', 'NUMBER', 22, 6, 0, 'N', 1, 0, null, null],
      ['NAME', 'VARCHAR2', 20, null, null, 'N', 2, 20, 'B', null],
      ['CODE', 'CHAR', 12, null, null, 'Y', 3, 3, 'C', null],
      ['NOTE', 'NVARCHAR2', 20, null, null, 'Y', 4, 10, 'C', null],
      ['SALARY', 'NUMBER', 22, 8, 2, 'Y', 5, 0, null, '0'],
      ['BONUS', 'NUMBER', 22, null, null, 'Y', 6, 0, null, null],
      ['RATE', 'FLOAT', 22, 63, null, 'Y', 7, 0, null, null],
      ['HIRED', 'DATE', 7, null, null, 'Y', 8, 0, null, 'SYSDATE'],
      ['CHANGED', 'TIMESTAMP(3)', 11, null, 3, 'Y', 9, 0, null, null],
      ['SEEN', 'TIMESTAMP(6) WITH TIME ZONE', 13, null, 6, 'Y', 10, 0, null, null],
      ['LOCALLY', 'TIMESTAMP(6) WITH LOCAL TIME ZONE', 11, null, 6, 'Y', 11, 0, null, null],
      ['EXACT', 'TIMESTAMP(9)', 11, null, 9, 'Y', 12, 0, null, null],
      ['TERM', 'INTERVAL YEAR(2) TO MONTH', 5, 2, 0, 'Y', 13, 0, null, null],
      ['SPAN', 'INTERVAL DAY(2) TO SECOND(3)', 11, 2, 3, 'Y', 14, 0, null, null],
      ['PHOTO', 'BLOB', 4000, null, null, 'Y', 15, 0, null, null],
      ['CV', 'CLOB', 4000, null, null, 'Y', 16, 0, null, null],
      ['HASH', 'RAW', 16, null, null, 'Y', 17, 0, null, null],
      ['SCORE', 'BINARY_DOUBLE', 8, null, null, 'Y', 18, 0, null, null],
      ['DEP_ID', 'NUMBER', 22, 4, 0, 'Y', 19, 0, null, null],
      ['DOUBLE', 'NUMBER', 22, null, null, 'Y', 20, 0, null, '("SALARY" * 2)'],
    ]);
    expect(
      await rows(hr, `SELECT "COLUMN_NAME" FROM "USER_TAB_COLS" WHERE "VIRTUAL_COLUMN" = 'YES'`),
    ).toEqual([['DOUBLE']]);
  });

  it('of views are those of the tables behind them', async () => {
    const sql = (name: string) =>
      `SELECT "COLUMN_NAME", "DATA_TYPE", "DATA_LENGTH"::integer, "NULLABLE" FROM "USER_TAB_COLUMNS" WHERE "TABLE_NAME" = '${name}' ORDER BY "COLUMN_ID"`;
    expect(await rows(hr, sql('EMP_VIEW'))).toEqual([
      ['ID', 'NUMBER', 22, 'N'],
      ['NAME', 'VARCHAR2', 20, 'N'],
      ['NOTE', 'NVARCHAR2', 20, 'Y'],
      ['HIRED', 'DATE', 7, 'Y'],
    ]);
    // An outer join makes NULL of what is NOT NULL.
    expect(await rows(hr, sql('EMP_DEP'))).toEqual([
      ['ID', 'NUMBER', 22, 'Y'],
      ['DEPARTMENT', 'VARCHAR2', 120, 'Y'],
    ]);
  });

  it('are forgotten with what they were declared of', async () => {
    await hr.query(`CREATE TABLE "GONE" ("A" varchar(5), "B" varchar(5))`);
    const text = type('NVARCHAR2', { length: 5, unit: 'CHAR' });
    await declareColumns(database.db, { schema: HR, name: 'GONE' }, [
      { name: 'A', type: text },
      { name: 'B', type: text },
    ]);
    const declared = () =>
      rows(
        database.db,
        `SELECT column_name FROM oracle.declared_column WHERE table_schema = '${HR}' AND table_name = 'GONE'`,
      );
    await hr.query('ALTER TABLE "GONE" DROP COLUMN "A"');
    expect(await declared()).toEqual([['B']]);
    await hr.query('DROP TABLE "GONE"');
    expect(await declared()).toEqual([]);
  });
});

describe('keys and indexes', () => {
  it('are constraints with their columns and references', async () => {
    const found = await rows(
      hr,
      `SELECT c."CONSTRAINT_NAME", c."CONSTRAINT_TYPE", c."TABLE_NAME", c."R_CONSTRAINT_NAME", c."DELETE_RULE", c."STATUS",
        c."SEARCH_CONDITION_VC", c."INDEX_NAME",
        (SELECT string_agg(k."COLUMN_NAME" || coalesce(':' || k."POSITION", ''), ',' ORDER BY k."POSITION")
          FROM "USER_CONS_COLUMNS" AS k WHERE k."CONSTRAINT_NAME" = c."CONSTRAINT_NAME" AND k."OWNER" = c."OWNER")
      FROM "USER_CONSTRAINTS" AS c WHERE c."CONSTRAINT_NAME" !~ 'not_null' ORDER BY 1`,
    );
    expect(found).toEqual([
      ['DEP_NAME_UK', 'U', 'DEPARTMENTS', null, null, 'ENABLED', null, 'DEP_NAME_UK', 'NAME:1'],
      ['DEP_PK', 'P', 'DEPARTMENTS', null, null, 'ENABLED', null, 'DEP_PK', 'ID:1'],
      ['EMP_DEP_FK', 'R', 'EMPLOYEES', 'DEP_PK', 'CASCADE', 'ENABLED', null, null, 'DEP_ID:1'],
      ['EMP_NAME_NN', 'C', 'EMPLOYEES', null, null, 'ENABLED', '"NAME" IS NOT NULL', null, 'NAME'],
      ['EMP_PK', 'P', 'EMPLOYEES', null, null, 'ENABLED', null, 'EMP_PK', 'ID:1'],
      ['EMP_SALARY_CK', 'C', 'EMPLOYEES', null, null, 'ENABLED', '"SALARY" >= 0', null, 'SALARY'],
    ]);
    // A referenced key's owner is told.
    expect(
      await rows(hr, `SELECT "R_OWNER" FROM "ALL_CONSTRAINTS" WHERE "CONSTRAINT_NAME" = 'EMP_DEP_FK'`),
    ).toEqual([[HR]]);
  });

  it('are indexes with their columns', async () => {
    expect(
      await rows(
        hr,
        `SELECT i."INDEX_NAME", i."UNIQUENESS", i."INDEX_TYPE", c."COLUMN_NAME", c."COLUMN_POSITION"::integer, c."DESCEND"
        FROM "ALL_INDEXES" AS i JOIN "ALL_IND_COLUMNS" AS c ON c."INDEX_OWNER" = i."OWNER" AND c."INDEX_NAME" = i."INDEX_NAME"
        WHERE i."TABLE_NAME" = 'EMPLOYEES' ORDER BY 1, 5`,
      ),
    ).toEqual([
      ['EMP_DEP_IX', 'NONUNIQUE', 'NORMAL', 'DEP_ID', 1, 'ASC'],
      ['EMP_DEP_IX', 'NONUNIQUE', 'NORMAL', 'NAME', 2, 'DESC'],
      ['EMP_PK', 'UNIQUE', 'NORMAL', 'ID', 1, 'ASC'],
      ['EMP_UPPER_IX', 'NONUNIQUE', 'FUNCTION-BASED NORMAL', 'SYS_NC00001$', 1, 'ASC'],
    ]);
  });
});

describe('objects', () => {
  it('are there by kind', async () => {
    expect(
      await rows(
        hr,
        `SELECT "OBJECT_TYPE", "OBJECT_NAME" FROM "USER_OBJECTS" WHERE "OBJECT_TYPE" <> 'INDEX' ORDER BY 1, 2`,
      ),
    ).toEqual([
      ['PACKAGE', 'STOCK'],
      ['SEQUENCE', 'EMP_SEQ'],
      ['TABLE', 'DEPARTMENTS'],
      ['TABLE', 'EMPLOYEES'],
      ['TABLE', 'HIDDEN'],
      ['TRIGGER', 'EMP_STAMP'],
      ['VIEW', 'EMP_DEP'],
      ['VIEW', 'EMP_VIEW'],
    ]);
    expect(
      await rows(
        hr,
        `SELECT "INCREMENT_BY"::integer, "CACHE_SIZE"::integer, "LAST_NUMBER"::integer FROM "USER_SEQUENCES"`,
      ),
    ).toEqual([[10, 20, 100]]);
    expect(
      await rows(
        hr,
        `SELECT "TRIGGER_NAME", "TRIGGER_TYPE", "TRIGGERING_EVENT", "TABLE_NAME", "STATUS" FROM "USER_TRIGGERS"`,
      ),
    ).toEqual([['EMP_STAMP', 'BEFORE EACH ROW', 'INSERT OR UPDATE', 'EMPLOYEES', 'ENABLED']]);
    expect(
      await rows(hr, `SELECT "COMMENTS" FROM "USER_TAB_COMMENTS" WHERE "TABLE_NAME" = 'EMPLOYEES'`),
    ).toEqual([['Who works here']]);
    expect(
      await rows(hr, `SELECT "COLUMN_NAME", "COMMENTS" FROM "ALL_COL_COMMENTS" WHERE "COMMENTS" IS NOT NULL`),
    ).toEqual([['NAME', 'Full name']]);
    expect(await rows(hr, `SELECT "PROCEDURE_NAME" FROM "USER_PROCEDURES"`)).toEqual([['TAKE']]);
  });

  it('know their rows once they were analyzed', async () => {
    const counted = () =>
      rows(
        hr,
        `SELECT "NUM_ROWS"::integer, "BLOCKS"::integer FROM "USER_TABLES" WHERE "TABLE_NAME" = 'DEPARTMENTS'`,
      );
    expect(await counted()).toEqual([[null, null]]);
    await hr.query(
      `INSERT INTO "DEPARTMENTS" SELECT n, 'D' || n FROM generate_series(1, 40) AS n; ANALYZE "DEPARTMENTS"`,
    );
    expect(await counted()).toEqual([[40, 1]]);
  });

  it('have synonyms that work with the rights of the reader', async () => {
    await hr.query(`SELECT oracle.create_synonym(NULL, 'STAFF', NULL, 'EMPLOYEES', false)`);
    await hr.query(`SELECT oracle.create_synonym(NULL, 'SECRET', NULL, 'HIDDEN', false)`);
    expect(await rows(hr, `SELECT "SYNONYM_NAME", "TABLE_NAME" FROM "USER_SYNONYMS" ORDER BY 1`)).toEqual([
      ['SECRET', 'HIDDEN'],
      ['STAFF', 'EMPLOYEES'],
    ]);
    expect(await rows(sync, `SELECT count(*)::integer FROM "${HR}"."STAFF"`)).toEqual([[0]]);
    await expect(sync.query(`SELECT * FROM "${HR}"."SECRET"`)).rejects.toMatchObject({ code: '42501' });
    await expect(
      hr.query(`SELECT oracle.create_synonym(NULL, 'STAFF', NULL, 'HIDDEN', false)`),
    ).rejects.toThrow('ORA-00955');
    await hr.query(`SELECT oracle.drop_synonym(NULL, 'STAFF'), oracle.drop_synonym(NULL, 'SECRET')`);
    expect(await rows(hr, `SELECT * FROM "USER_SYNONYMS"`)).toEqual([]);
    await expect(hr.query(`SELECT oracle.drop_synonym(NULL, 'EMP_VIEW')`)).rejects.toThrow('ORA-01434');
  });
});

describe('what a user sees', () => {
  it('is its own in USER_, what it may touch in ALL_, everything in DBA_ where granted', async () => {
    const names = (view: string) =>
      rows(sync, `SELECT "TABLE_NAME" FROM "${view}" WHERE "OWNER" = '${HR}' ORDER BY 1`);
    expect(await rows(sync, 'SELECT * FROM "USER_TABLES"')).toEqual([]);
    expect(await names('ALL_TABLES')).toEqual([['EMPLOYEES']]);
    expect(
      await rows(sync, `SELECT DISTINCT "TABLE_NAME" FROM "ALL_TAB_COLUMNS" WHERE "OWNER" = '${HR}'`),
    ).toEqual([['EMPLOYEES']]);
    expect(
      await rows(
        sync,
        `SELECT "OBJECT_NAME" FROM "ALL_OBJECTS" WHERE "OWNER" = '${HR}' AND "OBJECT_TYPE" = 'TABLE'`,
      ),
    ).toEqual([['EMPLOYEES']]);
    await expect(names('DBA_TABLES')).rejects.toMatchObject({ code: '42501' });
    await grantSystem(database.db, { privileges: ['SELECT ANY DICTIONARY'], to: [SYNC] });
    expect(await names('DBA_TABLES')).toEqual([['DEPARTMENTS'], ['EMPLOYEES'], ['HIDDEN']]);
    await database.db.query(`SELECT oracle.revoke_system('{SELECT ANY DICTIONARY}', $1)`, [[SYNC]]);
    await expect(names('DBA_TABLES')).rejects.toMatchObject({ code: '42501' });
  });

  it('is DUAL, users, NLS parameters', async () => {
    expect(await rows(sync, 'SELECT * FROM "DUAL"')).toEqual([['X']]);
    expect(await rows(sync, `SELECT "USERNAME" FROM "ALL_USERS" ORDER BY 1`)).toEqual([
      [HR],
      [SYNC],
      ['SYS'],
    ]);
    expect(await rows(sync, `SELECT "USERNAME", "ACCOUNT_STATUS" FROM "USER_USERS"`)).toEqual([
      [SYNC, 'OPEN'],
    ]);
    await sync.query(`SET oracle.nls_date_format = 'YYYY'`);
    expect(
      await rows(sync, `SELECT "VALUE" FROM "NLS_SESSION_PARAMETERS" WHERE "PARAMETER" = 'NLS_DATE_FORMAT'`),
    ).toEqual([['YYYY']]);
    expect(
      await rows(
        sync,
        `SELECT "VALUE" FROM "NLS_DATABASE_PARAMETERS" WHERE "PARAMETER" = 'NLS_CHARACTERSET'`,
      ),
    ).toEqual([['AL32UTF8']]);
    await expect(sync.query('SELECT * FROM oracle.account')).rejects.toMatchObject({ code: '42501' });
  });
});
