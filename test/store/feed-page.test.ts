/** Pages, cursors, documents and heads of the feed, against real rows. */
import pg from 'pg';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { EVERYTHING } from '../../src/domain/access/scope.ts';
import { keySql } from '../../src/domain/keys.ts';
import { decodeCursor, encodeCursor } from '../../src/store/feed-cursor.ts';
import { readDocuments } from '../../src/store/feed-document.ts';
import { feedEntity } from '../../src/store/feed-entity.ts';
import { readFeedHeads } from '../../src/store/feed-head.ts';
import { readFeedPage } from '../../src/store/feed-page.ts';
import { ensureMirror } from '../../src/store/mirror-ddl.ts';
import { feedMirror, feedPlan, pullAll, pullPage, reader, TO_SOURCE, write } from './feed-kit.ts';
import { openTestStore, type TestStore } from './load-kit.ts';

let world: TestStore;
beforeAll(async () => {
  world = await openTestStore('feed_page');
});
afterAll(() => world.drop());

test('pages hold every row once, in order, and are never short', async () => {
  const plan = feedPlan({ entity: 'items', columns: { id: 'integer', name: 'text' } });
  const entity = await feedMirror(world.store, plan);
  await write(world.store, `INSERT INTO items SELECT n, 'one ' || n FROM generate_series(1, 25) AS n`);
  await write(world.store, `INSERT INTO items SELECT n, 'two ' || n FROM generate_series(26, 40) AS n`);
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

  await write(
    world.store,
    `UPDATE items SET name = 'three', sync_xid = pg_current_xact_id() WHERE id = 3`,
    `UPDATE items SET sync_deleted_at = now(), sync_xid = pg_current_xact_id() WHERE id = 4`,
  );
  const rev = expect.stringMatching(/^1\.\d+$/);
  expect(await pullAll(world.store.pool, entity, { reader: device })).toEqual([
    { id: '3', rev, _deleted: false, name: 'three' },
    { id: '4', rev, _deleted: true },
  ]);
});

test('rows of an open transaction, and all that came after its start, are not served before it ends', async () => {
  const entity = await feedMirror(
    world.store,
    feedPlan({ entity: 'waits', columns: { id: 'integer', name: 'text' } }),
  );
  const device = reader();
  const early = await world.store.pool.connect();
  await early.query(`BEGIN; INSERT INTO waits VALUES (1, 'early')`);
  await world.store.pool.query(`INSERT INTO waits VALUES (2, 'late')`);
  expect(await pullAll(world.store.pool, entity, { reader: device })).toEqual([]);
  const before = (await readFeedHeads(world.store.pool, [entity])).get('waits');
  expect(before?.lagMs).toBeGreaterThan(0);
  await early.query('COMMIT');
  early.release();
  await write(world.store);
  expect((await pullAll(world.store.pool, entity, { reader: device })).map(({ id }) => id)).toEqual([
    '1',
    '2',
  ]);
  const after = (await readFeedHeads(world.store.pool, [entity])).get('waits');
  expect(after?.head).not.toBe(before?.head);
  expect(after?.lagMs).toBe(0);
});

test('a document says every value exactly', async () => {
  const columns = {
    id: 'bigint',
    small: 'smallint',
    amount: 'numeric(20,4)',
    ratio: 'double precision',
    ok: 'boolean',
    day: 'date',
    at: 'timestamp with time zone',
    data: 'jsonb',
    raw: 'bytea',
    tags: 'text[]',
    'odd "name': 'text',
    nothing: 'text',
  };
  const plan = feedPlan({ entity: 'exact', columns });
  const entity = await feedMirror(world.store, plan);
  await write(
    world.store,
    `INSERT INTO exact VALUES (9007199254740993, 7, 12.3400, 'NaN', true, '2026-01-31', '2026-01-31 08:00:00.123456+00',
       '{"b": 1, "a": [null]}', '\\xff00', '{a,"b c"}', E'line\\nbreak " \\\\', NULL)`,
  );
  const [document] = await pullAll(world.store.pool, entity, { reader: reader() });
  expect(document).toEqual({
    id: '9007199254740993',
    rev: expect.any(String),
    _deleted: false,
    small: 7,
    amount: '12.3400',
    ratio: 'NaN',
    ok: true,
    day: '2026-01-31',
    at: '2026-01-31T08:00:00.123456+00:00',
    data: { b: 1, a: [null] },
    raw: '\\xff00',
    tags: '{a,"b c"}',
    'odd "name': 'line\nbreak " \\',
    nothing: null,
  });
  const hidden = reader();
  hidden.scope = { ...EVERYTHING, hidden: ['amount', 'raw'] };
  const [partial] = await pullAll(world.store.pool, entity, { reader: hidden });
  expect(Object.keys(partial ?? {})).not.toContain('amount');
  await expect(
    pullAll(world.store.pool, entity, { reader: { ...hidden, scope: EVERYTHING } }),
  ).rejects.toMatchObject({ code: 'CURSOR_EXPIRED' });
});

test('documents are found by the ids of devices and by keys, in scope only', async () => {
  const plan = feedPlan({
    entity: 'lines',
    columns: { order_id: 'integer', line: 'text', region: 'text' },
    key: ['order_id', 'line'],
    feed: { partitions: { region: 'regions' } },
    upload: TO_SOURCE,
  });
  const entity = await feedMirror(world.store, plan);
  await write(
    world.store,
    `INSERT INTO lines (order_id, line, region, sync_id) VALUES (1, 'a|b\\c', 'US', NULL), (2, '', 'US', 'made-2'), (3, 'x', 'DE', NULL)`,
  );
  const ids = [
    '1|a\\|b\\\\c',
    '2|',
    'made-2',
    '3|x',
    '4|x',
    'no key',
    "'); DROP TABLE lines; --",
    '99999999999|x',
  ];
  const us = { ...EVERYTHING, partitions: { region: ['US'] } };
  const found = await readDocuments(world.store.pool, entity, { ids, scope: us });
  expect([...found].map(([id, text]) => [id, JSON.parse(text).line])).toEqual([
    ['1|a\\|b\\\\c', 'a|b\\c'],
    ['made-2', ''],
  ]);
  expect((await readDocuments(world.store.pool, entity, { ids, scope: EVERYTHING })).size).toBe(3);
});

test('the parts of an encoded key are the same in SQL', async () => {
  const keys = [
    ['a', 'b'],
    ['|', '\\'],
    ['\\|', '\n|'],
    ['', ''],
    ['\\\\', 'x'],
  ];
  for (const parts of keys) {
    const sql = keySql(parts.map((_, i) => ({ expression: `$${i + 1}::text`, type: 'text' })));
    const { rows } = await world.store.pool.query(`SELECT syncline.key_parts(${sql}) AS parts`, parts);
    expect(rows[0]?.parts).toEqual(parts);
  }
});

test('cursors hold for their entity and store only, and for every gateway', async () => {
  const entity = await feedEntity(world.store.pool, feedPlan({ entity: 'lines', columns: {} }).spec).catch(
    () => null,
  );
  expect(entity).not.toBeNull();
  const device = reader({ region: ['US', 'CA'] });
  const plan = feedPlan({
    entity: 'lines',
    columns: { order_id: 'integer', line: 'text', region: 'text' },
    key: ['order_id', 'line'],
    feed: { partitions: { region: 'regions' } },
    upload: TO_SOURCE,
  });
  const served = await feedEntity(world.store.pool, plan.spec);
  await pullAll(world.store.pool, served, { reader: device });
  const position = device.position as NonNullable<typeof device.position>;
  const cursor = await encodeCursor(world.store.pool, { entity: 'lines', position });
  expect(cursor).toMatch(/^[A-Za-z0-9_.-]+$/);
  const other = new pg.Pool({ connectionString: world.url, max: 1 });
  expect(await decodeCursor(other, { entity: 'lines', cursor })).toEqual(position);
  await other.end();
  await world.store.pool.query('DELETE FROM syncline.feed_scope');
  const third = new pg.Pool({ connectionString: world.url, max: 1 });
  await expect(decodeCursor(third, { entity: 'lines', cursor })).rejects.toMatchObject({
    code: 'CURSOR_EXPIRED',
  });
  await third.end();
  const forged = `${Buffer.from('[1,"0"]').toString('base64url')}.${cursor.split('.')[1]}`;
  for (const bad of [forged, '', '.', cursor.slice(0, -2), `${cursor}.x`, 'x'.repeat(100_000)]) {
    await expect(decodeCursor(world.store.pool, { entity: 'lines', cursor: bad })).rejects.toMatchObject({
      code: 'CURSOR_INVALID',
    });
  }
  await expect(decodeCursor(world.store.pool, { entity: 'items', cursor })).rejects.toMatchObject({
    code: 'CURSOR_INVALID',
  });
});

test('changed fields: nothing is left out that its reader was overtaken by', async () => {
  const plan = feedPlan({
    entity: 'changed',
    columns: { id: 'integer', a: 'text', b: 'text', c: 'text' },
    upload: TO_SOURCE,
  });
  const entity = await feedMirror(world.store, plan);
  const set = (id: number, field: string, value: string): string =>
    `UPDATE changed AS m SET ${field} = '${value}', sync_xid = pg_current_xact_id(), sync_fields =
       coalesce(m.sync_fields, jsonb_build_object('*', jsonb_build_object('x', m.sync_xid::text)))
         || jsonb_build_object('${field}', jsonb_build_object('x', pg_current_xact_id()::text)) WHERE id = ${id}`;
  await write(world.store, `INSERT INTO changed VALUES (1, 'a', 'b', 'c'), (2, 'a', 'b', 'c')`);
  const device = reader({}, { fields: 'changed' });
  const rev = expect.any(String);
  expect(await pullAll(world.store.pool, entity, { reader: device })).toHaveLength(2);
  await write(world.store, set(1, 'a', 'a2'));
  expect(await pullAll(world.store.pool, entity, { reader: device })).toEqual([
    { id: '1', rev, _deleted: false, a: 'a2' },
  ]);

  // Changed below xmin, and again above it, before the reader comes to the first change.
  await write(world.store, set(1, 'b', 'b2'));
  const open = await world.store.pool.connect();
  await open.query('BEGIN; SELECT pg_current_xact_id()');
  await world.store.pool.query(`SET syncline.writer = 'on'; ${set(1, 'c', 'c2')}; RESET syncline.writer`);
  expect(await pullAll(world.store.pool, entity, { reader: device })).toEqual([]);
  await open.query('COMMIT');
  open.release();
  await write(world.store);
  expect(await pullAll(world.store.pool, entity, { reader: device })).toEqual([
    { id: '1', rev, _deleted: false, b: 'b2', c: 'c2' },
  ]);
  expect(device.held.get('1')).toMatchObject({ a: 'a2', b: 'b2', c: 'c2' });
  // Touched: a version of its own, and nothing changed.
  await write(world.store, 'UPDATE changed SET sync_xid = pg_current_xact_id() WHERE id = 1');
  expect(await pullAll(world.store.pool, entity, { reader: device })).toEqual([
    { id: '1', rev, _deleted: false },
  ]);
});

test('a filter is of declared columns, by values that they can hold, and stays with its cursor', async () => {
  const plan = feedPlan({
    entity: 'filtered',
    columns: { id: 'integer', kind: 'integer', name: 'text' },
    feed: { filter: ['kind'] },
  });
  const entity = await feedMirror(world.store, plan);
  await write(world.store, `INSERT INTO filtered VALUES (1, 1, 'a'), (2, 2, 'b'), (3, NULL, 'c')`);
  const device = reader({}, { filter: { kind: '1' } });
  expect((await pullAll(world.store.pool, entity, { reader: device })).map(({ id }) => id)).toEqual(['1']);
  await write(
    world.store,
    `UPDATE filtered SET kind = 3 - kind, sync_xid = pg_current_xact_id() WHERE id IN (1, 2)`,
  );
  const moved = await pullAll(world.store.pool, entity, { reader: device });
  expect(moved.map(({ id, _deleted }) => [id, _deleted])).toEqual([
    ['1', true],
    ['2', false],
  ]);
  const nulls = reader({}, { filter: { kind: null } });
  expect((await pullAll(world.store.pool, entity, { reader: nulls })).map(({ id }) => id)).toEqual(['3']);

  const ask = (filter: Record<string, string>, position = device.position) =>
    readFeedPage(world.store.pool, entity, {
      position,
      scope: EVERYTHING,
      limit: 1,
      filter,
      fields: 'all',
      device: null,
    });
  await expect(ask({ kind: '2' })).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  await expect(ask({ name: 'a' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
  await expect(ask({ kind: 'one' })).rejects.toMatchObject({ code: 'REQUEST_INVALID' });
});

test('entities of one mirror are each served their own rows', async () => {
  const shared = { schema: 'public', table: 'parted', shared: true };
  const columns = { id: 'integer', name: 'text' };
  const east = feedPlan({ entity: 'east', source: 'east', columns, mirror: shared });
  const west = feedPlan({ entity: 'west', source: 'west', columns, mirror: shared });
  const served = await feedMirror(world.store, east);
  await feedMirror(world.store, west);
  await write(
    world.store,
    `INSERT INTO parted (id, name, sync_source) SELECT n, s, s FROM generate_series(1, 5) AS n, unnest(ARRAY['east', 'west']) AS s`,
  );
  const came = await pullAll(world.store.pool, served, { reader: reader(), limit: 2 });
  expect(came.map(({ id, name }) => [id, name])).toEqual(['1', '2', '3', '4', '5'].map((id) => [id, 'east']));
});

test('an entity is not served before its first run, nor before its mirror keeps what leaves its partitions', async () => {
  const early = feedPlan({ entity: 'early', columns: { id: 'integer', region: 'text' } });
  await ensureMirror(world.store.pool, early, { onDrift: 'apply' });
  await expect(feedEntity(world.store.pool, early.spec)).rejects.toMatchObject({ code: 'ENTITY_NOT_READY' });
  await feedMirror(world.store, early);
  const gained = feedPlan({
    entity: 'early',
    columns: { id: 'integer', region: 'text' },
    feed: { partitions: { region: 'r' } },
  });
  await expect(feedEntity(world.store.pool, gained.spec)).rejects.toMatchObject({ code: 'ENTITY_NOT_READY' });
  await feedMirror(world.store, gained);
  const triggers = async (): Promise<number> => {
    const { rows } = await world.store.pool.query(
      `SELECT count(*) AS n FROM pg_trigger WHERE tgrelid = 'early'::regclass AND tgname LIKE 'sync_exit_%'`,
    );
    return rows[0].n;
  };
  expect(await triggers()).toBe(1);
  await ensureMirror(world.store.pool, early, { onDrift: 'apply' });
  expect(await triggers()).toBe(0);
  const clash = feedPlan({ entity: 'clash', columns: { id: 'integer', rev: 'text' } });
  await expect(feedMirror(world.store, clash)).rejects.toMatchObject({ code: 'SCHEMA_CHANGED' });
});
