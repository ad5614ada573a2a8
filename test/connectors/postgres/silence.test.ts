import pg from 'pg';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Source } from '../../../src/connectors/contract.ts';
import { isSyncError } from '../../../src/domain/errors.ts';
import {
  type FreshDatabase,
  freshDatabase,
  type PostgresServer,
  sourceServer,
} from '../../support/servers.ts';
import { startProxy } from '../../support/tcp-proxy.ts';
import { never, openPostgres, piecesOf, planOf, rowsOf } from '../kit.ts';

const everything = { lower: null, upper: null };
const SLOW_QUERY_S = 30;

// Each waits for many seconds, for itself.
describe.concurrent('a silent source (C6)', () => {
  let server: PostgresServer;
  let database: FreshDatabase;
  let proxy: Awaited<ReturnType<typeof startProxy>>;
  let source: Source;

  beforeAll(async () => {
    server = await sourceServer();
    database = await freshDatabase(server, 'silence');
    const db = new pg.Client({ connectionString: database.url });
    await db.connect();
    await db.query(
      `CREATE TABLE wide (id int PRIMARY KEY, body text); INSERT INTO wide SELECT n, repeat('x', 10000) FROM generate_series(1, 5000) n`,
    );
    await db.end();
    proxy = await startProxy(server);
    const url = new URL(database.url);
    url.hostname = '127.0.0.1';
    url.port = String(proxy.port);
    source = openPostgres(url.href);
  });
  afterAll(async () => {
    await source.close();
    await proxy.close();
    await database.drop();
  });

  it('is noticed within 10 s in the middle of a stream, and the next read works', async () => {
    const plan = await planOf(source, { read: { kind: 'table', table: 'wide' } });
    const options = { format: 'rows', pieceBytes: 100_000, signal: never } as const;
    const stream = source.readChunk(plan, everything, options)[Symbol.asyncIterator]();
    await stream.next();
    proxy.stall();
    const startedAt = performance.now();
    let failure: unknown;
    while (failure === undefined)
      await stream.next().catch((error: unknown) => {
        failure = error;
      });
    const afterMs = performance.now() - startedAt;
    proxy.resume();
    expect(isSyncError(failure, 'SOURCE_UNAVAILABLE')).toBe(true);
    expect(afterMs).toBeLessThan(10_000);
    expect(rowsOf(await piecesOf(source.readChunk(plan, everything, options)))).toHaveLength(5_000);
  });

  it(`is left alone while it works: a query of ${SLOW_QUERY_S} s ends well, and heartbeats are owed to it`, {
    timeout: 60_000,
  }, async ({ onTestFinished }) => {
    // Not by the proxy, which stands still for a while.
    const direct = openPostgres(database.url);
    onTestFinished(() => direct.close());
    const plan = await planOf(direct, {
      read: { kind: 'sql', sql: `SELECT 1 AS id FROM pg_sleep(${SLOW_QUERY_S})` },
    });
    let progress = 0;
    let alive = 0;
    const named = direct.named({ correlationId: 'slow', onAlive: () => alive++ });
    const stream = named.readChunk(plan, everything, {
      format: 'rows',
      pieceBytes: 1,
      signal: never,
      onProgress: () => progress++,
    });
    expect(rowsOf(await piecesOf(stream))).toEqual([['1']]);
    expect(progress).toBeGreaterThanOrEqual(3);
    expect(alive).toBeGreaterThanOrEqual(3);
  });
});
