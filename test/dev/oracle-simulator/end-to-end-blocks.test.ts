import oracledb from 'oracledb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { errorOf, oneOf, password, rowsOf, startTestbed, type Testbed } from './end-to-end-support.ts';

let testbed: Testbed;
let connection: oracledb.Connection;

const out = (type: oracledb.DbType) => ({ dir: oracledb.BIND_OUT, type, maxSize: 200 });
const number = out(oracledb.DB_TYPE_NUMBER);
const text = out(oracledb.DB_TYPE_VARCHAR);

beforeAll(async () => {
  testbed = await startTestbed();
  connection = await testbed.connect();
  await connection.execute('CREATE TABLE emp (id NUMBER(5) PRIMARY KEY, name VARCHAR2(20), pay NUMBER(9,2))');
  await connection.execute(`INSERT INTO emp VALUES (1, 'one', 100)`);
  await connection.execute(`INSERT INTO emp VALUES (2, 'two', 200)`);
  await connection.commit();
  const { installProcedure, createUser } = testbed.simulator;
  await installProcedure({
    name: 'HR.EMP_API.RAISE_SALARY',
    parameters: [
      { name: 'p_id', type: 'NUMBER' },
      { name: 'p_pay', type: 'NUMBER', mode: 'out' },
      { name: 'p_note', type: 'VARCHAR2', mode: 'in out' },
      { name: 'p_percent', type: 'NUMBER', default: '10' },
    ],
    body: `BEGIN
      IF p_percent > 100 THEN PERFORM oracle.raise_application_error(-20042, 'too much: ' || p_percent); END IF;
      UPDATE "EMP" SET "PAY" = "PAY" * (1 + p_percent / 100) WHERE "ID" = p_id RETURNING "PAY" INTO p_pay;
      p_note := upper(p_note) || '!';
    END`,
  });
  await installProcedure({
    name: 'HR.EMP_API.NAME_OF',
    parameters: [{ name: 'p_id', type: 'NUMBER' }],
    returns: 'VARCHAR2',
    body: `BEGIN RETURN (SELECT "NAME" FROM "EMP" WHERE "ID" = p_id); END`,
  });
  await installProcedure({ name: 'HR.COMMITS', body: 'BEGIN COMMIT; END' });
  await createUser({ name: 'CALLER', password });
});
afterAll(() => testbed?.stop());

describe('anonymous blocks', () => {
  test('assignments, in order, with binds in and out', async () => {
    const { outBinds } = await connection.execute(
      `BEGIN :a := :b + 1; :b := :a * 2; :t := 'x' || :a; NULL; :d := DATE '2024-05-01'; END;`,
      {
        a: number,
        b: { dir: oracledb.BIND_INOUT, val: 4, type: oracledb.DB_TYPE_NUMBER },
        t: text,
        d: out(oracledb.DB_TYPE_DATE),
      },
    );
    expect(outBinds).toMatchObject({ a: 5, b: 10, t: 'x5' });
  });

  test('SELECT INTO finds exactly one row', async () => {
    const sql = (where: string) => `BEGIN SELECT name, pay INTO :n, :p FROM emp WHERE ${where}; END;`;
    expect((await connection.execute(sql('id = 1'), { n: text, p: number })).outBinds).toEqual({
      n: 'one',
      p: 100,
    });
    expect(await errorOf(connection.execute(sql('id = 9'), { n: text, p: number }))).toBe(
      'ORA-01403: no data found',
    );
    expect(await errorOf(connection.execute(sql('id > 0'), { n: text, p: number }))).toBe(
      'ORA-01422: exact fetch returns more than requested number of rows',
    );
  });

  test('is one statement: what fails takes all of it back, and nothing before it', async () => {
    await connection.execute(`UPDATE emp SET name = 'kept' WHERE id = 2`);
    const failing = `BEGIN UPDATE emp SET name = 'lost'; INSERT INTO emp (id) VALUES (1); END;`;
    expect(await errorOf(connection.execute(failing))).toMatch(/^ORA-00001/);
    expect(await rowsOf(connection, 'SELECT name FROM emp ORDER BY id')).toEqual([['one'], ['kept']]);
    await connection.rollback();
  });

  test('DML with RETURNING, savepoints and COMMIT', async () => {
    const { outBinds } = await connection.execute(
      `BEGIN
        INSERT INTO emp (id, name, pay) VALUES (3, 'three', 300) RETURNING id, pay INTO :i, :p;
        SAVEPOINT s;
        DELETE FROM emp;
        ROLLBACK TO s;
        COMMIT;
        UPDATE emp SET pay = 0 WHERE id = 3;
      END;`,
      { i: number, p: number },
    );
    expect(outBinds).toEqual({ i: 3, p: 300 });
    expect(connection.transactionInProgress).toBe(true);
    await connection.rollback();
    expect(await rowsOf(connection, 'SELECT id, pay FROM emp ORDER BY id')).toEqual([
      ['1', '100'],
      ['2', '200'],
      ['3', '300'],
    ]);
    await connection.execute('DELETE FROM emp WHERE id = 3', [], { autoCommit: true });
  });

  test('a value that is too long for its bind', async () => {
    const short = { dir: oracledb.BIND_OUT, type: oracledb.DB_TYPE_VARCHAR, maxSize: 3 };
    expect(await errorOf(connection.execute(`BEGIN :t := 'long'; END;`, { t: short }))).toMatch(/^ORA-06502/);
  });

  test('a CLOB comes back as one', async () => {
    const { outBinds } = await connection.execute<{ c: oracledb.Lob }>(`BEGIN :c := TO_CLOB('text'); END;`, {
      c: out(oracledb.DB_TYPE_CLOB),
    });
    expect(await outBinds?.c.getData()).toBe('text');
  });

  test('executeMany runs it for each row', async () => {
    const { outBinds } = await connection.executeMany(
      `BEGIN :twice := :n * 2; END;`,
      [{ n: 1 }, { n: 2 }, { n: 3 }],
      {
        bindDefs: { n: { type: oracledb.DB_TYPE_NUMBER }, twice: number },
      },
    );
    expect(outBinds).toEqual([{ twice: 2 }, { twice: 4 }, { twice: 6 }]);
  });

  test.each([
    'BEGIN IF 1 = 1 THEN NULL; END IF; END;',
    'DECLARE x NUMBER; BEGIN NULL; END;',
    'BEGIN EXECUTE IMMEDIATE :x; END;',
  ])('what the simulator has not is refused: %s', async (sql) => {
    const failure = await connection
      .execute(sql, sql.includes(':x') ? ['x'] : [])
      .catch((error: Error) => error.message);
    expect(failure).toMatch(/^ORA-06550: line 1, column \d+:\nPL\/SQL: ORA-00439: feature not enabled/);
  });
});

describe('procedures', () => {
  const call = `BEGIN emp_api.raise_salary(:id, :pay, :note, :percent); END;`;
  const binds = (percent: number) => ({
    id: 1,
    percent,
    pay: number,
    note: { dir: oracledb.BIND_INOUT, val: 'well done', type: oracledb.DB_TYPE_VARCHAR, maxSize: 100 },
  });

  test('are called by position and by name', async () => {
    expect((await connection.execute(call, binds(50))).outBinds).toEqual({ pay: 150, note: 'WELL DONE!' });
    const named = await connection.execute(
      `BEGIN hr.emp_api.raise_salary(p_note => :note, p_id => :id, p_pay => :pay); END;`,
      {
        id: 2,
        pay: number,
        note: { dir: oracledb.BIND_INOUT, val: 'x', type: oracledb.DB_TYPE_VARCHAR, maxSize: 100 },
      },
    );
    expect(named.outBinds).toEqual({ pay: 220, note: 'X!' });
    expect(connection.transactionInProgress).toBe(true);
    await connection.rollback();
    expect(await oneOf(connection, 'SELECT SUM(pay) FROM emp')).toBe('300');
  });

  test('functions are called in expressions and by CALL', async () => {
    expect(await oneOf(connection, 'SELECT emp_api.name_of(id) FROM emp WHERE id = 2')).toBe('two');
    expect((await connection.execute('BEGIN :n := emp_api.name_of(1); END;', { n: text })).outBinds).toEqual({
      n: 'one',
    });
    expect((await connection.execute('CALL emp_api.name_of(2) INTO :n', { n: text })).outBinds).toEqual({
      n: 'two',
    });
  });

  test('raise errors of the application', async () => {
    const error = await connection.execute(call, binds(500)).catch((failure: unknown) => failure);
    expect(error).toMatchObject({
      errorNum: 20042,
      message: expect.stringMatching(/^ORA-20042: too much: 500/),
    });
    expect(connection.transactionInProgress).toBe(false);
  });

  test('with other arguments, or none of that name, do not compile', async () => {
    expect(await errorOf(connection.execute('BEGIN emp_api.raise_salary(1); END;'))).toBe(
      'ORA-06550: line 1, column 7:',
    );
    const failure = await connection
      .execute('BEGIN emp_api.nothing; END;')
      .catch((error: Error) => error.message);
    expect(failure).toMatch(/PLS-00201: identifier 'EMP_API\.NOTHING' must be declared/);
  });

  test('do not commit for those who forbid it', async () => {
    await connection.execute('ALTER SESSION DISABLE COMMIT IN PROCEDURE');
    expect(await errorOf(connection.execute('BEGIN commits; END;'))).toBe(
      'ORA-00034: cannot COMMIT in current PL/SQL session',
    );
    expect(await errorOf(connection.execute('BEGIN COMMIT; END;'))).toBe(
      'ORA-00034: cannot COMMIT in current PL/SQL session',
    );
    await connection.execute('ALTER SESSION ENABLE COMMIT IN PROCEDURE');
    await connection.execute('BEGIN COMMIT; END;');
  });

  test('need the privilege', async () => {
    const caller = await testbed.connect('CALLER');
    const others = 'BEGIN :n := hr.emp_api.name_of(1); END;';
    expect(await errorOf(caller.execute(others, { n: text }))).toMatch(/^ORA-(06550|01031|00942|00904)/);
    await connection.execute('GRANT EXECUTE ON emp_api TO caller');
    expect((await caller.execute(others, { n: text })).outBinds).toEqual({ n: 'one' });
    await caller.close();
  });

  test('DBMS_OUTPUT, DBMS_APPLICATION_INFO and DBMS_SESSION', async () => {
    await connection.execute(
      'BEGIN DBMS_OUTPUT.ENABLE(NULL); DBMS_OUTPUT.PUT(1); DBMS_OUTPUT.PUT_LINE(2); END;',
    );
    const line = `BEGIN DBMS_OUTPUT.GET_LINE(:line, :status); END;`;
    expect((await connection.execute(line, { line: text, status: number })).outBinds).toEqual({
      line: '12',
      status: 0,
    });
    expect((await connection.execute(line, { line: text, status: number })).outBinds).toEqual({
      line: null,
      status: 1,
    });
    await connection.execute(
      `BEGIN DBMS_APPLICATION_INFO.SET_MODULE('loads', 'one'); DBMS_SESSION.SET_IDENTIFIER('me'); END;`,
    );
    expect(
      await rowsOf(
        connection,
        `SELECT SYS_CONTEXT('USERENV', 'MODULE'), SYS_CONTEXT('USERENV', 'ACTION'), SYS_CONTEXT('USERENV', 'CLIENT_IDENTIFIER') FROM dual`,
      ),
    ).toEqual([['loads', 'one', 'me']]);
  });
});
