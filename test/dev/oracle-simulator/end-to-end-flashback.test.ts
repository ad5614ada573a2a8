import type oracledb from 'oracledb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OwnCluster, ownCluster } from '../../support/servers.ts';
import { errorOf, oneOf, password, rowsOf, startTestbed, type Testbed } from './end-to-end-support.ts';

/** Of its own: what others commit on the server is a new number, too. */
let cluster: OwnCluster;
let testbed: Testbed;
let connection: oracledb.Connection;

beforeAll(async () => {
  cluster = await ownCluster({ collation: 'C', settings: { autovacuum: 'off' } });
  testbed = await startTestbed({ maxSnapshots: 5 }, cluster);
  connection = await testbed.connect();
  await connection.execute('CREATE TABLE t (id NUMBER(9) PRIMARY KEY, n NUMBER(9))');
  await connection.execute('INSERT INTO t SELECT LEVEL, 0 FROM dual CONNECT BY LEVEL <= 5000');
  await connection.commit();
});
afterAll(async () => {
  await testbed?.stop();
  await cluster?.remove();
});

const scn = async () => Number(await oneOf(connection, 'SELECT current_scn FROM v$database'));
const sumAt = (at: number) => oneOf(connection, 'SELECT SUM(n) FROM t AS OF SCN :1', [at]);

async function change(n: number): Promise<void> {
  await connection.execute('UPDATE t SET n = :1 WHERE id = 1', [n], { autoCommit: true });
}

describe('AS OF SCN', () => {
  test('numbers grow with commits and stay the same without', async () => {
    const first = await scn();
    expect(await scn()).toBe(first);
    await connection.execute('UPDATE t SET n = 1 WHERE id = 1');
    const during = await scn();
    await connection.commit();
    const after = await scn();
    expect(during).toBeGreaterThanOrEqual(first);
    expect(after).toBeGreaterThan(during);
    expect(await scn()).toBe(after);
  });

  test('DBMS_FLASHBACK tells them to whom EXECUTE on it was granted', async () => {
    const ask = 'SELECT DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER FROM dual';
    const denied = 'ORA-00904: "DBMS_FLASHBACK"."GET_SYSTEM_CHANGE_NUMBER": invalid identifier';
    expect(await errorOf(oneOf(connection, ask))).toContain(denied);
    await testbed.simulator.sql('SYS', 'GRANT EXECUTE ON SYS.DBMS_FLASHBACK TO HR');
    expect(Number(await oneOf(connection, ask))).toBe(await scn());
    await testbed.simulator.sql('SYS', 'REVOKE EXECUTE ON DBMS_FLASHBACK FROM HR');
    expect(await errorOf(oneOf(connection, ask))).toContain(denied);
    await testbed.simulator.createUser({ name: 'CHIEF', password, grants: ['DBA'] });
    expect((await testbed.simulator.sql('CHIEF', ask)).rows).toHaveLength(1);
    expect((await testbed.simulator.sql('SYS', ask)).rows).toHaveLength(1);
  });

  test('sessions that come and go, and what they say of themselves, are no reason for a new number', async () => {
    const first = await scn();
    const other = await testbed.connect();
    other.module = 'something';
    await oneOf(other, 'SELECT 1 FROM dual');
    await oneOf(other, 'SELECT COUNT(*) FROM v$sql');
    await other.close();
    expect(await scn()).toBe(first);
  });

  test('reads what was committed then, by bind and by literal, joined and in parts', async () => {
    await change(10);
    const ten = await scn();
    await change(20);
    const twenty = await scn();
    await change(30);
    expect([await sumAt(ten), await sumAt(twenty), await oneOf(connection, 'SELECT SUM(n) FROM t')]).toEqual([
      '10',
      '20',
      '30',
    ]);
    expect(await oneOf(connection, `SELECT n FROM t AS OF SCN ${ten} WHERE id = 1`)).toBe('10');
    expect(
      await rowsOf(
        connection,
        'SELECT a.n, b.n FROM t AS OF SCN :s a JOIN t AS OF SCN :s b ON a.id = b.id WHERE a.id = 1',
        { s: ten },
      ),
    ).toEqual([['10', '10']]);
  });

  test('sees nothing of what this session has not committed, and leaves its transaction alone', async () => {
    await change(1);
    const at = await scn();
    await connection.execute('UPDATE t SET n = 5 WHERE id = 1');
    expect(await sumAt(at)).toBe('1');
    expect(await oneOf(connection, 'SELECT n FROM t WHERE id = 1')).toBe('5');
    expect(connection.transactionInProgress).toBe(true);
    await connection.rollback();
  });

  test('goes on over commits while the rows are fetched, also several at once', async () => {
    await change(7);
    const at = await scn();
    const open = async () =>
      (
        await connection.execute<number[]>('SELECT id, n FROM t AS OF SCN :1 ORDER BY id', [at], {
          resultSet: true,
        })
      ).resultSet as oracledb.ResultSet<number[]>;
    const [one, two] = [await open(), await open()];
    expect(await one.getRows(2)).toEqual([
      [1, 7],
      [2, 0],
    ]);
    await connection.execute('DELETE FROM t WHERE id > 4000');
    await connection.commit();
    expect(await two.getRows(1)).toEqual([[1, 7]]);
    expect(await one.getRows(10_000)).toHaveLength(4_998);
    expect(await two.getRows(10_000)).toHaveLength(4_999);
    await one.close();
    await two.close();
    expect(await oneOf(connection, 'SELECT COUNT(*) FROM t')).toBe('4000');
  });

  test('a change that begins before and is committed after the number is not in it', async () => {
    const other = await testbed.connect();
    await other.execute('UPDATE t SET n = 1000 WHERE id = 2');
    const at = await scn();
    await other.commit();
    expect(await oneOf(connection, 'SELECT n FROM t AS OF SCN :1 WHERE id = 2', [at])).toBe('0');
    expect(await oneOf(connection, 'SELECT n FROM t AS OF SCN :1 WHERE id = 2', [await scn()])).toBe('1000');
    await other.close();
  });

  test('a moment', async () => {
    await change(40);
    await scn();
    const moment = await oneOf(
      connection,
      `SELECT TO_CHAR(SYSTIMESTAMP, 'YYYY-MM-DD HH24:MI:SS.FF6 TZH:TZM') FROM dual`,
    );
    expect(await scn()).toBeGreaterThan(0);
    await change(50);
    const at = `TO_TIMESTAMP_TZ(:1, 'YYYY-MM-DD HH24:MI:SS.FF6 TZH:TZM')`;
    expect(
      await oneOf(connection, `SELECT n FROM t AS OF TIMESTAMP ${at} WHERE id = 1`, [moment as string]),
    ).toBe('40');
    expect(
      await errorOf(connection.execute(`SELECT n FROM t AS OF TIMESTAMP SYSTIMESTAMP - INTERVAL '1' DAY`)),
    ).toMatch(/^ORA-01555/);
  });

  test('a number that was never given, or is no longer held, is refused', async () => {
    const first = await scn();
    expect(await errorOf(sumAt(first + 10_000_000))).toBe(
      'ORA-08181: specified number is not a valid system change number',
    );
    expect(await errorOf(sumAt(1))).toMatch(/^ORA-01555: snapshot too old/);
    for (let round = 0; round < 6; round++) {
      await change(100 + round);
      await scn();
    }
    expect(await errorOf(sumAt(first))).toMatch(/^ORA-01555: snapshot too old/);
    expect(await errorOf(connection.execute('SELECT n FROM t AS OF SCN NULL'))).toMatch(/^ORA-08181/);
  });

  test('needs the privilege on tables of others', async () => {
    await testbed.simulator.createUser({ name: 'READER', password });
    await connection.execute('GRANT SELECT ON t TO reader');
    const reader = await testbed.connect('READER');
    const at = await scn();
    const read = () => reader.execute('SELECT COUNT(*) FROM hr.t AS OF SCN :1', [at]);
    expect(await errorOf(read())).toBe('ORA-01031: insufficient privileges');
    await connection.execute('GRANT FLASHBACK ON t TO reader');
    expect((await reader.execute('SELECT COUNT(*) FROM hr.t AS OF SCN :1', [await scn()])).rows).toEqual([
      [4000],
    ]);
    await reader.close();
  });

  test('writes cannot read the past', async () => {
    expect(await errorOf(connection.execute('INSERT INTO t SELECT * FROM t AS OF SCN 1'))).toMatch(
      /^ORA-00439/,
    );
  });
});
