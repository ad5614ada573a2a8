/** C7: tombstones end, and whoever has not heard of them by then fetches all again, once. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { cleanUpFeed } from '../../src/store/feed-clean-up.ts';
import type { FeedEntity } from '../../src/store/feed-entity.ts';
import { feedMirror, feedPlan, pullAll, pullPage, reader, write } from './feed-kit.ts';
import { all, openTestStore, startRun, type TestStore } from './load-kit.ts';

const DAY_MS = 86_400_000;
const plan = feedPlan({
  entity: 'orders',
  columns: { id: 'integer', name: 'text', region: 'text' },
  feed: { partitions: { region: 'regions' } },
});

let world: TestStore;
let entity: FeedEntity;
beforeAll(async () => {
  world = await openTestStore('feed_clean_up');
  entity = await feedMirror(world.store, plan);
  await write(
    world.store,
    `INSERT INTO orders SELECT n, 'order ' || n, 'US' FROM generate_series(1, 20) AS n`,
  );
});
afterAll(() => world.drop());

const bury = (ids: string, age = '0 days'): Promise<void> =>
  write(
    world.store,
    `UPDATE orders SET sync_deleted_at = clock_timestamp() - interval '${age}', sync_xid = pg_current_xact_id() WHERE id IN (${ids})`,
  );
const cleanUp = (days: number, mode: 'remove' | 'count' = 'remove') =>
  cleanUpFeed(world.store, [entity.spec], { keptMs: days * DAY_MS, mode });
const rowsLeft = async (): Promise<number> =>
  (await all<{ n: number }>(world.store, 'SELECT count(*) AS n FROM orders'))[0]?.n ?? 0;

test('only what is old enough goes; counting removes nothing', async () => {
  const reading = reader();
  const half = await pullPage(world.store.pool, entity, { reader: reading, limit: 5 });
  expect(half.hasMore).toBe(true);
  const early = reader();
  await pullAll(world.store.pool, entity, { reader: early });

  await bury('1, 2, 20', '40 days');
  await bury('3', '10 days');
  await write(world.store, `UPDATE orders SET region = 'DE', sync_xid = pg_current_xact_id() WHERE id = 4`);
  await write(world.store, `UPDATE syncline.feed_exit SET at = at - interval '40 days'`);
  const current = reader();
  await pullAll(world.store.pool, entity, { reader: current });

  expect(await cleanUp(30, 'count')).toEqual([{ entity: 'orders', tombstones: 3, exits: 1 }]);
  expect(await rowsLeft()).toBe(20);
  expect(await cleanUp(30)).toEqual([{ entity: 'orders', tombstones: 3, exits: 1 }]);
  expect(await rowsLeft()).toBe(17);
  expect(await cleanUp(30)).toEqual([{ entity: 'orders', tombstones: 0, exits: 0 }]);

  // Who has heard of them goes on; who has not, before the clean-up or in the middle of its first pull, begins anew.
  expect(await pullAll(world.store.pool, entity, { reader: current })).toEqual([]);
  for (const device of [early, reading]) {
    await expect(pullAll(world.store.pool, entity, { reader: device })).rejects.toMatchObject({
      code: 'CURSOR_EXPIRED',
    });
  }
});

test('a first pull begins below the floor, and is not sent away again', async () => {
  const device = reader();
  await pullPage(world.store.pool, entity, { reader: device, limit: 2 });
  const came = await pullAll(world.store.pool, entity, { reader: device, limit: 2 });
  expect(device.held.size).toBe(16);
  expect(came.some(({ id, _deleted }) => id === '3' && _deleted)).toBe(true);
});

test('an open transaction keeps what it deleted, and a run what it may have read', async () => {
  await bury('5, 6');
  const open = await world.store.pool.connect();
  await open.query('BEGIN; SELECT pg_current_xact_id()');
  await world.store.pool.query(
    `UPDATE orders SET sync_deleted_at = clock_timestamp(), sync_xid = pg_current_xact_id() WHERE id = 7`,
  );
  const [before] = await cleanUp(0, 'count');
  expect(before?.tombstones).toBe(3);
  await open.query('COMMIT');
  open.release();
  await write(world.store);

  const run = await startRun(world.store, plan);
  await world.store.pool.query(
    `UPDATE syncline.sync_run SET started_at = clock_timestamp() - interval '1 hour' WHERE id = $1`,
    [run.ref.runId],
  );
  expect(await cleanUp(0)).toEqual([{ entity: 'orders', tombstones: 1, exits: 0 }]);
  await world.store.pool.query(`UPDATE syncline.sync_run SET status = 'SUCCESS' WHERE id = $1`, [
    run.ref.runId,
  ]);
  expect(await cleanUp(0)).toEqual([{ entity: 'orders', tombstones: 3, exits: 0 }]);
});

test('a tombstone that was touched yesterday does not raise the floor to yesterday', async () => {
  await world.store.pool.query(
    `UPDATE syncline.feed_clock SET at = at - interval '31 days' WHERE xid = (SELECT max(xid) FROM syncline.feed_clock)`,
  );
  await bury('8', '40 days');
  expect(await cleanUp(30)).toEqual([{ entity: 'orders', tombstones: 0, exits: 0 }]);
  await world.store.pool.query(`UPDATE syncline.feed_clock SET at = at - interval '31 days'`);
  expect(await cleanUp(30)).toEqual([{ entity: 'orders', tombstones: 1, exits: 0 }]);
});
