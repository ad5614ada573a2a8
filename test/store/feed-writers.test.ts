import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore, type Store } from '../../src/store/open.ts';
import { countOr } from '../campaign/counts.ts';
import { feedMirror, feedPlan } from './feed-kit.ts';
import { runWriters } from './feed-writers.ts';
import { openTestStore, type TestStore } from './load-kit.ts';

let world: TestStore;
let store: Store;
beforeAll(async () => {
  world = await openTestStore('feed_writers');
  store = await openStore({ url: world.url, poolMax: 20, applicationName: 'test' });
});
afterAll(async () => {
  await store?.close();
  await world?.drop();
});

const CHANGES = countOr(5_000, 'CAMPAIGN_FEED_CHANGES');
/** Of transactions that stay open beside the others. */
const LONG_MS = countOr(0.3, 'CAMPAIGN_FEED_SECONDS') * 1_000;

test('a reader misses nothing of 16 writers, and gets nothing twice', {
  timeout: 60_000 + CHANGES * 5,
}, async () => {
  const plan = feedPlan({ entity: 'changing', columns: { id: 'integer', n: 'bigint' } });
  const entity = await feedMirror(store, plan);
  const result = await runWriters(store, entity, { writers: 16, changes: CHANGES, longMs: LONG_MS });
  expect(result).toMatchObject({ skipped: 0, doubled: 0, invented: 0 });
  expect(result.rolledBack).toBeGreaterThan(0);
  expect(result.committed + result.rolledBack).toBeGreaterThanOrEqual(CHANGES);
  expect(result.pages).toBeGreaterThan(3);
});
