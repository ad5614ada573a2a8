import type oracledb from 'oracledb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorOf, oneOf, password, rowsOf, startTestbed, type Testbed } from './end-to-end-support.ts';

let testbed: Testbed;
let connection: oracledb.Connection;

beforeAll(async () => {
  testbed = await startTestbed();
  connection = await testbed.connect();
  const statements = [
    'CREATE TABLE dept (id NUMBER(4) CONSTRAINT dept_pk PRIMARY KEY, name VARCHAR2(10 CHAR) NOT NULL)',
    `CREATE TABLE emp (id NUMBER(9) CONSTRAINT emp_pk PRIMARY KEY, dept_id NUMBER(4) CONSTRAINT emp_dept REFERENCES dept (id),
      pay NUMBER(9,2), hired TIMESTAMP(9) WITH LOCAL TIME ZONE, note NVARCHAR2(5), CONSTRAINT emp_uk UNIQUE (dept_id, pay))`,
    `COMMENT ON TABLE emp IS 'who works here'`,
    `COMMENT ON COLUMN emp.pay IS 'a month'`,
    'CREATE VIEW paid AS SELECT id, pay, pay * 12 AS year FROM emp WHERE pay > 0',
    'CREATE SEQUENCE emp_seq START WITH 100',
    'CREATE INDEX emp_pay ON emp (pay)',
    'INSERT INTO dept SELECT LEVEL, CHR(64 + LEVEL) FROM dual CONNECT BY LEVEL <= 3',
    'INSERT INTO emp (id, dept_id, pay) SELECT LEVEL, MOD(LEVEL, 3) + 1, LEVEL * 10 FROM dual CONNECT BY LEVEL <= 9',
  ];
  for (const statement of statements) await connection.execute(statement);
  await connection.commit();
  await testbed.simulator.createUser({ name: 'SYNC', password });
});
afterAll(() => testbed?.stop());

describe('the dictionary', () => {
  test('columns as they were declared, by ALTER TABLE too', async () => {
    const columns = () =>
      rowsOf(
        connection,
        `SELECT column_name, data_type, data_length, data_precision, data_scale, nullable, char_used
          FROM all_tab_columns WHERE owner = 'HR' AND table_name = 'EMP' ORDER BY column_id`,
      );
    expect(await columns()).toEqual([
      ['ID', 'NUMBER', '22', '9', '0', 'N', null],
      ['DEPT_ID', 'NUMBER', '22', '4', '0', 'Y', null],
      ['PAY', 'NUMBER', '22', '9', '2', 'Y', null],
      ['HIRED', 'TIMESTAMP(9) WITH LOCAL TIME ZONE', expect.anything(), null, '9', 'Y', null],
      ['NOTE', 'NVARCHAR2', '10', null, null, 'Y', 'C'],
    ]);
    await connection.execute('ALTER TABLE emp ADD (extra VARCHAR2(7 BYTE), gone DATE)');
    await connection.execute('ALTER TABLE emp RENAME COLUMN extra TO other');
    await connection.execute('ALTER TABLE emp DROP COLUMN gone');
    expect((await columns()).slice(5)).toEqual([['OTHER', 'VARCHAR2', '7', null, null, 'Y', 'B']]);
    await connection.execute('ALTER TABLE emp DROP COLUMN other');
  });

  test('triggers: on and off, since when, and for whose eyes', async () => {
    const reader = await testbed.connect('SYNC');
    const state = (views: string, from = connection) =>
      rowsOf(
        from,
        `SELECT t.status, t.table_name, o.status FROM ${views}_triggers t
           JOIN ${views}_objects o ON o.owner = t.owner AND o.object_name = t.trigger_name WHERE t.owner = 'HR'`,
      );
    const changed = () =>
      oneOf(connection, `SELECT last_ddl_time FROM user_objects WHERE object_name = 'DEPT_SEEN'`);
    await connection.execute('CREATE TABLE seen (id NUMBER)');
    await connection.execute(`CREATE TRIGGER dept_seen AFTER UPDATE ON dept FOR EACH ROW
      BEGIN INSERT INTO seen (id) VALUES (:NEW.id); END;`);
    await connection.execute('GRANT SELECT ON dept TO sync');
    expect(await state('all')).toEqual([['ENABLED', 'DEPT', 'VALID']]);
    expect(await state('all', reader)).toEqual([]);
    await testbed.simulator.sql('SYS', 'GRANT SELECT ON SYS.DBA_TRIGGERS TO sync');
    await testbed.simulator.sql('SYS', 'GRANT SELECT ON SYS.DBA_OBJECTS TO sync');
    expect(await state('dba', reader)).toEqual([['ENABLED', 'DEPT', 'VALID']]);

    const before = await changed();
    await connection.execute('ALTER TRIGGER dept_seen DISABLE');
    await connection.execute('UPDATE dept SET name = name');
    await connection.commit();
    expect(await oneOf(connection, 'SELECT COUNT(*) FROM seen')).toBe('0');
    expect(await state('all')).toEqual([['DISABLED', 'DEPT', 'VALID']]);
    // The dictionary counts whole seconds.
    await expect
      .poll(
        async () => {
          await connection.execute('ALTER TRIGGER dept_seen ENABLE');
          return changed();
        },
        { timeout: 30_000, interval: 300 },
      )
      .not.toEqual(before);
    await connection.execute('UPDATE dept SET name = name');
    await connection.commit();
    expect(await oneOf(connection, 'SELECT COUNT(*) FROM seen')).toBe('3');
    expect(await errorOf(connection.execute('ALTER TRIGGER nothing ENABLE'))).toMatch(/^ORA-04080/);
    await connection.execute('DROP TRIGGER dept_seen');
    await connection.execute('REVOKE SELECT ON dept FROM sync');
  });

  test('a truncated table has another segment', async () => {
    const segment = () =>
      oneOf(connection, `SELECT data_object_id FROM user_objects WHERE object_name = 'SHORT_LIVED'`);
    await connection.execute('CREATE TABLE short_lived (id NUMBER)');
    const before = await segment();
    await connection.execute('INSERT INTO short_lived VALUES (1)');
    expect(await segment()).toBe(before);
    await connection.execute('TRUNCATE TABLE short_lived');
    expect(await segment()).not.toBe(before);
    await connection.execute('DROP TABLE short_lived');
  });

  test('keys, constraints and comments', async () => {
    expect(
      await rowsOf(
        connection,
        `SELECT c.constraint_name, c.constraint_type, k.column_name, k.position, c.r_constraint_name
          FROM all_constraints c JOIN all_cons_columns k ON k.owner = c.owner AND k.constraint_name = c.constraint_name
          WHERE c.owner = 'HR' AND c.table_name = 'EMP' AND c.constraint_type IN ('P', 'U', 'R') ORDER BY 1, 4`,
      ),
    ).toEqual([
      ['EMP_DEPT', 'R', 'DEPT_ID', '1', 'DEPT_PK'],
      ['EMP_PK', 'P', 'ID', '1', null],
      ['EMP_UK', 'U', 'DEPT_ID', '1', null],
      ['EMP_UK', 'U', 'PAY', '2', null],
    ]);
    expect(
      await oneOf(
        connection,
        `SELECT comments FROM all_col_comments WHERE owner = 'HR' AND table_name = 'EMP' AND column_name = 'PAY'`,
      ),
    ).toBe('a month');
    expect(
      await oneOf(
        connection,
        `SELECT comments FROM all_tab_comments WHERE owner = 'HR' AND table_name = 'EMP'`,
      ),
    ).toBe('who works here');
  });

  test('others see what they were granted', async () => {
    const sync = await testbed.connect('SYNC');
    const tables = () => rowsOf(sync, `SELECT table_name FROM all_tables WHERE owner = 'HR' ORDER BY 1`);
    expect(await tables()).toEqual([]);
    await connection.execute('GRANT SELECT ON emp TO sync');
    expect(await tables()).toEqual([['EMP']]);
    await connection.execute('REVOKE SELECT ON emp FROM sync');
    expect(await tables()).toEqual([]);
    await sync.close();
  });

  test('versions and sessions', async () => {
    expect(await oneOf(connection, 'SELECT version FROM product_component_version')).toMatch(/^\d+\.\d+/);
    connection.module = 'the module';
    connection.clientId = 'the client';
    expect(
      await rowsOf(
        connection,
        `SELECT username, module, client_identifier FROM v$session WHERE sid = SYS_CONTEXT('USERENV', 'SID')`,
      ),
    ).toEqual([['HR', 'the module', 'the client']]);
  });

  test('V$SQL counts what was executed', async () => {
    const sql = 'SELECT COUNT(*) AS counted_here FROM emp WHERE id < :1';
    for (const id of [1, 2, 3]) await connection.execute(sql, [id]);
    const [row] = await rowsOf(
      connection,
      `SELECT executions, rows_processed, elapsed_time, parsing_schema_name FROM v$sql WHERE sql_text = :1`,
      [sql],
    );
    expect(row?.slice(0, 2)).toEqual(['3', '3']);
    expect(Number(row?.[2])).toBeGreaterThan(0);
    expect(row?.[3]).toBe('HR');
  });
});

describe('rights', () => {
  test('views, sequences and columns that are granted', async () => {
    const sync = await testbed.connect('SYNC');
    await connection.execute('GRANT SELECT ON paid TO sync');
    await connection.execute('GRANT SELECT ON emp_seq TO sync');
    await connection.execute('GRANT SELECT, UPDATE (pay) ON emp TO sync');
    expect(await oneOf(sync, 'SELECT COUNT(*) FROM hr.paid')).toBe('9');
    expect(await oneOf(sync, 'SELECT hr.emp_seq.NEXTVAL FROM dual')).toBe('100');
    await sync.execute('UPDATE hr.emp SET pay = pay + 1 WHERE id = 1');
    expect(await errorOf(sync.execute('UPDATE hr.emp SET dept_id = 1 WHERE id = 1'))).toMatch(/^ORA-01031/);
    expect(await errorOf(sync.execute('DROP TABLE hr.emp'))).toMatch(/^ORA-01031|^ORA-00942/);
    expect(await errorOf(sync.execute('CREATE TABLE hr.mine (id NUMBER)'))).toBe(
      'ORA-01031: insufficient privileges',
    );
    await sync.rollback();
    await sync.close();
  });

  test('a policy hides rows, and says so', async () => {
    await connection.execute('GRANT SELECT ON dept TO sync');
    await testbed.simulator.addPolicy({
      table: { schema: 'HR', name: 'DEPT' },
      name: 'ONLY_TWO',
      user: 'SYNC',
      predicate: '"ID" <= 2',
    });
    const sync = await testbed.connect('SYNC');
    expect(await oneOf(sync, 'SELECT COUNT(*) FROM hr.dept')).toBe('2');
    expect(await oneOf(connection, 'SELECT COUNT(*) FROM dept')).toBe('3');
    expect(
      await oneOf(
        sync,
        `SELECT policy_name FROM all_policies WHERE object_owner = 'HR' AND object_name = 'DEPT'`,
      ),
    ).toBe('ONLY_TWO');
    await testbed.simulator.dropPolicy({ table: { schema: 'HR', name: 'DEPT' }, name: 'ONLY_TWO' });
    expect(await oneOf(sync, 'SELECT COUNT(*) FROM hr.dept')).toBe('3');
    await sync.close();
  });

  test('an administrator makes users and works in their schemas', async () => {
    await testbed.simulator.createUser({ name: 'ADMIN', password, grants: ['DBA'] });
    const admin = await testbed.connect('ADMIN');
    await admin.execute('CREATE USER made IDENTIFIED BY "Secret-1"');
    await admin.execute('GRANT CREATE SESSION, CREATE TABLE TO made');
    await admin.execute('CREATE TABLE made.things (id NUMBER(3))');
    const made = await testbed.connect('MADE');
    await made.execute('INSERT INTO things VALUES (1)');
    await made.commit();
    expect(await errorOf(made.execute('CREATE VIEW v AS SELECT id FROM things'))).toBe(
      'ORA-01031: insufficient privileges',
    );
    expect(await errorOf(admin.execute('DROP USER made CASCADE'))).toBe(
      'ORA-01940: cannot drop a user that is currently connected',
    );
    await made.close();
    await admin.execute('DROP USER made CASCADE');
    expect(await errorOf(testbed.connect('MADE'))).toMatch(/^ORA-01017/);
    await admin.close();
  });
});

describe('statements without a client', () => {
  test('of a user, and of SYS', async () => {
    const { simulator } = testbed;
    expect(await simulator.sql('HR', 'SELECT id, name FROM dept WHERE id = :1', ['2'])).toEqual({
      columns: ['ID', 'NAME'],
      rows: [['2', 'B']],
      rowCount: 0,
    });
    expect((await simulator.sql('HR', `UPDATE dept SET name = 'x' WHERE id > 1`)).rowCount).toBe(2);
    await simulator.sql('SYS', 'GRANT SELECT ON V_$SESSION TO sync');
    const sync = await testbed.connect('SYNC');
    expect(Number(await oneOf(sync, 'SELECT COUNT(*) FROM v$session'))).toBeGreaterThan(0);
    await sync.close();
  });
});
