import oracledb from 'oracledb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorOf, password, startTestbed, type Testbed } from './end-to-end-support.ts';

let testbed: Testbed;
let connection: oracledb.Connection;

beforeAll(async () => {
  testbed = await startTestbed();
  connection = await testbed.connect();
  const statements = [
    'CREATE TABLE dept (id NUMBER(4) CONSTRAINT dept_pk PRIMARY KEY, name VARCHAR2(10) CONSTRAINT dept_uk UNIQUE)',
    `CREATE TABLE emp (id NUMBER(4) CONSTRAINT emp_pk PRIMARY KEY, name VARCHAR2(10) NOT NULL, pay NUMBER(7,2)
      CONSTRAINT emp_pay CHECK (pay >= 0), dept_id NUMBER(4) CONSTRAINT emp_dept REFERENCES dept (id), hired DATE)`,
    `INSERT INTO dept VALUES (1, 'one')`,
    `INSERT INTO emp VALUES (1, 'first', 10, 1, SYSDATE)`,
    'CREATE SEQUENCE few START WITH 1 MAXVALUE 2 NOCACHE',
    'CREATE VIEW some_emp AS SELECT id, name FROM emp WHERE id < 10',
  ];
  for (const statement of statements) await connection.execute(statement);
  for (const _ of [1, 2]) await connection.execute('SELECT few.NEXTVAL FROM dual');
  await connection.commit();
  await testbed.simulator.createUser({ name: 'GUEST', password });
  await testbed.simulator.createUser({ name: 'NOBODY', password, grants: [] });
  await connection.execute('GRANT SELECT ON emp TO guest');
});
afterAll(() => testbed?.stop());

/** Statement, and what it ends with. */
const failing: readonly (readonly [string, string])[] = [
  [`INSERT INTO dept VALUES (1, 'x')`, 'ORA-00001: unique constraint (HR.DEPT_PK) violated'],
  [`INSERT INTO dept VALUES (2, 'one')`, 'ORA-00001: unique constraint (HR.DEPT_UK) violated'],
  [`INSERT INTO emp (id) VALUES (2)`, 'ORA-01400: cannot insert NULL into ("HR"."EMP"."NAME")'],
  [`INSERT INTO emp (id, name) VALUES (2, '')`, 'ORA-01400: cannot insert NULL into ("HR"."EMP"."NAME")'],
  [`UPDATE emp SET name = NULL`, 'ORA-01407: cannot update ("HR"."EMP"."NAME") to NULL'],
  [`UPDATE emp SET pay = -1`, 'ORA-02290: check constraint (HR.EMP_PAY) violated'],
  [
    `UPDATE emp SET dept_id = 9`,
    'ORA-02291: integrity constraint (HR.EMP_DEPT) violated - parent key not found',
  ],
  [`DELETE FROM dept`, 'ORA-02292: integrity constraint (HR.EMP_DEPT) violated - child record found'],
  [`UPDATE emp SET pay = 123456`, 'ORA-01438: value larger than specified precision allowed for this column'],
  [
    `UPDATE emp SET name = 'longer than ten'`,
    'ORA-12899: value too large for column "HR"."EMP"."NAME" (actual: 15, maximum: 10)',
  ],
  [`SELECT nothing FROM emp`, 'ORA-00904: "NOTHING": invalid identifier'],
  [`SELECT e.nothing FROM emp e`, 'ORA-00904: "E"."NOTHING": invalid identifier'],
  [`SELECT x.id FROM emp e`, 'ORA-00904: "X"."ID": invalid identifier'],
  [`SELECT NO_SUCH_FUNCTION(id) FROM emp`, 'ORA-00904: "NO_SUCH_FUNCTION": invalid identifier'],
  [`SELECT id FROM emp, dept`, 'ORA-00918: column ambiguously defined'],
  [`SELECT * FROM no_such_table`, 'ORA-00942: table or view does not exist'],
  [`DELETE FROM nobody.table_of_nobody`, 'ORA-00942: table or view does not exist'],
  [`SELECT id, COUNT(*) FROM emp`, 'ORA-00937: not a single-group group function'],
  [`SELECT id, name FROM emp GROUP BY dept_id`, 'ORA-00979: not a GROUP BY expression'],
  [`SELECT id FROM emp WHERE COUNT(*) > 1`, 'ORA-00934: group function is not allowed here'],
  [`SELECT 1 / 0 FROM dual`, 'ORA-01476: divisor is equal to zero'],
  [`SELECT TO_NUMBER('x') FROM dual`, 'ORA-01722: invalid number'],
  [`SELECT id FROM emp WHERE id = 'x'`, 'ORA-01722: invalid number'],
  [`SELECT TO_DATE('2024-13-01', 'YYYY-MM-DD') FROM dual`, 'ORA-01843: not a valid month'],
  [`SELECT TO_DATE('2024-02-30', 'YYYY-MM-DD') FROM dual`, 'ORA-01839: date not valid for month specified'],
  [`SELECT id FROM emp WHERE hired = 1`, 'ORA-00932: inconsistent datatypes: expected DATE got NUMBER'],
  [`SELECT id FROM emp WHERE ROWID = 'nonsense'`, 'ORA-01410: invalid ROWID'],
  [
    `SELECT (SELECT id FROM dept UNION ALL SELECT 2 FROM dual) FROM dual`,
    'ORA-01427: single-row subquery returns more than one row',
  ],
  [
    `SELECT few.NEXTVAL FROM dual`,
    'ORA-08004: sequence FEW.NEXTVAL exceeds MAXVALUE and cannot be instantiated',
  ],
  [`SELECT no_such.NEXTVAL FROM dual`, 'ORA-02289: sequence does not exist'],
  [`CREATE TABLE emp (id NUMBER)`, 'ORA-00955: name is already used by an existing object'],
  [`DROP SEQUENCE no_such`, 'ORA-02289: sequence does not exist'],
  [`DROP INDEX no_such`, 'ORA-01418: specified index does not exist'],
  [`SELEC 1`, 'ORA-00900: invalid SQL statement'],
  [`SELECT 1 FROM`, 'ORA-00903: invalid table name'],
  [`BEGIN no_such_procedure(1); END;`, 'ORA-06550: line 1, column 7:'],
  [`BEGIN RAISE_APPLICATION_ERROR(-20123, 'Not today'); END;`, 'ORA-20123: Not today'],
  [`ALTER SESSION SET no_such_setting = 1`, 'ORA-02248: invalid option for ALTER SESSION'],
  [`ALTER SESSION SET CURRENT_SCHEMA = no_such`, 'ORA-01435: user does not exist'],
  [`CREATE USER x IDENTIFIED BY y`, 'ORA-01031: insufficient privileges'],
];

describe('errors', () => {
  test.each(failing)('%s', async (sql, expected) => {
    expect(await errorOf(connection.execute(sql))).toBe(expected);
    await connection.rollback();
  });

  test('have the offset of what is wrong', async () => {
    const error = await connection
      .execute('SELECT id, nothing FROM emp')
      .catch((failure: unknown) => failure);
    expect(error).toMatchObject({ errorNum: 904, offset: 11 });
  });

  test('what was granted is allowed, what was granted otherwise is 1031, what was not is not there', async () => {
    const guest = await testbed.connect('GUEST');
    expect((await guest.execute('SELECT id FROM hr.emp')).rows).toEqual([[1]]);
    expect(await errorOf(guest.execute('DELETE FROM hr.emp'))).toBe('ORA-01031: insufficient privileges');
    expect(await errorOf(guest.execute('SELECT id FROM hr.dept'))).toBe(
      'ORA-00942: table or view does not exist',
    );
    expect(await errorOf(guest.execute('SELECT * FROM v$session'))).toBe(
      'ORA-00942: table or view does not exist',
    );
    expect(await errorOf(guest.execute('SELECT id FROM emp'))).toBe(
      'ORA-00942: table or view does not exist',
    );
    await guest.execute('ALTER SESSION SET CURRENT_SCHEMA = hr');
    expect((await guest.execute('SELECT id FROM emp')).rows).toEqual([[1]]);
    await guest.close();
  });

  test('of the logon', async () => {
    const { connectString, sql } = testbed.simulator;
    const logon = (user: string, word: string) =>
      errorOf(oracledb.getConnection({ user, password: word, connectString }));
    expect(await logon('HR', 'wrong')).toMatch(/^ORA-01017/);
    expect(await logon('UNKNOWN', 'x')).toMatch(/^ORA-01017/);
    expect(await logon('NOBODY', password)).toMatch(/^ORA-01045/);
    await sql('SYS', 'ALTER USER guest ACCOUNT LOCK');
    expect(await logon('GUEST', password)).toMatch(/^ORA-28000/);
    await sql('SYS', 'ALTER USER guest ACCOUNT UNLOCK IDENTIFIED BY "other"');
    expect(await logon('GUEST', password)).toMatch(/^ORA-01017/);
    await (await oracledb.getConnection({ user: 'GUEST', password: 'other', connectString })).close();
  });
});
