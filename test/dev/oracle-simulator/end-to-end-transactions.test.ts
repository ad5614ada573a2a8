import { setTimeout as sleep } from 'node:timers/promises';
import type oracledb from 'oracledb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { errorOf, oneOf, rowsOf, startTestbed, type Testbed } from './end-to-end-support.ts';

let testbed: Testbed;
let one: oracledb.Connection;
let two: oracledb.Connection;

beforeAll(async () => {
  testbed = await startTestbed();
  [one, two] = [await testbed.connect(), await testbed.connect()];
  await one.execute('CREATE TABLE t (id NUMBER(5) PRIMARY KEY, n NUMBER(10) NOT NULL)');
});
afterAll(() => testbed?.stop());

beforeEach(async () => {
  await one.rollback();
  await two.rollback();
  await one.execute('DELETE FROM t');
  await one.executeMany('INSERT INTO t VALUES (:1, :2)', [
    [1, 10],
    [2, 20],
    [3, 30],
  ]);
  await one.commit();
});

const all = (connection: oracledb.Connection) => rowsOf(connection, 'SELECT id, n FROM t ORDER BY id');

/** Resolves when a backend of PostgreSQL waits for a lock. */
async function someoneWaits(): Promise<void> {
  for (;;) {
    const { rows } = await testbed.postgres.query(
      `SELECT FROM pg_stat_activity WHERE datname = current_database() AND wait_event_type = 'Lock'`,
    );
    if (rows.length > 0) return;
    await sleep(5);
  }
}

describe('transactions', () => {
  test('begin by themselves and are seen by others when they end', async () => {
    expect(one.transactionInProgress).toBe(false);
    await one.execute('UPDATE t SET n = 11 WHERE id = 1');
    expect(one.transactionInProgress).toBe(true);
    expect(await all(two)).toEqual([
      ['1', '10'],
      ['2', '20'],
      ['3', '30'],
    ]);
    await one.commit();
    expect(one.transactionInProgress).toBe(false);
    expect((await all(two))[0]).toEqual(['1', '11']);
    await one.execute('DELETE FROM t');
    await one.rollback();
    expect(await all(one)).toHaveLength(3);
  });

  test('a statement that changes nothing begins none', async () => {
    await one.execute('UPDATE t SET n = 0 WHERE id = 99');
    expect(one.transactionInProgress).toBe(false);
  });

  test('a statement that fails takes back itself and nothing else', async () => {
    await one.execute('UPDATE t SET n = 11 WHERE id = 1');
    await errorOf(one.execute('UPDATE t SET n = CASE id WHEN 3 THEN NULL ELSE 0 END'));
    await errorOf(one.execute('SELECT nothing FROM t'));
    await errorOf(one.execute('INSERT INTO t VALUES (1, 1)'));
    expect(one.transactionInProgress).toBe(true);
    await one.commit();
    expect(await all(two)).toEqual([
      ['1', '11'],
      ['2', '20'],
      ['3', '30'],
    ]);
  });

  test('savepoints', async () => {
    await one.execute('UPDATE t SET n = 11 WHERE id = 1');
    await one.execute('SAVEPOINT a');
    await one.execute('UPDATE t SET n = 21 WHERE id = 2');
    await one.execute('SAVEPOINT b');
    await one.execute('UPDATE t SET n = 31 WHERE id = 3');
    await one.execute('ROLLBACK TO SAVEPOINT b');
    await one.execute('UPDATE t SET n = 32 WHERE id = 3');
    await one.execute('ROLLBACK TO a');
    expect(await errorOf(one.execute('ROLLBACK TO b'))).toBe(
      `ORA-01086: savepoint 'B' never established in this session or is invalid`,
    );
    expect(await all(one)).toEqual([
      ['1', '11'],
      ['2', '20'],
      ['3', '30'],
    ]);
    await one.commit();
    expect(await errorOf(one.execute('ROLLBACK TO a'))).toMatch(/^ORA-01086/);
  });

  test('DDL commits before and after, also when it fails', async () => {
    await one.execute('UPDATE t SET n = 11 WHERE id = 1');
    expect(await errorOf(one.execute('DROP TABLE nothing'))).toBe('ORA-00942: table or view does not exist');
    expect((await all(two))[0]).toEqual(['1', '11']);
    await one.execute('UPDATE t SET n = 12 WHERE id = 1');
    await one.execute('CREATE TABLE new_one (id NUMBER(1))');
    await one.rollback();
    expect((await all(two))[0]).toEqual(['1', '12']);
    await one.execute('DROP TABLE new_one PURGE');
  });

  test('autocommit', async () => {
    await one.execute('UPDATE t SET n = 11 WHERE id = 1', [], { autoCommit: true });
    expect(one.transactionInProgress).toBe(false);
    expect((await all(two))[0]).toEqual(['1', '11']);
  });

  test('a session that ends without COMMIT leaves nothing', async () => {
    const gone = await testbed.connect();
    await gone.execute('DELETE FROM t');
    await gone.close();
    expect(await all(one)).toHaveLength(3);
  });

  test('a deferred constraint is checked by COMMIT, which then takes all back', async () => {
    await one.execute(
      'CREATE TABLE kid (id NUMBER(5), t_id NUMBER(5) CONSTRAINT kid_fk REFERENCES t (id) DEFERRABLE INITIALLY DEFERRED)',
    );
    await one.execute('INSERT INTO kid VALUES (1, 99)');
    const failure = await one.commit().then(
      () => null,
      (error: Error) => error.message,
    );
    expect(failure).toMatch(
      /^ORA-02091: transaction rolled back\nORA-02291: integrity constraint \(HR\.KID_FK\) violated/,
    );
    expect(one.transactionInProgress).toBe(false);
    expect(await oneOf(one, 'SELECT COUNT(*) FROM kid')).toBe('0');
    await one.execute('DROP TABLE kid PURGE');
  });

  test('READ ONLY: all statements see one moment, and none writes', async () => {
    await one.execute('SET TRANSACTION READ ONLY');
    await two.execute('UPDATE t SET n = 99 WHERE id = 1', [], { autoCommit: true });
    expect((await all(one))[0]).toEqual(['1', '10']);
    expect(await errorOf(one.execute('UPDATE t SET n = 0'))).toBe(
      'ORA-01456: may not perform insert, delete, update operation inside a READ ONLY transaction',
    );
    expect((await all(one))[0]).toEqual(['1', '10']);
    await one.commit();
    expect((await all(one))[0]).toEqual(['1', '99']);
  });

  test('SERIALIZABLE: a row that another changed meanwhile is not written', async () => {
    await one.execute('SET TRANSACTION ISOLATION LEVEL SERIALIZABLE');
    expect((await all(one))[0]).toEqual(['1', '10']);
    await two.execute('UPDATE t SET n = 99 WHERE id = 1', [], { autoCommit: true });
    expect((await all(one))[0]).toEqual(['1', '10']);
    expect(await errorOf(one.execute('UPDATE t SET n = 0 WHERE id = 1'))).toBe(
      `ORA-08177: can't serialize access for this transaction`,
    );
    await one.execute('UPDATE t SET n = 21 WHERE id = 2');
    expect(await errorOf(one.execute('SET TRANSACTION READ ONLY'))).toBe(
      'ORA-01453: SET TRANSACTION must be first statement of transaction',
    );
    await one.commit();
    expect(await all(two)).toEqual([
      ['1', '99'],
      ['2', '21'],
      ['3', '30'],
    ]);
  });
});

describe('locks', () => {
  test('a writer waits for another, and then sees what that one left', async () => {
    await one.execute('UPDATE t SET n = n + 1 WHERE id = 1');
    const waiting = two.execute('UPDATE t SET n = n + 1 WHERE id = 1');
    await someoneWaits();
    await one.commit();
    await waiting;
    await two.commit();
    expect((await all(one))[0]).toEqual(['1', '12']);
  });

  test('FOR UPDATE: NOWAIT, WAIT, SKIP LOCKED', async () => {
    await one.execute('SELECT * FROM t WHERE id = 1 FOR UPDATE');
    expect(one.transactionInProgress).toBe(true);
    expect(await errorOf(two.execute('SELECT * FROM t WHERE id = 1 FOR UPDATE NOWAIT'))).toBe(
      'ORA-00054: resource busy and acquire with NOWAIT specified or timeout expired',
    );
    const startedAt = performance.now();
    expect(await errorOf(two.execute('SELECT * FROM t WHERE id = 1 FOR UPDATE WAIT 1'))).toBe(
      'ORA-30006: resource busy; acquire with WAIT timeout expired',
    );
    expect(performance.now() - startedAt).toBeGreaterThan(900);
    expect(await rowsOf(two, 'SELECT id FROM t ORDER BY id FOR UPDATE SKIP LOCKED')).toEqual([['2'], ['3']]);
    await two.rollback();
    await one.rollback();
    expect(await rowsOf(two, 'SELECT id FROM t WHERE id = 1 FOR UPDATE NOWAIT')).toEqual([['1']]);
  });

  test('LOCK TABLE', async () => {
    await one.execute('LOCK TABLE t IN EXCLUSIVE MODE');
    expect(one.transactionInProgress).toBe(true);
    expect(await errorOf(two.execute('LOCK TABLE t IN SHARE MODE NOWAIT'))).toMatch(/^ORA-00054/);
    expect(await all(two)).toHaveLength(3);
    await one.commit();
    await two.execute('LOCK TABLE t IN SHARE MODE WAIT 1');
    await two.commit();
  });

  test('DDL does not wait for writers', async () => {
    await one.execute('UPDATE t SET n = 0');
    expect(await errorOf(two.execute('ALTER TABLE t ADD (other NUMBER(1))'))).toMatch(/^ORA-00054/);
  });

  test('of a deadlock one is the victim, whose statement alone is undone', async () => {
    await one.execute('UPDATE t SET n = 1 WHERE id = 1');
    await two.execute('UPDATE t SET n = 2 WHERE id = 2');
    const first = one.execute('UPDATE t SET n = 1 WHERE id = 2').then(
      () => 'done',
      (error: Error) => error.message.split('\n')[0],
    );
    await someoneWaits();
    const second = two.execute('UPDATE t SET n = 2 WHERE id = 1').then(
      () => 'done',
      (error: Error) => error.message.split('\n')[0],
    );
    const victimIsOne = await Promise.race([first.then(() => true), second.then(() => false)]);
    const [victim, other] = victimIsOne ? [one, two] : [two, one];
    expect(await (victimIsOne ? first : second)).toBe(
      'ORA-00060: deadlock detected while waiting for resource',
    );
    expect(victim.transactionInProgress).toBe(true);
    await victim.commit();
    expect(await (victimIsOne ? second : first)).toBe('done');
    await other.commit();
  });
});

describe('cancelling', () => {
  test('a break ends the statement that waits, and nothing else', async () => {
    await one.execute('UPDATE t SET n = 0 WHERE id = 1');
    await two.execute('UPDATE t SET n = 21 WHERE id = 2');
    const waiting = errorOf(two.execute('UPDATE t SET n = 0 WHERE id = 1'));
    await someoneWaits();
    await two.break();
    expect(await waiting).toBe('ORA-01013: user requested cancel of current operation');
    expect(await oneOf(two, 'SELECT n FROM t WHERE id = 2')).toBe('21');
    expect(two.transactionInProgress).toBe(true);
    await two.commit();
  });

  test('callTimeout ends a call, and the session goes on', async () => {
    await one.execute('UPDATE t SET n = 0 WHERE id = 1');
    two.callTimeout = 300;
    expect(await errorOf(two.execute('UPDATE t SET n = 0 WHERE id = 1'))).toMatch(
      /^(DPI-1067|NJS-123|ORA-01013)/,
    );
    two.callTimeout = 0;
    expect(await oneOf(two, 'SELECT n FROM t WHERE id = 2')).toBe('20');
  });
});

describe('V$TRANSACTION', () => {
  test('shows those who wrote, from then on until they end', async () => {
    const open = () => testbed.simulator.sql('SYS', 'SELECT START_DATE FROM V$TRANSACTION');
    expect((await open()).rows).toEqual([]);
    const before = await oneOf(one, `SELECT TO_CHAR(SYSDATE, 'YYYY-MM-DD HH24:MI:SS') FROM dual`);
    await rowsOf(two, 'SELECT id FROM t');
    await one.execute('UPDATE t SET n = 0 WHERE id = 1');
    const { rows } = await open();
    expect(rows).toHaveLength(1);
    expect(String(rows[0]?.[0]) >= String(before)).toBe(true);
    await one.execute('LOCK TABLE t IN ROW SHARE MODE');
    await two.execute('SELECT id FROM t WHERE id = 2 FOR UPDATE');
    expect((await open()).rows).toHaveLength(2);
    await one.commit();
    await two.rollback();
    expect((await open()).rows).toEqual([]);
  });
});
