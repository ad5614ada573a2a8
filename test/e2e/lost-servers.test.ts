/** Databases that go away in the middle of a run: the store crashes and comes back, the source's connections hang. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import { followRun, startRun } from '../../src/client.ts';
import { type OwnCluster, ownCluster, sourceServer } from '../support/servers.ts';
import { startProxy, type Proxy as TcpProxy } from '../support/tcp-proxy.ts';
import { chunksDone, doneChunks, pacedLoads } from './pace.ts';
import { compareSales, salesPipeline, salesTable } from './sales.ts';
import { createWorld, eventually, type World } from './world.ts';

const ROWS = 4_000;
const CHUNKS = 40;
/** Slow enough that there is a middle to meet, 2 lanes at a time. */
const PACE_MS = 150;
let store: OwnCluster;
let proxy: TcpProxy;
let world: World;

beforeAll(async () => {
  [store, proxy] = await Promise.all([ownCluster(), sourceServer().then(startProxy)]);
  world = await createWorld('lost', {
    source: salesTable(ROWS),
    pipelines: salesPipeline('lost', { chunkRows: ROWS / CHUNKS }),
    storeServer: store,
    sourceUrl: (url) => Object.assign(new URL(url), { port: proxy.port }).href,
  });
  await pacedLoads(world, PACE_MS);
  await world.startWorker();
});

afterAll(async () => {
  await world.close();
  await Promise.all([proxy.close(), store.remove()]);
});

it('gets through a crash of the store', { timeout: 90_000 }, async () => {
  const run = await startRun(world.client, world.config, { pipeline: 'lost', mode: 'full' });
  await chunksDone(world, 4, run.runId);
  await store.stopImmediate();
  await store.start();
  expect(await doneChunks(world.store.pool, run.runId)).toBeLessThan(CHUNKS);
  const summary = await followRun(world.client, run);

  expect(summary).toMatchObject({ status: 'SUCCESS', counts: { fetched: ROWS, inserted: ROWS } });
  expect(await compareSales(world)).toEqual({ lost: 0, different: 0, mirrorRows: ROWS });
});

it('notices within 10 s that the source hangs, and goes on when it is back', {
  timeout: 90_000,
}, async () => {
  await world.source.query('UPDATE sales SET amount = amount + 1');
  const run = await startRun(world.client, world.config, { pipeline: 'lost', mode: 'full' });
  await chunksDone(world, 4, run.runId);
  const stalledAt = performance.now();
  proxy.stall();
  const failure = await eventually(lastFailure, 'the source’s failure is counted');
  const noticedAfterMs = performance.now() - stalledAt;
  proxy.resume();
  const summary = await followRun(world.client, run);

  expect(noticedAfterMs).toBeLessThan(10_000);
  expect(failure).toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  expect(summary).toMatchObject({ status: 'SUCCESS', counts: { fetched: ROWS, updated: ROWS } });
  expect(await compareSales(world)).toEqual({ lost: 0, different: 0, mirrorRows: ROWS });
});

async function lastFailure(): Promise<{ code: string } | null> {
  const { rows } = await world.store.pool.query<{ error: { code: string } | null }>(
    'SELECT last_error AS error FROM syncline.source_state WHERE failures > 0',
  );
  return rows[0]?.error ?? null;
}
