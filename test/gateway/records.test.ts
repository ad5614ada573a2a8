/** Records as they are now: by key, page by page, from the source; and the feed as WatermelonDB takes it. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openReadings, readWithin } from '../../src/gateway/device/feed-reading.ts';
import { readTables, type Tables } from '../../src/gateway/device/watermelon-tables.ts';
import { startTestGateway } from './kit.ts';
import { createPullWorld, type Document, ITEMS, type PullWorld } from './pull-kit.ts';

let shop: PullWorld;

beforeAll(async () => {
  shop = await createPullWorld('gateway_records', { as: 'reader' });
});
afterAll(async () => {
  await shop?.close();
});

const get = <T = Document>(path: string, options: { token?: string; etag?: string } = {}) =>
  shop.call<T>(`/v1/entities/${path}`, {
    ...(options.token !== undefined && { token: options.token }),
    ...(options.etag !== undefined && { headers: { 'if-none-match': options.etag } }),
  });

test('gives one record, with its version as ETag', async () => {
  const { body, headers } = await get('item/3');
  expect(body).toMatchObject({ id: '3', name: 'item 3', price: '3.30' });
  expect(body).not.toHaveProperty('secret');
  expect(headers.get('etag')).toBe(`"${body.rev}"`);
  expect(headers.get('syncline-server-hlc')).not.toBeNull();
  expect((await get('item/3', { etag: headers.get('etag') ?? '' })).status).toBe(304);
  const line = await get(`line/${encodeURIComponent('A\\|4|4')}`);
  expect(line.body).toMatchObject({ order_no: 'A|4', pos: 4 });
  for (const path of ['item/999', 'item/x', 'item/3%204', 'hidden/1', 'nothing/1', 'line/A']) {
    expect(await get(path), path).toMatchObject({ status: 404, body: { code: 'NOT_FOUND' } });
  }
  const people = await shop.login({ user: 'olga', roles: ['operator'] });
  expect((await get('item/3', { token: people })).status).toBe(200);
});

test('shows no record of another partition, from nowhere', async () => {
  const { body } = await get<{ items: Document[] }>('part?limit=100');
  const seen = new Set(body.items.map(({ id }) => id));
  expect(body.items.every(({ region }) => region === 'EU')).toBe(true);
  const other = Array.from({ length: ITEMS }, (_, i) => String(i + 1)).find((id) => !seen.has(id));
  expect((await get(`part/${other}`)).status).toBe(404);
  expect((await get(`part/${other}?from=source`)).status).toBe(404);
  expect((await get(`part/${other}?from=both`)).status).toBe(404);
});

async function pages(query: string): Promise<{ ids: string[]; sizes: number[] }> {
  const ids: string[] = [];
  const sizes: number[] = [];
  for (let after: string | null = null; ; ) {
    const path: string = `item?${query}${after === null ? '' : `&after=${after}`}`;
    const { body, status } = await get<{ items: Document[]; next: string | null }>(path);
    if (status !== 200) throw new Error(JSON.stringify(body));
    ids.push(...body.items.map(({ id }) => id));
    sizes.push(body.items.length);
    after = body.next;
    if (after === null) return { ids, sizes };
  }
}

test('lists records by key or by a declared column, filtered, each once', async () => {
  const numbers = Array.from({ length: ITEMS }, (_, i) => String(i + 1));
  expect(await pages('limit=10')).toEqual({ ids: numbers, sizes: [10, 10, 5] });
  expect((await pages('limit=25')).sizes).toEqual([25]);
  expect((await pages('sort=-qty&limit=8')).ids).toEqual([...numbers].reverse());
  const { ids } = await pages('sort=region&limit=4');
  expect([...ids].sort()).toEqual([...numbers].sort());
  const eu = await pages('filter[region]=EU&sort=-id&limit=5');
  expect(eu.ids).toEqual([...eu.ids].sort((a, b) => Number(b) - Number(a)));
  expect(eu.ids.length).toBeGreaterThan(10);
  expect(eu.ids.length).toBeLessThan(ITEMS);

  const { headers } = await get('item?limit=3');
  expect((await get('item?limit=3', { etag: headers.get('etag') ?? '' })).status).toBe(304);
  for (const query of [
    'sort=name',
    'sort=secret',
    'filter[name]=x',
    'filter[qty]=x',
    'after=zzz',
    `after=${Buffer.from('["a","b"]').toString('base64url')}&sort=qty`,
    `after=${Buffer.from('[null,"b|c"]').toString('base64url')}`,
    'limit=101',
    'offset=3',
  ]) {
    expect(await get(`item?${query}`), query).toMatchObject({
      status: 400,
      body: { code: 'REQUEST_INVALID' },
    });
  }
});

test('puts rows without a value last, whichever way they are sorted', async () => {
  await shop.world.source.query(`UPDATE item SET qty = NULL, changed_at = now() WHERE id IN (4, 9)`);
  await shop.run('incremental');
  for (const sort of ['qty', '-qty']) {
    const { ids } = await pages(`sort=${sort}&limit=6`);
    expect(ids.slice(-2), sort).toEqual(['4', '9']);
    expect(new Set(ids).size, sort).toBe(ITEMS);
  }
});

type Both = {
  readonly mirror: Document | null;
  readonly source: Document | null;
  readonly differing: string[];
};

test('reads a record from its source, and mirrors it', async () => {
  const { source } = shop.world;
  await source.query(`UPDATE item SET price = 99.5, name = 'newest' WHERE id = 11`);
  expect((await get('item/11')).body).toMatchObject({ name: 'item 11' });
  const both = await get<Both>('item/11?from=both');
  expect(both.body).toMatchObject({
    mirror: { name: 'item 11', price: '12.10' },
    source: { name: 'newest', price: '99.50' },
  });
  expect(both.body.differing.sort()).toEqual(['name', 'price']);
  expect((await get('item/11')).body).toMatchObject({ name: 'newest', price: '99.50' });

  await source.query(`INSERT INTO line (order_no, pos, text) VALUES ('B', 1, 'new')`);
  expect((await get('line/B%7C1')).status).toBe(404);
  const fresh = await get('line/B%7C1?from=source');
  expect(fresh).toMatchObject({ status: 200, body: { text: 'new' } });
  expect(fresh.headers.get('etag')).toBe(`"${fresh.body.rev}"`);
  await source.query(`DELETE FROM line WHERE order_no = 'B'`);
  const gone = await get<Both>('line/B%7C1?from=both');
  expect(gone.body).toMatchObject({ mirror: { text: 'new' }, source: null });
  expect((await get('line/B%7C1')).status).toBe(404);
  expect((await get('line/not-a-key?from=source')).status).toBe(404);
  // No key of their types either.
  expect((await get('item/no-number?from=source')).status).toBe(404);
  expect((await get('item/99999999999999999999?from=both')).status).toBe(404);
  const { rows } = await shop.world.store.pool.query('SELECT FROM syncline.record_read');
  expect(rows).toEqual([]);
});

type Pulled = {
  readonly changes: Readonly<
    Record<string, { readonly created: []; readonly updated: Document[]; readonly deleted: string[] }>
  >;
  readonly timestamp: number;
  readonly hasMore: boolean;
  readonly experimentalStrategy?: { readonly override: Readonly<Record<string, string>> };
};

const watermelon = (query: string) => shop.call<Pulled>(`/v1/watermelon/pull?${query}`);

test('gives WatermelonDB all tables, then what changed since its time stamp', async () => {
  const first = await watermelon('last_pulled_at=null&schema_version=1&migration=null');
  expect(Object.keys(first.body.changes)).toEqual(['item', 'line', 'part']);
  expect(first.body.changes.item?.updated).toHaveLength(ITEMS);
  expect(first.body.changes.item?.created).toEqual([]);
  const one = first.body.changes.item?.updated.find(({ id }) => id === '5');
  expect(one).toMatchObject({ name: 'item 5', data: '{"big": 12345678901234567890}' });
  expect(first.body).toMatchObject({ hasMore: false, timestamp: expect.any(Number) });
  expect(first.body).not.toHaveProperty('experimentalStrategy');

  const { source } = shop.world;
  await source.query(`UPDATE item SET name = 'melon', changed_at = now() WHERE id = 12`);
  await source.query('DELETE FROM line WHERE pos = 5');
  await shop.run('full');
  const since = first.body.timestamp;
  const second = await watermelon(`last_pulled_at=${since}&tables=item,line`);
  expect(Object.keys(second.body.changes)).toEqual(['item', 'line']);
  expect(second.body.changes.item?.updated).toMatchObject([{ id: '12', name: 'melon' }]);
  expect(second.body.changes.line?.deleted).toEqual(['A\\|5|5']);
  expect(second.body.timestamp).toBeGreaterThan(since);

  // The reply was lost: the same again. The table that was left out is still where it was.
  const again = await watermelon(`last_pulled_at=${since}`);
  expect(again.body.changes.item).toEqual(second.body.changes.item);
  expect(Object.keys(again.body.changes)).toContain('part');
  const migration = encodeURIComponent(
    JSON.stringify({ from: 1, tables: ['line'], columns: [{ table: 'part', columns: ['name'] }] }),
  );
  const migrated = await watermelon(`last_pulled_at=${again.body.timestamp}&migration=${migration}`);
  expect(migrated.body.changes.line?.updated).toHaveLength(4);
  expect(migrated.body.changes.item?.updated).toEqual([]);
  expect(migrated.body.changes.part?.updated.length).toBeGreaterThan(5);
});

test('brings more rows than fit into one reply by the next ones, each once', async () => {
  const { deps } = shop.gateway;
  const anna = {
    user: 'anna',
    device: 'd1',
    roles: ['device'],
    permissions: [],
    partitions: { regions: ['EU'] },
  };
  const readings = await openReadings(deps, anna, ['item', 'line', 'part']);
  let positions: Tables['positions'] = {};
  const ids: string[] = [];
  for (let hasMore = true; hasMore; ) {
    const found: Tables = await readWithin(deps, readings, (client) =>
      readTables(client, {
        readings,
        device: 'd1',
        positions,
        replaceAll: false,
        anew: new Set(),
        pageRows: 4,
        mostRows: 10,
      }),
    );
    expect(found.rows).toBeLessThanOrEqual(10);
    for (const { name, updated, deleted } of found.tables) {
      ids.push(
        ...updated.map((text) => `${name} ${JSON.parse(text).id}`),
        ...deleted.map((id) => `${name} gone ${id}`),
      );
    }
    positions = { ...positions, ...found.positions };
    ({ hasMore } = found);
  }
  expect(new Set(ids).size).toBe(ids.length);
  expect(ids.filter((id) => id.startsWith('item '))).toHaveLength(ITEMS);
  expect(ids.some((id) => id.startsWith('part '))).toBe(true);
});

test('sends tables whole, to be replaced, when nobody knows the time stamp or a position has expired', async () => {
  const unknown = await watermelon('last_pulled_at=12345');
  expect(unknown.body.changes.item?.updated).toHaveLength(ITEMS);
  expect(unknown.body.experimentalStrategy).toEqual({
    default: 'incremental',
    override: { item: 'replacement', line: 'replacement', part: 'replacement' },
  });
  const { pool } = shop.world.store;
  await pool.query(
    `INSERT INTO syncline.feed_floor (entity, xid) VALUES ('line', pg_current_xact_id())
     ON CONFLICT (entity) DO UPDATE SET xid = excluded.xid`,
  );
  const expired = await watermelon(`last_pulled_at=${unknown.body.timestamp}`);
  expect(expired).toMatchObject({
    status: 200,
    body: { experimentalStrategy: { default: 'incremental', override: { line: 'replacement' } } },
  });
  expect(Object.keys(expired.body.experimentalStrategy?.override ?? {})).toEqual(['line']);
  expect(expired.body.changes.line?.updated).toHaveLength(4);
  expect(expired.body.changes.item?.updated).toEqual([]);
  for (const query of ['last_pulled_at=soon', 'migration=x', 'since=3']) {
    expect(await watermelon(query), query).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
  }
  expect((await watermelon('tables=hidden')).status).toBe(404);
});

test('reads from the source are counted, and refused when they are too many', async () => {
  let last = await get('item/1?from=source');
  for (let i = 0; i < 12 && last.status === 200; i++) last = await get('item/1?from=source');
  expect(last).toMatchObject({ status: 429, body: { code: 'RATE_LIMITED' } });
  expect(Number(last.headers.get('retry-after'))).toBeGreaterThan(0);
  expect((await get('item/1')).status).toBe(200);
});

test('says so when nobody reads the source', async () => {
  await shop.worker.stop();
  const token = await shop.login({ user: 'zoe', device: 'd-zoe' });
  const settings = { ...shop.gateway.deps.settings, verdictWaitMs: 1_000 };

  const hasty = await startTestGateway(shop.world, { settings, store: shop.gateway.deps.store });
  const reply = await fetch(`${hasty.url}/v1/entities/item/2?from=source`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(reply.status).toBe(503);
  expect(await reply.json()).toMatchObject({ code: 'SOURCE_UNAVAILABLE' });
  expect(reply.headers.get('retry-after')).not.toBeNull();
  await hasty.stop();
});
