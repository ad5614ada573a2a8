import type pg from 'pg';
import { describe, expect, it, type TestContext } from 'vitest';
import { classifyPgError } from '../../src/pg/errors.ts';
import { createPool } from '../../src/pg/pool.ts';
import { onSessionAlive } from '../../src/pg/silence-guard.ts';
import { sourceServer } from '../support/servers.ts';
import { startProxy } from '../support/tcp-proxy.ts';

const SLOW_QUERY_S = 12;

/** A pool of the test's own, whose sessions go through a proxy of its own. */
async function behindProxy(
  onTestFinished: TestContext['onTestFinished'],
): Promise<{ proxy: Awaited<ReturnType<typeof startProxy>>; pool: pg.Pool }> {
  const server = await sourceServer();
  const proxy = await startProxy(server);
  const url = new URL(server.url('postgres'));
  url.hostname = '127.0.0.1';
  url.port = String(proxy.port);
  const pool = createPool({ url: url.href, applicationName: 'syncline/guard', max: 2, values: 'text' });
  onTestFinished(async () => {
    proxy.resume();
    await pool.end();
    await proxy.close();
  });
  return { proxy, pool };
}

// Each waits for seconds, for itself.
describe.concurrent('silence guard (C6)', () => {
  async function failureOf(query: Promise<unknown>): Promise<{ error: unknown; afterMs: number }> {
    const startedAt = performance.now();
    const error = await query.then(
      () => null,
      (reason: unknown) => reason,
    );
    return { error, afterMs: performance.now() - startedAt };
  }

  it('gives a session up within 10 s when its bytes stop arriving, though the server is well', async ({
    onTestFinished,
  }) => {
    const { pool, proxy } = await behindProxy(onTestFinished);
    const client = await pool.connect();
    client.on('error', () => undefined);
    const index = proxy.connections() - 1;
    await client.query('SELECT 1');
    proxy.stallConnection(index);
    const { error, afterMs } = await failureOf(client.query('SELECT 2'));
    client.release(true);
    expect(classifyPgError(error)).toBe('connection');
    expect(afterMs).toBeLessThan(10_000);
    expect((await pool.query('SELECT 3 AS three')).rows).toEqual([{ three: '3' }]);
  });

  it('gives a session up within 10 s when the server is out of reach', async ({ onTestFinished }) => {
    const { pool, proxy } = await behindProxy(onTestFinished);
    const client = await pool.connect();
    client.on('error', () => undefined);
    await client.query('SELECT 1');
    proxy.stall();
    const { error, afterMs } = await failureOf(client.query('SELECT 2'));
    client.release(true);
    expect(classifyPgError(error)).toBe('connection');
    expect(afterMs).toBeLessThan(10_000);
  });

  it(`leaves a slow but living query of ${SLOW_QUERY_S} s alone, and says that it lives`, {
    timeout: 60_000,
  }, async ({ onTestFinished }) => {
    const { pool } = await behindProxy(onTestFinished);
    const client = await pool.connect();
    let alive = 0;
    onSessionAlive(client, () => alive++);
    const { rows } = await client.query(`SELECT 'done' AS state FROM pg_sleep($1)`, [SLOW_QUERY_S]);
    client.release();
    expect(rows).toEqual([{ state: 'done' }]);
    expect(alive).toBeGreaterThanOrEqual(3);
  });

  it('gives up what stays silent beyond statementMaxMs, alive or not', async () => {
    const server = await sourceServer();
    const strict = createPool({
      url: server.url('postgres'),
      applicationName: 'syncline/strict',
      max: 1,
      values: 'text',
      silenceMs: 400,
      statementMaxMs: 1_000,
    });
    const client = await strict.connect();
    client.on('error', () => undefined);
    await client.query('SET statement_timeout = 0');
    const { error, afterMs } = await failureOf(client.query('SELECT pg_sleep(20)'));
    client.release(true);
    await strict.end();
    expect(classifyPgError(error)).toBe('connection');
    expect(afterMs).toBeLessThan(5_000);
  });
});
