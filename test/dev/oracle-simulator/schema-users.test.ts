import type pg from 'pg';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import {
  accounts,
  addPolicy,
  alterUser,
  createUser,
  dropPolicy,
  dropUser,
  grantSystem,
} from '../../../dev/oracle-simulator/schema/users.ts';
import { type SchemaDatabase, schemaDatabase } from './schema-database.ts';

let database: SchemaDatabase;
let count = 0;
let OWNER: string;
let READER: string;
let owner: pg.Client;
let reader: pg.Client;

beforeAll(async () => {
  database = await schemaDatabase();
});
afterAll(() => database.close());

beforeEach(async () => {
  count += 1;
  OWNER = database.userName(`OWNER${count}`);
  READER = database.userName(`READER${count}`);
  await createUser(database.db, { name: OWNER, password: 'o' });
  await createUser(database.db, { name: READER, password: 'r', grants: ['CREATE SESSION'] });
  owner = await database.session(OWNER);
  reader = await database.session(READER);
  await owner.query(`CREATE TABLE "T" ("ID" numeric PRIMARY KEY, "NAME" varchar(10));
    INSERT INTO "T" VALUES (1, 'one'), (2, 'two'), (3, 'three'); CREATE SEQUENCE "S"`);
});

const denied = { code: '42501' };

/** To the reader; `columns`: per privilege, `{}` for the whole object. */
function grant(
  privileges: readonly string[],
  object: string,
  columns: readonly string[] = [],
): Promise<unknown> {
  const lists = privileges.map((_, index) => columns[index] ?? '{}');
  return owner.query('SELECT oracle.grant_object($1, $2, NULL, $3, $4, false)', [
    privileges,
    lists,
    object,
    [READER],
  ]);
}

async function values(db: pg.Client, sql: string): Promise<unknown[]> {
  return (await db.query({ text: sql, rowMode: 'array' })).rows.map(([value]) => value);
}

describe('users', () => {
  it('are accounts that may be locked, changed and dropped', async () => {
    const one = async () => (await accounts(database.db)).find(({ name }) => name === READER);
    expect(await one()).toEqual({ name: READER, password: 'r', locked: false, mayLogOn: true });
    await alterUser(database.db, { name: READER, locked: true });
    await alterUser(database.db, { name: READER, password: 'new' });
    expect(await one()).toEqual({ name: READER, password: 'new', locked: true, mayLogOn: true });
    await dropUser(database.db, { name: READER, owned: 'refuse' });
    expect(await one()).toBeUndefined();
    expect(await values(database.db, `SELECT rolname FROM pg_roles WHERE rolname = '${READER}'`)).toEqual([]);
  });

  it('are refused twice, unknown, or with what they own', async () => {
    await expect(createUser(database.db, { name: READER, password: 'x' })).rejects.toThrow('ORA-01920');
    await expect(createUser(database.db, { name: 'SYS', password: 'x' })).rejects.toThrow('ORA-01920');
    await expect(alterUser(database.db, { name: 'NOBODY', locked: true })).rejects.toThrow(
      `ORA-01918: user 'NOBODY' does not exist`,
    );
    await expect(dropUser(database.db, { name: OWNER, owned: 'refuse' })).rejects.toThrow('ORA-01922');
    await dropUser(database.db, { name: OWNER, owned: 'drop' });
    expect(await values(database.db, `SELECT nspname FROM pg_namespace WHERE nspname = '${OWNER}'`)).toEqual(
      [],
    );
  });

  it('may create what they have privileges for', async () => {
    await expect(reader.query('CREATE TABLE "X" ("A" numeric)')).rejects.toMatchObject(denied);
    await grantSystem(database.db, { privileges: ['CREATE TABLE'], to: [READER] });
    await reader.query('CREATE TABLE "X" ("A" numeric)');
    expect(await values(reader, 'SELECT "PRIVILEGE" FROM "SESSION_PRIVS" ORDER BY 1')).toEqual([
      'CREATE SESSION',
      'CREATE TABLE',
    ]);
  });

  it('keep their names of other databases of the server', async () => {
    const other = await schemaDatabase();
    await createUser(other.db, { name: OWNER, password: 'elsewhere' });
    expect((await accounts(other.db)).map(({ name, password }) => [name, password])).toEqual([
      [OWNER, 'elsewhere'],
    ]);
    await dropUser(other.db, { name: OWNER, owned: 'drop' });
    expect(await values(owner, 'SELECT count(*)::integer FROM "T"')).toEqual([3]);
    await other.close();
  });
});

describe('object privileges', () => {
  it('open what was granted and nothing else', async () => {
    await expect(reader.query(`SELECT * FROM "${OWNER}"."T"`)).rejects.toMatchObject(denied);
    await grant(['SELECT', 'FLASHBACK'], 'T');
    expect(await values(reader, `SELECT count(*)::integer FROM "${OWNER}"."T"`)).toEqual([3]);
    await expect(reader.query(`DELETE FROM "${OWNER}"."T"`)).rejects.toMatchObject(denied);
    expect(await values(reader, `SELECT oracle.may_flashback('"${OWNER}"."T"'::regclass)`)).toEqual([true]);
    expect(
      await values(reader, `SELECT "PRIVILEGE" FROM "USER_TAB_PRIVS" WHERE "TABLE_NAME" = 'T' ORDER BY 1`),
    ).toEqual(['FLASHBACK', 'SELECT']);
    await owner.query(`SELECT oracle.revoke_object('{SELECT,FLASHBACK}', '{"{}","{}"}', NULL, 'T', $1)`, [
      [READER],
    ]);
    await expect(reader.query(`SELECT * FROM "${OWNER}"."T"`)).rejects.toMatchObject(denied);
    expect(await values(reader, `SELECT oracle.may_flashback('"${OWNER}"."T"'::regclass)`)).toEqual([false]);
  });

  it('may be on columns, sequences and procedures', async () => {
    await grant(['UPDATE', 'SELECT'], 'T', ['{NAME}', '{}']);
    await reader.query(`UPDATE "${OWNER}"."T" SET "NAME" = 'x'`);
    await expect(reader.query(`UPDATE "${OWNER}"."T" SET "ID" = 5`)).rejects.toMatchObject(denied);
    await grant(['SELECT'], 'S');
    expect(await values(reader, `SELECT nextval('"${OWNER}"."S"')::integer`)).toEqual([1]);
    await owner.query(`CREATE FUNCTION "PKG.ONE"() RETURNS integer LANGUAGE sql AS 'SELECT 1'`);
    await expect(reader.query(`SELECT "${OWNER}"."PKG.ONE"()`)).rejects.toMatchObject(denied);
    await grant(['EXECUTE'], 'PKG');
    expect(await values(reader, `SELECT "${OWNER}"."PKG.ONE"()`)).toEqual([1]);
  });

  it.each([
    [['SELECT'], 'NOTHING', 'ORA-00942'],
    [['MELT'], 'T', 'ORA-00990'],
  ])('%s on %s is refused', async (privileges, object, message) => {
    await expect(grant(privileges, object)).rejects.toThrow(message);
  });

  it('are refused for users that are not there, and for what belongs to others', async () => {
    await expect(
      owner.query(`SELECT oracle.grant_object('{SELECT}', '{"{}"}', NULL, 'T', '{NOBODY}', false)`),
    ).rejects.toThrow(`ORA-01917: user or role 'NOBODY' does not exist`);
    await expect(
      reader.query(`SELECT oracle.grant_object('{FLASHBACK}', '{"{}"}', $1, 'T', $2, false)`, [
        OWNER,
        [READER],
      ]),
    ).rejects.toThrow('ORA-01031');
    await expect(
      reader.query(`SELECT oracle.grant_object('{SELECT}', '{"{}"}', $1, 'T', $2, false)`, [OWNER, [READER]]),
    ).rejects.toMatchObject(denied);
  });
});

describe('system privileges', () => {
  it('SELECT ANY TABLE opens all tables, also those to come, and closes them again', async () => {
    await grantSystem(database.db, { privileges: ['SELECT ANY TABLE'], to: [READER] });
    expect(await values(reader, `SELECT count(*)::integer FROM "${OWNER}"."T"`)).toEqual([3]);
    await owner.query('CREATE TABLE "LATER" ("A" numeric)');
    expect(await values(reader, `SELECT count(*)::integer FROM "${OWNER}"."LATER"`)).toEqual([0]);
    const LATE = database.userName(`LATE${count}`);
    await createUser(database.db, { name: LATE, password: 'l' });
    await (await database.session(LATE)).query('CREATE TABLE "L" ("A" numeric)');
    expect(await values(reader, `SELECT count(*)::integer FROM "${LATE}"."L"`)).toEqual([0]);
    await database.db.query(`SELECT oracle.revoke_system('{SELECT ANY TABLE}', $1)`, [[READER]]);
    await expect(reader.query(`SELECT * FROM "${OWNER}"."T"`)).rejects.toMatchObject(denied);
  });

  it('FLASHBACK ANY TABLE is known', async () => {
    const may = () => values(reader, `SELECT oracle.may_flashback('"${OWNER}"."T"'::regclass)`);
    expect(await may()).toEqual([false]);
    await grantSystem(database.db, { privileges: ['FLASHBACK ANY TABLE'], to: [READER] });
    expect(await may()).toEqual([true]);
  });

  it('are granted by who may', async () => {
    await expect(
      owner.query(`SELECT oracle.grant_system('{CREATE VIEW}', $1, false)`, [[READER]]),
    ).rejects.toThrow('ORA-01031');
    await grantSystem(database.db, { privileges: ['DBA'], to: [OWNER] });
    await owner.query(`SELECT oracle.grant_system('{CREATE VIEW}', $1, false)`, [[READER]]);
    expect(await values(reader, `SELECT "PRIVILEGE" FROM "USER_SYS_PRIVS" ORDER BY 1`)).toEqual([
      'CREATE SESSION',
      'CREATE VIEW',
    ]);
    await expect(grantSystem(database.db, { privileges: ['MELT ALL'], to: [READER] })).rejects.toThrow(
      'ORA-00990',
    );
    await expect(grantSystem(database.db, { privileges: ['CLERK'], to: [READER] })).rejects.toThrow(
      'ORA-01919',
    );
    await expect(
      database.db.query(`SELECT oracle.revoke_system('{CREATE TRIGGER}', $1)`, [[READER]]),
    ).rejects.toThrow('ORA-01952');
  });
});

describe('policies', () => {
  beforeEach(async () => {
    await grant(['SELECT', 'UPDATE', 'INSERT'], 'T');
  });

  it('filter the rows of a user and show up', async () => {
    const policy = {
      table: { schema: OWNER, name: 'T' },
      name: 'ONLY_ONE',
      user: READER,
      predicate: '"ID" = 1',
    };
    await addPolicy(database.db, policy);
    expect(await values(reader, `SELECT "NAME" FROM "${OWNER}"."T"`)).toEqual(['one']);
    expect(await values(owner, 'SELECT count(*)::integer FROM "T"')).toEqual([3]);
    const shown = await reader.query({
      rowMode: 'array',
      text: `SELECT "OBJECT_OWNER", "OBJECT_NAME", "POLICY_NAME", "SEL", "UPD", "ENABLE" FROM "ALL_POLICIES"`,
    });
    expect(shown.rows).toEqual([[OWNER, 'T', 'ONLY_ONE', 'YES', 'NO', 'YES']]);
    await expect(addPolicy(database.db, policy)).rejects.toThrow('ORA-28101');
    await dropPolicy(database.db, policy);
    expect(await values(reader, `SELECT count(*)::integer FROM "${OWNER}"."T"`)).toEqual([3]);
    await expect(dropPolicy(database.db, policy)).rejects.toThrow('ORA-28102');
  });

  it('may be for the owner, for writes, and leave out who is exempt', async () => {
    const table = { schema: OWNER, name: 'T' };
    await addPolicy(database.db, { table, name: 'MINE', user: OWNER, predicate: '"ID" < 3' });
    expect(await values(owner, 'SELECT "NAME" FROM "T" ORDER BY 1')).toEqual(['one', 'two']);
    await addPolicy(database.db, {
      table,
      name: 'NEW',
      user: READER,
      predicate: '"ID" > 10',
      statements: ['INSERT'],
    });
    await expect(reader.query(`INSERT INTO "${OWNER}"."T" VALUES (4, 'four')`)).rejects.toMatchObject(denied);
    await reader.query(`INSERT INTO "${OWNER}"."T" VALUES (11, 'eleven')`);
    await grantSystem(database.db, { privileges: ['EXEMPT ACCESS POLICY'], to: [READER] });
    await reader.query(`INSERT INTO "${OWNER}"."T" VALUES (4, 'four')`);
    await expect(
      addPolicy(database.db, {
        table: { schema: OWNER, name: 'NO' },
        name: 'P',
        user: OWNER,
        predicate: 'true',
      }),
    ).rejects.toThrow('ORA-00942');
  });
});
