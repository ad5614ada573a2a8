import { setTimeout as sleep } from 'node:timers/promises';
import oracledb from 'oracledb';
import { describe, expect, test } from 'vitest';
import { startProxy } from '../../support/tcp-proxy.ts';
import { type FakeServer, fakeServer, PASSWORD, rawClient, USER } from './wire-support.ts';

function connect(server: FakeServer) {
  return oracledb.getConnection({ user: USER, password: PASSWORD, connectString: server.connectString });
}

const GONE = /NJS-500|NJS-503|NJS-501|NJS-003/;

/** What the session did; that a client's leaving cancels what may be at work does not matter. */
function done({ log }: { readonly log: readonly string[] }): string[] {
  return log.slice(1).filter((entry) => entry !== 'cancel');
}

/** A client behind a proxy that can be cut. */
async function connectBehindProxy(server: FakeServer) {
  const proxy = await startProxy({ host: '127.0.0.1', port: server.listener.port });
  const connectString = `127.0.0.1:${proxy.port}/FREEPDB1`;
  const connection = await oracledb.getConnection({ user: USER, password: PASSWORD, connectString });
  return { proxy, connection };
}

describe('faults', () => {
  test('at connect: an error, a closed socket, a wait', async () => {
    await using server = await fakeServer();
    server.faults.add({ when: { at: 'connect' }, fault: { do: 'error', number: 12514 } });
    await expect(connect(server)).rejects.toThrow(/NJS-518/);
    server.faults.add({ when: { at: 'connect' }, fault: { do: 'disconnect' } });
    await expect(connect(server)).rejects.toThrow(/NJS-5\d\d/);
    server.faults.add({ when: { at: 'connect' }, fault: { do: 'delay', ms: 30 } });
    const begin = performance.now();
    const connection = await connect(server);
    expect(performance.now() - begin).toBeGreaterThanOrEqual(29);
    await connection.close();
  });

  test('at logon: an error for one user only', async () => {
    await using server = await fakeServer();
    const fault = { do: 'error', number: 28000 } as const;
    server.faults.add({ when: { at: 'logon', user: 'SOMEONE' }, fault });
    server.faults.add({ when: { at: 'logon', user: 'SCOTT' }, fault });
    await expect(connect(server)).rejects.toThrow(/ORA-28000/);
    expect(server.engine.sessions).toHaveLength(0);
    const connection = await connect(server);
    await connection.close();
  });

  test('at ping, commit and rollback: an error in place of the work', async () => {
    await using server = await fakeServer();
    const connection = await connect(server);
    server.faults.add({ when: { at: 'ping' }, fault: { do: 'error', number: 1033 } });
    server.faults.add({ when: { at: 'commit' }, fault: { do: 'error', number: 60 } });
    server.faults.add({ when: { at: 'rollback' }, fault: { do: 'error', number: 1555, text: 'too old' } });
    await expect(connection.ping()).rejects.toThrow(/ORA-01033/);
    await expect(connection.commit()).rejects.toThrow(/ORA-00060: deadlock/);
    await expect(connection.rollback()).rejects.toThrow(/ORA-01555: too old/);
    expect(server.engine.session().log).not.toContain('commit');
    expect(server.engine.session().log).not.toContain('rollback');
    await connection.commit();
    await connection.close();
  });

  test('an error that ends a session closes the connection behind it', async () => {
    await using server = await fakeServer();
    const connection = await connect(server);
    server.faults.add({ when: { at: 'ping' }, fault: { do: 'error', number: 3113 } });
    await expect(connection.ping()).rejects.toThrow(GONE);
    await server.engine.session().closed;
    await expect(connection.ping()).rejects.toThrow(GONE);
  });

  test('the connection is closed before the commit: it does not take effect', async () => {
    await using server = await fakeServer();
    const connection = await connect(server);
    server.faults.add({ when: { at: 'commit' }, fault: { do: 'disconnect' } });
    await expect(connection.commit()).rejects.toThrow(GONE);
    await server.engine.session().closed;
    expect(done(server.engine.session())).toEqual(['close']);
  });

  test('the connection is closed between the commit and its answer', async () => {
    await using server = await fakeServer();
    const connection = await connect(server);
    server.faults.add({ when: { at: 'committed' }, fault: { do: 'disconnect' } });
    await expect(connection.commit()).rejects.toThrow(GONE);
    await server.engine.session().closed;
    expect(done(server.engine.session())).toEqual(['commit…', 'commit', 'close']);
  });

  test('a commit that takes effect after its client is gone', async () => {
    await using server = await fakeServer();
    const connection = await connect(server);
    const session = server.engine.session();
    server.faults.add({ when: { at: 'commit' }, fault: { do: 'disconnect', lateMs: 80 } });
    await expect(connection.commit()).rejects.toThrow(GONE);
    expect(done(session)).toEqual([]);
    expect(server.listener.sessions()).toEqual([]);
    await session.closed;
    expect(done(session)).toEqual(['commit…', 'commit', 'close']);
  });

  test('a late commit that the end of the server overtakes rolls back', async () => {
    const server = await fakeServer();
    const connection = await connect(server);
    const session = server.engine.session();
    server.faults.add({ when: { at: 'commit' }, fault: { do: 'disconnect', lateMs: 60_000 } });
    await expect(connection.commit()).rejects.toThrow(GONE);
    await server[Symbol.asyncDispose]();
    expect(done(session)).toEqual(['close']);
  });

  test('a stalled connection says nothing, not even to a break, until the faults are cleared', async () => {
    await using server = await fakeServer();
    const connection = await connect(server);
    server.faults.add({ when: { at: 'ping' }, fault: { do: 'stall' } });
    const struck = server.faults.struck();
    let settled = false;
    const ping = connection.ping().finally(() => {
      settled = true;
    });
    const outcome = expect(ping).rejects.toThrow(/ORA-01013/);
    await struck;
    await connection.break();
    await sleep(60);
    expect(settled).toBe(false);
    server.faults.clear();
    await outcome;
    await connection.ping();
    await connection.close();
  });

  test('a stalled connection whose client leaves ends its session', async () => {
    await using server = await fakeServer();
    const { proxy, connection } = await connectBehindProxy(server);
    server.faults.add({ when: { at: 'commit' }, fault: { do: 'stall' } });
    const struck = server.faults.struck();
    const outcome = expect(connection.commit()).rejects.toThrow(GONE);
    await struck;
    await proxy.close();
    await server.engine.session().closed;
    expect(server.engine.session().log).not.toContain('commit');
    await outcome;
  });
});

describe('breaks', () => {
  test('end the call at work, and only that one', async () => {
    await using server = await fakeServer();
    const connection = await connect(server);
    const session = server.engine.session();
    session.gate = new Promise(() => undefined);
    const rollback = expect(connection.rollback()).rejects.toThrow(/ORA-01013/);
    await expect.poll(() => session.log.at(-1)).toBe('rollback…');
    await connection.break();
    await rollback;
    session.gate = Promise.resolve();
    await connection.rollback();
    expect(session.log.slice(1)).toEqual(['rollback…', 'cancel', 'rollback…', 'rollback']);
    await connection.close();
  });

  test('by callTimeout, again and again on one connection', async () => {
    await using server = await fakeServer();
    const connection = await connect(server);
    connection.callTimeout = 20;
    for (let round = 0; round < 5; round++) {
      server.faults.add({ when: { at: 'ping' }, fault: { do: 'delay', ms: 60_000 } });
      await expect(connection.ping()).rejects.toThrow(/NJS-123/);
      connection.callTimeout = 0;
      await connection.ping();
      connection.callTimeout = 20;
    }
    connection.callTimeout = 0;
    await connection.close();
  });

  test('do not cancel a commit, which is told as cancelled all the same', async () => {
    await using server = await fakeServer();
    const connection = await connect(server);
    const session = server.engine.session();
    let open: () => void = () => undefined;
    session.gate = new Promise((resolve) => {
      open = resolve;
    });
    const commit = expect(connection.commit()).rejects.toThrow(/ORA-01013/);
    await expect.poll(() => session.log.at(-1)).toBe('commit…');
    await connection.break();
    open();
    await commit;
    expect(session.log.slice(1)).toEqual(['commit…', 'commit']);
    await connection.ping();
    await connection.close();
  });
});

describe('the end of sessions', () => {
  test('a killed session: ORA-00028 for the call at work', async () => {
    await using server = await fakeServer();
    const connection = await connect(server);
    const session = server.engine.session();
    session.gate = new Promise(() => undefined);
    const rollback = expect(connection.rollback()).rejects.toThrow(/ORA-00028|NJS-500/);
    await expect.poll(() => session.log.at(-1)).toBe('rollback…');
    await server.listener.kill(session.id);
    await rollback;
    await session.closed;
    await expect(connection.ping()).rejects.toThrow(GONE);
    await expect(server.listener.kill(session.id)).rejects.toThrow(/ORA-00030/);
  });

  test('a killed session without a call: rolled back at once, ORA-00028 for the next call', async () => {
    await using server = await fakeServer();
    const connection = await connect(server);
    await server.listener.kill(server.engine.session().id);
    await server.engine.session().closed;
    await expect(connection.ping()).rejects.toThrow(/ORA-00028|NJS-500/);
  });

  test('a client that vanishes while a statement is at work', async () => {
    await using server = await fakeServer();
    const { proxy, connection } = await connectBehindProxy(server);
    const session = server.engine.session();
    session.gate = new Promise(() => undefined);
    const rollback = expect(connection.rollback()).rejects.toThrow(GONE);
    await expect.poll(() => session.log.at(-1)).toBe('rollback…');
    await proxy.close();
    await session.closed;
    expect(session.log).toContain('cancel');
    await rollback;
  });

  test('the end of the server ends all of them', async () => {
    const server = await fakeServer();
    const connections = await Promise.all([connect(server), connect(server), connect(server)]);
    expect(server.listener.sessions()).toHaveLength(3);
    await server[Symbol.asyncDispose]();
    for (const session of server.engine.sessions) expect(session.log.at(-1)).toBe('close');
    for (const connection of connections) await expect(connection.ping()).rejects.toThrow(GONE);
  });

  test('a transaction that is open when its session logs off in order is committed', async () => {
    await using server = await fakeServer();
    const connection = await connect(server);
    const session = server.engine.session();
    await connection.ping();
    session.inTransaction = true; // behind the driver's back, which would roll back
    await connection.close();
    await session.closed;
    expect(done(session)).toEqual(['commit…', 'commit', 'close']);
  });

  test('a client that does not log on is sent away', async () => {
    await using server = await fakeServer({ logonTimeoutMs: 30 });
    const client = await rawClient(server.listener.port);
    await client.closed;
    expect(client.heard()).toHaveLength(0);
  });
});
