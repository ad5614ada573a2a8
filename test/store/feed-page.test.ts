import { afterAll, beforeAll, expect, test } from 'vitest';
import { EVERYTHING } from '../../src/domain/access/scope.ts';
import { isSyncError } from '../../src/domain/errors.ts';
import { decodeCursor, encodeCursor } from '../../src/store/feed-cursor.ts';
import { readDocuments } from '../../src/store/feed-document.ts';
import { feedEntity } from '../../src/store/feed-entity.ts';
import { readFeedHeads } from '../../src/store/feed-head.ts';
import { feedMirror, feedPlan, pullAll, pullPage, reader, write } from './feed-kit.ts';
import { openTestStore, type TestStore } from './load-kit.ts';

let world: TestStore;
beforeAll(async () => {
  world = await openTestStore('feed_page');
});
afterAll(() => world.drop());

test('pages hold every row once, in order, and are never short', async () => {
  const entity = await feedMirror(
    world.store,
    feedPlan({ entity: 'items', columns: { id: 'integer', name: 'text' } }),
  );
  await write(
    world.store,
    `INSERT INTO items (id, name) SELECT n, 'one ' || n FROM generate_series(1, 25) AS n`,
  );
  await write(
    world.store,
    `INSERT INTO items (id, name) SELECT n, 'two ' || n FROM generate_series(26, 40) AS n`,
  );
  const device = reader();
  const sizes: number[] = [];
  const ids: string[] = [];
  for (;;) {
    const page = await pullPage(world.store.pool, entity, { reader: device, limit: 7 });
    sizes.push(page.documents.length);
    ids.push(...page.documents.map(({ id }) => id));
    if (!page.hasMore) break;
  }
  expect(sizes).toEqual([7, 7, 7, 7, 7, 5]);
  expect(ids).toEqual(Array.from({ length: 40 }, (_, i) => String(i + 1)));
  expect(await pullAll(world.store.pool, entity, { reader: device })).toEqual([]);
});
