import oracledb from 'oracledb';
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type { Faults } from '../../../dev/oracle-simulator/faults.ts';
import { errorOf, oneOf, password, startTestbed, type Testbed } from './end-to-end-support.ts';

let testbed: Testbed;
let faults: Faults;
let connection: oracledb.Connection;
/** Its session is not touched by what happens to the other one. */
let observer: oracledb.Connection;

beforeAll(async () => {
  testbed = await startTestbed();
  faults = testbed.simulator.faults;
  observer = await testbed.connect();
  await observer.execute('CREATE TABLE t (id NUMBER(9) PRIMARY KEY, n NUMBER(9))');
  await observer.execute('INSERT INTO t SELECT LEVEL, 0 FROM dual CONNECT BY LEVEL <= 1000');
  await observer.commit();
});
afterAll(() => testbed?.stop());
beforeEach(async () => {
  connection = await testbed.connect();
});
afterEach(async () => {
  faults.clear();
  await connection.close().catch(() => undefined);
});

const logon = () =>
  oracledb.getConnection({ user: 'HR', password, connectString: testbed.simulator.connectString });
const count = (n: number) => oneOf(observer, 'SELECT COUNT(*) FROM t WHERE n = :1', [n]);

describe('faults', () => {
  test.each([
    [60, 'ORA-00060: deadlock detected while waiting for resource'],
    [54, 'ORA-00054: resource busy and acquire with NOWAIT specified or timeout expired'],
  ])('ORA-%i in place of a statement, once', async (number, message) => {
    faults.add({ when: { at: 'execute', sql: /^UPDATE/ }, fault: { do: 'error', number } });
    expect(await errorOf(connection.execute('UPDATE t SET n = 1 WHERE id = 1'))).toBe(message);
    expect((await connection.execute('UPDATE t SET n = 1 WHERE id = 1')).rowsAffected).toBe(1);
    await connection.rollback();
  });

  test('ORA-01555 after so many rows', async () => {
    faults.add({
      when: { at: 'fetch', sql: /FROM t/, afterRows: 500 },
      fault: { do: 'error', number: 1555 },
    });
    const results = (
      await connection.execute('SELECT id FROM t', [], { resultSet: true, fetchArraySize: 100 })
    ).resultSet as oracledb.ResultSet<unknown>;
    let rows = 0;
    const read = async (): Promise<void> => {
      for (;;) {
        const page = await results.getRows(100);
        rows += page.length;
        if (page.length === 0) return;
      }
    };
    expect(await errorOf(read())).toMatch(/^ORA-01555: snapshot too old/);
    expect(rows).toBeGreaterThanOrEqual(500);
    expect(rows).toBeLessThan(1_000);
    expect(await oneOf(connection, 'SELECT COUNT(*) FROM t')).toBe('1000');
  });

  test('a lost connection in the middle of a transaction takes it back', async () => {
    await connection.execute('UPDATE t SET n = 2 WHERE id <= 2');
    faults.add({ when: { at: 'execute', sql: /id = 3/ }, fault: { do: 'disconnect' } });
    expect(await errorOf(connection.execute('UPDATE t SET n = 2 WHERE id = 3'))).toMatch(
      /NJS-50[0-9]|ORA-03113/,
    );
    expect(connection.isHealthy()).toBe(false);
    // The row is free again when the session is gone.
    await observer.execute('SELECT id FROM t WHERE id = 1 FOR UPDATE');
    await observer.rollback();
    expect(await count(2)).toBe('0');
  });

  test('ORA-03113 closes the connection as the driver sees it', async () => {
    faults.add({ when: { at: 'execute', sql: /FROM t/ }, fault: { do: 'error', number: 3113 } });
    expect(await errorOf(connection.execute('SELECT id FROM t'))).toMatch(/^(ORA-03113|NJS-50)/);
  });

  test('the connection dies between COMMIT and its answer: the commit took effect', async () => {
    await connection.execute('UPDATE t SET n = 3 WHERE id = 3');
    faults.add({ when: { at: 'committed' }, fault: { do: 'disconnect' } });
    expect(await errorOf(connection.commit())).toMatch(/NJS-50[0-9]/);
    expect(await count(3)).toBe('1');
  });

  test('the connection dies before COMMIT: nothing stays', async () => {
    await connection.execute('UPDATE t SET n = 4 WHERE id = 4');
    faults.add({ when: { at: 'commit' }, fault: { do: 'disconnect' } });
    expect(await errorOf(connection.commit())).toMatch(/NJS-50[0-9]/);
    await observer.execute('SELECT id FROM t WHERE id = 4 FOR UPDATE');
    await observer.rollback();
    expect(await count(4)).toBe('0');
  });

  test('a COMMIT that takes effect long after the client is gone', async () => {
    await connection.execute('UPDATE t SET n = 5 WHERE id = 5');
    faults.add({ when: { at: 'commit' }, fault: { do: 'disconnect', lateMs: 400 } });
    const startedAt = performance.now();
    expect(await errorOf(connection.commit())).toMatch(/NJS-50[0-9]/);
    expect(await count(5)).toBe('0');
    await observer.execute('SELECT id FROM t WHERE id = 5 FOR UPDATE');
    expect(performance.now() - startedAt).toBeGreaterThan(380);
    await observer.rollback();
    expect(await count(5)).toBe('1');
  });

  test('a slow answer is an answer', async () => {
    faults.add({ when: { at: 'execute', sql: /dual/ }, fault: { do: 'delay', ms: 300 } });
    const startedAt = performance.now();
    expect(await oneOf(connection, 'SELECT 1 FROM dual')).toBe('1');
    expect(performance.now() - startedAt).toBeGreaterThan(290);
  });

  test('a socket that says nothing, until faults are cleared', async () => {
    faults.add({ when: { at: 'execute', sql: /dual/ }, fault: { do: 'stall' } });
    const struck = faults.struck();
    let answered = false;
    const work = oneOf(connection, 'SELECT 1 FROM dual').then((value) => {
      answered = true;
      return value;
    });
    expect(await struck).toMatchObject({ at: 'execute', user: 'HR', sql: 'SELECT 1 FROM dual' });
    // Others are served meanwhile.
    for (let round = 0; round < 20; round++)
      expect(await oneOf(observer, 'SELECT 2 FROM t WHERE id = 1')).toBe('2');
    expect(answered).toBe(false);
    faults.clear();
    expect(await work).toBe('1');
  });

  test('at the logon: ORA-12514, ORA-28000, and a delay', async () => {
    faults.add({ when: { at: 'connect' }, fault: { do: 'error', number: 12514 } });
    expect(await errorOf(logon())).toMatch(/ORA-12514|NJS-518/);
    faults.add({ when: { at: 'logon', user: 'HR' }, fault: { do: 'error', number: 28000 } });
    expect(await errorOf(logon())).toMatch(/^ORA-28000/);
    await (await logon()).close();
  });

  test('an unknown service', async () => {
    const connectString = testbed.simulator.connectString.replace('FREEPDB1', 'NOWHERE');
    expect(await errorOf(oracledb.getConnection({ user: 'HR', password, connectString }))).toMatch(
      /ORA-12514|NJS-518/,
    );
  });

  test('a session that is killed hears ORA-00028, and its work is undone', async () => {
    await connection.execute('UPDATE t SET n = 6 WHERE id = 6');
    const sid = Number(await oneOf(connection, `SELECT SYS_CONTEXT('USERENV', 'SID') FROM dual`));
    await testbed.simulator.killSession(sid);
    expect(await errorOf(connection.execute('SELECT 1 FROM dual'))).toMatch(/ORA-00028|NJS-50/);
    await observer.execute('SELECT id FROM t WHERE id = 6 FOR UPDATE NOWAIT');
    await observer.rollback();
    expect(await count(6)).toBe('0');
    await expect(testbed.simulator.killSession(sid)).rejects.toMatchObject({ number: 30 });
  });

  test('ping fails when it is told to', async () => {
    faults.add({ when: { at: 'ping' }, fault: { do: 'error', number: 3113 } });
    expect(await errorOf(connection.ping())).toMatch(/ORA-03113|NJS-50/);
  });
});

describe('twenty sessions', () => {
  test('write, read, fail and commit side by side', async () => {
    const sessions = await Promise.all(Array.from({ length: 20 }, () => testbed.connect()));
    await observer.execute(
      'CREATE TABLE counted (session_id NUMBER(5), n NUMBER(5), PRIMARY KEY (session_id, n))',
    );
    const work = async (session: oracledb.Connection, id: number): Promise<void> => {
      for (let n = 0; n < 15; n++) {
        await session.execute('INSERT INTO counted VALUES (:1, :2)', [id, n]);
        expect(await errorOf(session.execute('INSERT INTO counted VALUES (:1, :2)', [id, n]))).toMatch(
          /^ORA-00001/,
        );
        expect(await oneOf(session, 'SELECT COUNT(*) FROM counted WHERE session_id = :1', [id])).toBe(
          String(n + 1),
        );
        await session.execute('UPDATE t SET n = n + 1 WHERE id = 1000');
        await session.commit();
      }
    };
    await Promise.all(sessions.map(work));
    expect(await oneOf(observer, 'SELECT COUNT(*) FROM counted')).toBe('300');
    expect(await oneOf(observer, 'SELECT n FROM t WHERE id = 1000')).toBe('300');
    await Promise.all(sessions.map((session) => session.close()));
  });

  test('a pool hands them out again', async () => {
    const pool = await oracledb.createPool({
      user: 'HR',
      password,
      connectString: testbed.simulator.connectString,
      poolMin: 2,
      poolMax: 5,
    });
    const results = await Promise.all(
      Array.from({ length: 40 }, async (_, index) => {
        const session = await pool.getConnection();
        try {
          await session.execute('UPDATE t SET n = -1 WHERE id = :1', [index + 1]);
          return await oneOf(session, 'SELECT :1 FROM dual', [index]);
        } finally {
          await session.close();
        }
      }),
    );
    expect(results).toEqual(Array.from({ length: 40 }, (_, index) => String(index)));
    await pool.close(0);
    // What was not committed was rolled back when a connection was given back.
    expect(await count(-1)).toBe('0');
  });
});
