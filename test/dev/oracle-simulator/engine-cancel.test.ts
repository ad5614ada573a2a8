import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createDatabase, type SimulatorDatabase } from '../../../dev/oracle-simulator/database.ts';
import { createEngine, type SimulatorEngine } from '../../../dev/oracle-simulator/engine/engine.ts';
import { createUser } from '../../../dev/oracle-simulator/schema/users.ts';
import type { EngineSession } from '../../../dev/oracle-simulator/types.ts';
import { sourceServer } from '../../support/servers.ts';

let database: SimulatorDatabase;
let engine: SimulatorEngine;
let session: EngineSession;

beforeAll(async () => {
  const server = (await sourceServer()).url('postgres');
  database = await createDatabase(server, `engine_${randomBytes(5).toString('hex')}`);
  engine = await createEngine({ url: database.url });
  await createUser(engine.control, { name: 'HR', password: 'x' });
  session = await engine.open('HR');
});
afterAll(async () => {
  await engine?.close();
  await database?.drop();
});

function run(sql: string): Promise<string> {
  const statement = session.parse(sql);
  const work = statement.kind === 'block' ? session.block(statement, [], []) : session.other(statement);
  return work.then(
    () => 'done',
    (error: Error) => error.message,
  );
}

async function one(sql: string): Promise<unknown> {
  const query = await session.query(session.parse(sql), [], []);
  const { rows } = await query.fetch(1);
  await query.close();
  return rows[0]?.[0];
}

const cancelled = 'ORA-01013: user requested cancel of current operation';

describe('cancel', () => {
  test('at any moment hits the call at work or nothing', async () => {
    let ended = 0;
    for (let round = 0; round < 150; round++) {
      const work = run('BEGIN DBMS_SESSION.SLEEP(0.01); END;');
      await sleep(round % 15);
      const cancelling = session.cancel();
      const outcome = await work;
      expect(['done', cancelled]).toContain(outcome);
      if (outcome === cancelled) ended++;
      // The next call begins while the request may still be on its way.
      expect(await one(`SELECT ${round} FROM dual`)).toBe(String(round));
      await cancelling;
    }
    expect(ended).toBeGreaterThan(0);
  });

  test('between calls does nothing', async () => {
    await session.cancel();
    expect(await one('SELECT 1 FROM dual')).toBe('1');
  });

  test('leaves what the transaction did before', async () => {
    await session.other(session.parse('CREATE TABLE t (id NUMBER(5))'));
    const insert = session.parse('INSERT INTO t VALUES (1)');
    await session.dml(insert, [], [[]], { onError: 'stop', returning: [] });
    const work = run('BEGIN DELETE FROM t; DBMS_SESSION.SLEEP(30); END;');
    await sleep(100);
    await session.cancel();
    expect(await work).toBe(cancelled);
    expect(session.inTransaction).toBe(true);
    expect(await one('SELECT COUNT(*) FROM t')).toBe('1');
    await session.rollback();
  });

  test('of the rows of a query', async () => {
    const slow = session.query(
      session.parse(`SELECT SUM(MOD(a.n * b.n, 7)) FROM (SELECT LEVEL AS n FROM dual CONNECT BY LEVEL <= 30000) a,
        (SELECT LEVEL AS n FROM dual CONNECT BY LEVEL <= 30000) b`),
      [],
      [],
    );
    const outcome = slow.then(
      () => 'done',
      (error: Error) => error.message,
    );
    await sleep(100);
    await session.cancel();
    expect(await outcome).toBe(cancelled);
    expect(await one('SELECT 1 FROM dual')).toBe('1');
  });

  test('a session that is killed says so, and its work is undone', async () => {
    const victim = await engine.open('HR');
    await victim.dml(victim.parse('INSERT INTO t VALUES (7)'), [], [[]], { onError: 'stop', returning: [] });
    expect(await engine.kill(victim.id)).toBe(true);
    const outcome = await victim.commit().then(
      () => 'done',
      (error: Error) => error.message,
    );
    expect(outcome).toBe('ORA-00028: your session has been killed');
    expect(await one('SELECT COUNT(*) FROM t WHERE id = 7')).toBe('0');
    await victim.close();
    expect(await engine.kill(victim.id)).toBe(false);
  });

  test('closing a session that waits ends its wait', async () => {
    await session.other(session.parse('LOCK TABLE t IN EXCLUSIVE MODE'));
    const waiting = await engine.open('HR');
    const outcome = waiting
      .dml(waiting.parse('INSERT INTO t VALUES (8)'), [], [[]], { onError: 'stop', returning: [] })
      .then(
        () => 'done',
        (error: Error) => error.message,
      );
    await sleep(50);
    await waiting.close();
    expect(await outcome).toMatch(/^ORA-/);
    await session.rollback();
    expect(await one('SELECT COUNT(*) FROM t')).toBe('0');
  });
});
