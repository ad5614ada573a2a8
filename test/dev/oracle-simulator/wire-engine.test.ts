/** The wire over the real engine: logon, cancels, kills, and what becomes of commits whose client is gone. */

import oracledb from 'oracledb';
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { type OracleSimulator, startOracleSimulator } from '../../../dev/oracle-simulator/start.ts';
import { startProxy } from '../../support/tcp-proxy.ts';
import { type SchemaDatabase, schemaDatabase } from './schema-database.ts';

const GONE = /NJS-500|NJS-503|NJS-501|NJS-003/;
let database: SchemaDatabase;
let simulator: OracleSimulator;
/** Users are the whole PostgreSQL server's. */
let user: string;
const defects: unknown[] = [];

beforeAll(async () => {
  database = await schemaDatabase('bare');
  user = database.userName('SCOTT');
  simulator = await startOracleSimulator({
    postgresUrl: database.url,
    users: [{ name: user, password: 'tiger' }],
    onDefect: (error) => defects.push(error),
  });
  await simulator.sql(user, 'CREATE TABLE t (id NUMBER PRIMARY KEY, v VARCHAR2(20))');
});

afterAll(async () => {
  expect(defects).toEqual([]);
  await simulator.stop();
  await database.close();
});

beforeEach(async () => {
  simulator.faults.clear();
  await simulator.sql(user, 'DELETE FROM t');
});

const connect = (connectString = simulator.connectString) =>
  oracledb.getConnection({ user, password: 'tiger', connectString });
const count = async () => Number((await simulator.sql(user, 'SELECT COUNT(*) FROM t')).rows[0]?.[0]);

describe('logon', () => {
  test('with the password, and not with another', async () => {
    const connection = await connect();
    expect((await connection.execute('SELECT USER FROM dual')).rows).toEqual([[user]]);
    await connection.close();
    const { connectString } = simulator;
    await expect(oracledb.getConnection({ user, password: 'lion', connectString })).rejects.toThrow(
      /ORA-01017/,
    );
  });

  test('tells V$SESSION of the client', async () => {
    const connection = await connect();
    connection.module = 'wire';
    connection.action = 'look';
    const { rows } = await connection.execute("SELECT module, action FROM v$session WHERE module = 'wire'");
    expect(rows).toEqual([['wire', 'look']]);
    await connection.close();
  });
});

describe('breaks', () => {
  test('end a statement that waits for a lock; its transaction goes on', async () => {
    await simulator.sql(user, "INSERT INTO t VALUES (1, 'a')");
    const holder = await connect();
    const waiter = await connect();
    await holder.execute("UPDATE t SET v = 'b' WHERE id = 1");
    await waiter.execute("INSERT INTO t VALUES (2, 'mine')");
    waiter.callTimeout = 200;
    await expect(waiter.execute("UPDATE t SET v = 'c' WHERE id = 1")).rejects.toThrow(/NJS-123/);
    waiter.callTimeout = 0;
    await waiter.commit();
    await holder.rollback();
    const { rows } = await waiter.execute('SELECT id, v FROM t ORDER BY id');
    expect(rows).toEqual([
      [1, 'a'],
      [2, 'mine'],
    ]);
    await Promise.all([holder.close(), waiter.close()]);
  });

  test('never hit the statement that follows', async () => {
    const connection = await connect();
    for (let round = 0; round < 30; round++) {
      const query = connection.execute('SELECT COUNT(*) FROM t').catch((error: Error) => error);
      const broken = connection.break();
      const outcome = await query;
      await broken;
      if (outcome instanceof Error) expect(outcome.message).toMatch(/ORA-01013/);
      expect((await connection.execute('SELECT 1 FROM dual')).rows).toEqual([[1]]);
    }
    await connection.close();
  });
});

describe('commits of clients that are gone', () => {
  async function insertAndLose(id: number): Promise<void> {
    const connection = await connect();
    await connection.execute("INSERT INTO t VALUES (:id, 'x')", { id });
    await expect(connection.commit()).rejects.toThrow(GONE);
  }

  test('before it: nothing stays', async () => {
    simulator.faults.add({ when: { at: 'commit' }, fault: { do: 'disconnect' } });
    await insertAndLose(1);
    const next = await connect();
    await next.execute("INSERT INTO t VALUES (1, 'next')");
    await next.rollback();
    await next.close();
    expect(await count()).toBe(0);
  });

  test('behind it: it took effect', async () => {
    simulator.faults.add({ when: { at: 'committed' }, fault: { do: 'disconnect' } });
    await insertAndLose(1);
    expect(await count()).toBe(1);
  });

  test('later: nobody sees it before, it is there afterwards, and its rows are locked in between', async () => {
    simulator.faults.add({ when: { at: 'commit' }, fault: { do: 'disconnect', lateMs: 1_500 } });
    await insertAndLose(1);
    expect(await count()).toBe(0);
    const other = await connect();
    await expect(other.execute("INSERT INTO t VALUES (1, 'other')")).rejects.toThrow(/ORA-00001/);
    await other.close();
    expect(await count()).toBe(1);
  });

  test('by commit on success too', async () => {
    simulator.faults.add({ when: { at: 'committed' }, fault: { do: 'disconnect' } });
    const connection = await connect();
    const insert = connection.execute("INSERT INTO t VALUES (5, 'x')", [], { autoCommit: true });
    await expect(insert).rejects.toThrow(GONE);
    expect(await count()).toBe(1);
  });
});

describe('the end of sessions', () => {
  test('a killed session is rolled back, its client hears so', async () => {
    const connection = await connect();
    await connection.execute("INSERT INTO t VALUES (1, 'x')");
    const { rows } = await connection.execute<[string]>("SELECT SYS_CONTEXT('USERENV', 'SID') FROM dual");
    await simulator.killSession(Number(rows?.[0]?.[0]));
    await expect(connection.execute('SELECT 1 FROM dual')).rejects.toThrow(/ORA-00028|NJS-500/);
    const next = await connect();
    await next.execute("INSERT INTO t VALUES (1, 'next')");
    await next.rollback();
    await next.close();
  });

  test('a client that vanishes while it waits for a lock leaves nothing behind', async () => {
    await simulator.sql(user, "INSERT INTO t VALUES (1, 'a')");
    const holder = await connect();
    await holder.execute("UPDATE t SET v = 'b' WHERE id = 1");
    const proxy = await startProxy({ host: '127.0.0.1', port: simulator.port });
    const lost = await connect(`127.0.0.1:${proxy.port}/FREEPDB1`);
    await lost.execute("INSERT INTO t VALUES (2, 'lost')");
    const struck = simulator.faults.struck();
    simulator.faults.add({ when: { at: 'execute', sql: /'c'/ }, fault: { do: 'delay', ms: 0 } });
    const update = expect(lost.execute("UPDATE t SET v = 'c' WHERE id = 1")).rejects.toThrow(GONE);
    await struck;
    await proxy.close();
    await update;
    // The row that it inserted is free again while the lock that it waited for is still held.
    await holder.execute("INSERT INTO t VALUES (2, 'mine')");
    await holder.rollback();
    await holder.close();
    expect((await simulator.sql(user, 'SELECT id, v FROM t')).rows).toEqual([['1', 'a']]);
  });
});
