import { connect } from 'node:net';
import pg from 'pg';
import { afterAll, describe, expect, test } from 'vitest';
import { freshDatabase, ownCluster, sourceServer, storeServer } from '../support/servers.ts';
import { startProxy } from '../support/tcp-proxy.ts';

const closing: (() => Promise<unknown>)[] = [];
afterAll(async () => {
  for (const close of closing.reverse()) await close();
});

async function query(url: string, sql: string): Promise<unknown> {
  const client = new pg.Client({ connectionString: url });
  client.on('error', () => {});
  await client.connect();
  try {
    const { rows } = await client.query({ text: sql, rowMode: 'array' });
    return rows[0]?.[0];
  } finally {
    await client.end();
  }
}

describe('the shared servers', () => {
  test('store and source are two PostgreSQL 18', async () => {
    const [store, source] = await Promise.all([storeServer(), sourceServer()]);
    expect(store.port).not.toBe(source.port);
    expect(await query(store.url('postgres'), 'SHOW server_version_num')).toMatch(/^18/);
    expect((await storeServer()).port).toBe(store.port);
  });

  test('sort text as people do, so that a forgotten COLLATE "C" is seen', async () => {
    const store = await storeServer();
    expect(await query(store.url('postgres'), `SELECT 'a' < 'B'`)).toBe(true);
  });

  test('a fresh database is empty and can be dropped while in use', async () => {
    const store = await storeServer();
    const database = await freshDatabase(store, 'Some thing');
    const client = new pg.Client({ connectionString: database.url });
    client.on('error', () => {});
    await client.connect();
    await database.drop();
    await expect(query(database.url, 'SELECT 1')).rejects.toThrow(/does not exist/);
    await client.end().catch(() => {});
  });
});

test('a cluster of another encoding survives an immediate stop', async () => {
  const cluster = await ownCluster({ encoding: 'LATIN1', settings: { max_connections: '20' } });
  closing.push(() => cluster.remove());
  const url = cluster.url('postgres');
  expect(await query(url, 'SHOW server_encoding')).toBe('LATIN1');
  expect(await query(url, 'SHOW max_connections')).toBe('20');
  await query(url, 'CREATE TABLE kept AS SELECT 7 AS n');
  await cluster.stopImmediate();
  await expect(query(url, 'SELECT 1')).rejects.toThrow(/ECONNREFUSED/);
  await cluster.start();
  expect(await query(url, 'SELECT n FROM kept')).toBe(7);
  expect(await cluster.log()).toContain('was not properly shut down');
});

describe('the proxy', () => {
  test('stalls one connection and lets the others through', async () => {
    const store = await storeServer();
    const proxy = await startProxy(store);
    closing.push(proxy.close);
    const through = new URL(store.url('postgres'));
    through.port = String(proxy.port);
    const [stalled, living] = [1, 2].map(() => new pg.Client({ connectionString: through.href }));
    if (!stalled || !living) throw new Error('two clients');
    for (const client of [stalled, living]) client.on('error', () => {});
    await stalled.connect();
    await living.connect();
    expect(proxy.connections()).toBe(2);
    proxy.stallConnection(0);
    let isAnswered = false;
    const answer = stalled.query('SELECT 1').then(() => {
      isAnswered = true;
    });
    for (let n = 0; n < 20; n += 1) await living.query('SELECT 1');
    expect(isAnswered).toBe(false);
    proxy.resume();
    await answer;
    proxy.dropAll();
    await expect(living.query('SELECT 1')).rejects.toThrow();
  });

  test('a connection made while all are stalled gets no byte', async () => {
    const store = await storeServer();
    const proxy = await startProxy(store);
    closing.push(proxy.close);
    proxy.stall();
    const socket = connect(proxy.port, '127.0.0.1');
    let bytes = 0;
    socket.on('data', (part) => {
      bytes += part.length;
    });
    // SSLRequest: PostgreSQL answers with one byte.
    socket.write(Buffer.from([0, 0, 0, 8, 4, 210, 22, 47]));
    await query(store.url('postgres'), 'SELECT pg_sleep(0.2)');
    expect(bytes).toBe(0);
    proxy.resume();
    await new Promise((resolve) => socket.once('data', resolve));
    expect(bytes).toBe(1);
    socket.destroy();
  });
});
