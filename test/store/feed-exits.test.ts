/** C13: rows leave the sight of devices, whoever moves them; and what a changed scope sends after. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EVERYTHING } from '../../src/domain/access/scope.ts';
import type { FeedEntity } from '../../src/store/feed-entity.ts';
import { loadPiece } from '../../src/store/load-piece.ts';
import {
  feedMirror,
  feedPlan,
  pullAll,
  pullPage,
  reader,
  TO_SOURCE,
  untilServed,
  write,
} from './feed-kit.ts';
import { all, jobFor, openTestStore, person, startRun, type TestStore, textPiece } from './load-kit.ts';

const plan = feedPlan({
  entity: 'visits',
  columns: { id: 'integer', region: 'text', level: 'smallint', note: 'text' },
  localColumns: [{ role: 'local', name: 'team', type: 'text', default: null }],
  feed: { partitions: { region: 'regions', team: 'teams' } },
  upload: TO_SOURCE,
});

let world: TestStore;
let entity: FeedEntity;
beforeAll(async () => {
  world = await openTestStore('feed_exits');
  entity = await feedMirror(world.store, plan);
  await write(
    world.store,
    `INSERT INTO visits (id, region, level, note, team) SELECT n, 'US', 1, 'n', 'red' FROM generate_series(1, 10) AS n`,
  );
});
afterAll(() => world.drop());

const told = (documents: readonly { id: string; _deleted: boolean }[]): [string, boolean][] =>
  documents.map(({ id, _deleted }) => [id, _deleted]);
const red = (regions: string[]) => ({ region: regions, team: ['red'] });

test('a load, a person and a tombstone move rows out of sight; two moves between pulls are one removal', async () => {
  const us = reader(red(['US']));
  const de = reader(red(['DE']));
  expect(await pullAll(world.store.pool, entity, { reader: us })).toHaveLength(10);
  expect(await pullAll(world.store.pool, entity, { reader: de })).toHaveLength(0);

  const run = await startRun(world.store, plan);
  const job = await jobFor(world.store, plan, { run });
  await loadPiece(
    world.store,
    job,
    textPiece([
      ['1', 'DE', '1', 'n'],
      ['2', 'FR', '1', 'n'],
      ['3', 'US', '1', 'changed'],
    ]),
  );
  const somebody = await person(world.url);
  await somebody.query(`UPDATE visits SET team = 'blue' WHERE id = 4`);
  await somebody.end();
  await write(world.store, `UPDATE visits SET region = 'FR', sync_xid = pg_current_xact_id() WHERE id = 1`);
  await write(world.store, `UPDATE visits SET region = 'DE', sync_xid = pg_current_xact_id() WHERE id = 1`);
  await write(
    world.store,
    `UPDATE visits SET sync_deleted_at = now(), region = 'FR', sync_xid = pg_current_xact_id() WHERE id = 5`,
  );
  await untilServed(world.store);

  const removed = told(await pullAll(world.store.pool, entity, { reader: us }));
  expect(new Map(removed)).toEqual(
    new Map([
      ['1', true],
      ['2', true],
      ['3', false],
      ['4', true],
      ['5', true],
    ]),
  );
  expect(told(await pullAll(world.store.pool, entity, { reader: de }))).toEqual([['1', false]]);
  const kept = await all(world.store, 'SELECT * FROM syncline.feed_exit LIMIT 1');
  expect(kept[0]).toMatchObject({
    entity: 'visits',
    partitions: { region: 'US', team: 'red' },
    device: null,
  });
});

test('a row that gets another id leaves under the old one; an exit of a device is for that device', async () => {
  const one = reader(red(['US']), { device: 'one' });
  const two = reader(red(['US']), { device: 'two' });
  for (const device of [one, two]) await pullAll(world.store.pool, entity, { reader: device });
  await write(
    world.store,
    `UPDATE visits SET sync_id = 'made-6', sync_xid = pg_current_xact_id() WHERE id = 6`,
    `INSERT INTO syncline.feed_exit (entity, row_id, device) VALUES ('visits', 'never-accepted', 'one')`,
  );
  expect(told(await pullAll(world.store.pool, entity, { reader: one }))).toEqual([
    ['6', true],
    ['never-accepted', true],
    ['made-6', false],
  ]);
  expect(told(await pullAll(world.store.pool, entity, { reader: two }))).toEqual([
    ['6', true],
    ['made-6', false],
  ]);
  await expect(
    pullAll(world.store.pool, entity, { reader: { ...two, position: one.position } }),
  ).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
});

test('a grant and a revocation send the difference, page by page, and no more than that', async () => {
  await write(
    world.store,
    `INSERT INTO visits (id, region, level, note, team) SELECT n, 'CA', 1, 'n', 'red' FROM generate_series(101, 120) AS n`,
  );
  const device = reader(red(['US']));
  await pullAll(world.store.pool, entity, { reader: device });
  const held = device.held.size;
  device.scope = { ...EVERYTHING, partitions: red(['US', 'CA']) };
  const first = await pullPage(world.store.pool, entity, { reader: device, limit: 15 });
  expect(first).toMatchObject({ hasMore: true });
  expect(first.documents).toHaveLength(15);
  const rest = await pullAll(world.store.pool, entity, { reader: device, limit: 15 });
  expect(told([...first.documents, ...rest])).toEqual(
    Array.from({ length: 20 }, (_, i) => [String(101 + i), false]),
  );
  expect(device.held.size).toBe(held + 20);

  device.scope = { ...EVERYTHING, partitions: red(['CA']) };
  const revoked = await pullAll(world.store.pool, entity, { reader: device, limit: 4 });
  expect(revoked.every(({ _deleted }) => _deleted)).toBe(true);
  expect(Object.keys(revoked[0] ?? {}).sort()).toEqual(['_deleted', 'id', 'rev']);
  expect(device.held.size).toBe(20);
  expect(await pullAll(world.store.pool, entity, { reader: device })).toEqual([]);

  device.scope = EVERYTHING;
  await pullAll(world.store.pool, entity, { reader: device });
  expect(device.held.size).toBe(
    (
      await all<{ n: number }>(world.store, 'SELECT count(*) AS n FROM visits WHERE sync_deleted_at IS NULL')
    )[0]?.n,
  );
  device.scope = { ...EVERYTHING, partitions: { region: ['US'], level: ['1'] } };
  await pullAll(world.store.pool, entity, { reader: device });
  device.scope = { ...EVERYTHING, partitions: red(['US']) };
  await expect(pullAll(world.store.pool, entity, { reader: device })).rejects.toMatchObject({
    code: 'CURSOR_EXPIRED',
  });
});

test('values that a column cannot hold are nobody’s', async () => {
  const odd = feedPlan({
    entity: 'odd',
    columns: { id: 'integer', level: 'smallint' },
    feed: { partitions: { level: 'levels' } },
  });
  const served = await feedMirror(world.store, odd);
  await write(world.store, 'INSERT INTO odd VALUES (1, 1), (2, 2), (3, NULL)');
  const levels = { level: ['1', 'two', '99999', "1'; --"] };
  expect(told(await pullAll(world.store.pool, served, { reader: reader(levels) }))).toEqual([['1', false]]);
  expect(await pullAll(world.store.pool, served, { reader: reader({ level: [] }) })).toEqual([]);
  // So many values that they are sorted out of all rows.
  const many = { level: Array.from({ length: 100 }, (_, i) => String(i + 1)) };
  expect(told(await pullAll(world.store.pool, served, { reader: reader(many), limit: 1 }))).toEqual([
    ['1', false],
    ['2', false],
  ]);
});
