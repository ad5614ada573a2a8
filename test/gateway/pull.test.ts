/** Devices pull: pages, what they know already, filters, fields that changed, several entities at one moment. */
import { type IncomingHttpHeaders, request } from 'node:http';
import { brotliDecompressSync, gunzipSync } from 'node:zlib';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { parseHlc } from '../../src/domain/upload/hlc.ts';
import { createPullWorld, type Document, ITEMS, type PageBody, type PullWorld } from './pull-kit.ts';

let shop: PullWorld;

beforeAll(async () => {
  shop = await createPullWorld('gateway_pull', { as: 'owner' });
});
afterAll(async () => {
  await shop?.close();
});

const pull = (query: string, headers: Record<string, string> = {}) =>
  shop.call<PageBody>(`/v1/sync/item/pull?${query}`, { headers });

async function pullAll(query: string): Promise<{ documents: Document[]; cursor: string; sizes: number[] }> {
  const documents: Document[] = [];
  const sizes: number[] = [];
  for (let cursor: string | null = null; ; ) {
    const { body } = await pull(`${query}${cursor === null ? '' : `&cursor=${cursor}`}`);
    documents.push(...body.documents);
    sizes.push(body.documents.length);
    cursor = body.checkpoint.cursor;
    if (!body.hasMore) return { documents, cursor, sizes };
  }
}

test('gives full pages until there is no more, each row once, with its values exact', async () => {
  const { documents, sizes, cursor } = await pullAll('limit=7');
  expect(sizes).toEqual([7, 7, 7, 4]);
  expect(new Set(documents.map(({ id }) => id)).size).toBe(ITEMS);
  expect(documents.find(({ id }) => id === '5')).toMatchObject({
    _deleted: false,
    name: 'item 5',
    price: '5.50',
    qty: 5,
    ratio: 1.25,
    rating: null,
  });
  const { text, body, headers } = await pull('');
  expect(text).toContain('12345678901234567890');
  expect(body.documents).toHaveLength(10);
  expect(headers.get('cache-control')).toBe('private, no-cache, max-age=7200');
  expect(headers.get('vary')).toContain('Authorization');
  expect(parseHlc(body.serverHlc)?.node).toMatch(/^w\d+$/);
  expect(headers.get('syncline-server-hlc')).toBe(body.serverHlc);
  expect((await pull(`cursor=${cursor}`)).body).toMatchObject({ documents: [], hasMore: false });
});

test('hides what the caller may not see, in documents and filters', async () => {
  const { text } = await pull('limit=100');
  expect(text).not.toContain('canary');
  expect((await pull('filter[secret]=canary 3')).body).toMatchObject({ code: 'REQUEST_INVALID' });
  const token = await shop.login({ user: 'otto', device: 'd2', permissions: ['secrets'] });
  const seen = await shop.call<PageBody>('/v1/sync/item/pull?filter[secret]=canary 3', { token });
  expect(seen.body.documents).toMatchObject([{ id: '3', secret: 'canary 3' }]);
});

test('serves nobody rows of other partitions', async () => {
  const { body } = await shop.call<PageBody>('/v1/sync/part/pull?limit=100');
  expect(body.documents.length).toBeGreaterThan(0);
  expect(body.documents.every(({ region }) => region === 'EU')).toBe(true);
  const nobody = await shop.login({ user: 'nina', device: 'd3' });
  const none = await shop.call<PageBody>('/v1/sync/part/pull', { token: nobody });
  expect(none.body).toMatchObject({ documents: [], hasMore: false });
});

test('answers 304 while the rows are those that the client has', async () => {
  const first = await pull('limit=5');
  const etag = first.headers.get('etag') as string;
  const again = await pull('limit=5', { 'if-none-match': etag });
  expect(again.status).toBe(304);
  expect(again.text).toBe('');
  expect(again.headers.get('etag')).toBe(etag);
  expect(again.headers.get('syncline-server-hlc')).not.toBeNull();
  expect((await pull('limit=6', { 'if-none-match': etag })).status).toBe(200);

  const { cursor } = await pullAll('limit=100');
  const none = await pull(`cursor=${cursor}`);
  const noneTag = none.headers.get('etag') as string;
  // Transactions move the cursor, and bring nothing.
  await shop.world.store.pool.query('SELECT pg_current_xact_id()');
  expect((await pull(`cursor=${cursor}`, { 'if-none-match': `"x", ${noneTag}` })).status).toBe(304);
});

test('packs what is worth it, as the client wants it', async () => {
  const plain = await raw('/v1/sync/item/pull?limit=100', {});
  expect(plain.headers).not.toHaveProperty('content-encoding');
  expect(plain.bytes.toString()).toContain('"hasMore":false');
  for (const [encoding, unpack] of [
    ['br', brotliDecompressSync],
    ['gzip', gunzipSync],
  ] as const) {
    const packed = await raw('/v1/sync/item/pull?limit=100', { 'accept-encoding': encoding });
    expect(packed.headers).toMatchObject({
      'content-encoding': encoding,
      vary: expect.stringMatching(/authorization.*accept-encoding/i),
    });
    // However it is packed, it is the same, and what the client has is not packed at all.
    const tags = { 'accept-encoding': encoding, 'if-none-match': plain.headers.etag ?? '' };
    const known = await raw('/v1/sync/item/pull?limit=100', tags);
    expect([known.status, known.bytes.length]).toEqual([304, 0]);
    for (const name of ['content-encoding', 'content-length', 'content-type']) {
      expect(known.headers).not.toHaveProperty(name);
    }
    expect(known.headers.vary).toMatch(/authorization/i);
    const body = JSON.parse(unpack(packed.bytes).toString()) as PageBody;
    expect(body.documents).toHaveLength(ITEMS);
  }
});

test('filters by declared columns, and says which those are', async () => {
  const eu = await pull('limit=100&filter[region]=EU');
  expect(eu.body.documents.length).toBeGreaterThan(5);
  expect(eu.body.documents.every(({ region }) => region === 'EU')).toBe(true);
  const one = await pull('filter[region]=EU&filter[qty]=4');
  expect(one.body.documents.map(({ id }) => id)).toEqual(['4']);
  for (const query of [
    'filter[price]=1',
    'filter[qty]=many',
    'filter[region]=EU&filter[region]=US',
    'filter=x',
  ]) {
    expect(await pull(query), query).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
  }
  expect((await pull('filter[price]=1')).text).toContain('region, qty');
});

test('refuses what would look like less than there is', async () => {
  expect(await pull('limit=101')).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
  expect((await pull('limit=101')).text).toContain('at most 100');
  for (const query of ['limit=0', 'limit=x', 'curser=abc', 'fields=some', 'limit=1&limit=2']) {
    expect(await pull(query), query).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
  }
  const { body } = await pull('');
  const forged = `${body.checkpoint.cursor.slice(0, -4)}AAAA`;
  expect(await pull(`cursor=${forged}`)).toMatchObject({ status: 400, body: { code: 'CURSOR_INVALID' } });
  const other = await shop.call(`/v1/sync/line/pull?cursor=${body.checkpoint.cursor}`);
  expect(other).toMatchObject({ status: 400, body: { code: 'CURSOR_INVALID' } });
  for (const entity of ['nothing', 'hidden', '__proto__']) {
    expect(await shop.call(`/v1/sync/${entity}/pull`)).toMatchObject({
      status: 404,
      body: { code: 'NOT_FOUND' },
    });
  }
  const later = await shop.call('/v1/sync/later/pull');
  expect(later).toMatchObject({ status: 503, body: { code: 'ENTITY_NOT_READY' } });
  expect(later.headers.get('syncline-server-hlc')).toMatch(/-w\d+$/);
});

test('brings what changed, deletes too, and of changed rows only the fields where the client wants it so', async () => {
  const before = await pullAll('limit=100&fields=changed');
  await shop.world.source.query(`UPDATE item SET name = 'renamed', changed_at = now() WHERE id = 7`);
  await shop.run('incremental');
  const changed = await pull(`cursor=${before.cursor}&fields=changed`);
  expect(changed.body.documents).toMatchObject([{ id: '7', _deleted: false, name: 'renamed' }]);
  expect(changed.body.documents[0]).not.toHaveProperty('price');
  const whole = await pull(`cursor=${before.cursor}`);
  expect(whole.body.documents).toMatchObject([{ id: '7', name: 'renamed', price: '7.70' }]);

  await shop.world.source.query('DELETE FROM line WHERE pos = 2');
  const lines = await shop.call<PageBody>('/v1/sync/line/pull');
  await shop.run('full');
  const { cursor } = lines.body.checkpoint;
  const gone = await shop.call<PageBody>(`/v1/sync/line/pull?cursor=${cursor}`);
  expect(gone.body.documents).toMatchObject([{ id: 'A\\|2|2', _deleted: true }]);
  expect(gone.body.documents[0]).not.toHaveProperty('text');
});

type BatchBody = {
  readonly entities: readonly (Partial<PageBody> & {
    readonly entity: string;
    readonly problem?: { readonly code: string };
  })[];
  readonly serverHlc: string;
};

test('pulls several entities in one snapshot, with one limit, and a problem of one is of that one', async () => {
  const first = await shop.call<BatchBody>('/v1/sync/pull', {
    body: {
      limit: 27,
      entities: [
        { entity: 'item' },
        { entity: 'later' },
        { entity: 'line' },
        { entity: 'part' },
        { entity: 'nothing' },
        { entity: 'line', cursor: 'bad.cursor' },
      ],
    },
  });
  const [items, later, lines, parts, nothing, bad] = first.body.entities;
  expect(items).toMatchObject({ entity: 'item', hasMore: false });
  expect(items?.documents).toHaveLength(ITEMS);
  expect(later).toMatchObject({ entity: 'later', problem: { code: 'ENTITY_NOT_READY' } });
  expect(lines).toMatchObject({ entity: 'line', hasMore: true });
  expect(lines?.documents).toHaveLength(2);
  expect(parts).toEqual({ entity: 'part', documents: [], checkpoint: { cursor: null }, hasMore: true });
  expect(nothing).toMatchObject({ problem: { code: 'NOT_FOUND' } });
  expect(bad).toMatchObject({ hasMore: true, checkpoint: { cursor: 'bad.cursor' } });
  expect(first.body.serverHlc).toBe(first.headers.get('syncline-server-hlc'));

  const cursor = lines?.checkpoint?.cursor;
  const second = await shop.call<BatchBody>('/v1/sync/pull', {
    body: {
      entities: [
        { entity: 'line', cursor: 'bad.cursor' },
        { entity: 'line', cursor },
        { entity: 'item', filter: { region: 'US' } },
      ],
    },
  });
  expect(second.body.entities[0]).toMatchObject({ problem: { code: 'CURSOR_INVALID' } });
  expect(second.body.entities[1]?.documents).toHaveLength(3);
  expect(second.body.entities[2]?.documents?.every(({ region }) => region === 'US')).toBe(true);
  const empty = await shop.call('/v1/sync/pull', { body: { entities: [] } });
  expect(empty).toMatchObject({ status: 400, body: { code: 'REQUEST_INVALID' } });
});

type SchemaBody = {
  readonly properties: Readonly<Record<string, Readonly<Record<string, unknown>>>>;
  readonly required: readonly string[];
  readonly 'x-syncline': Readonly<Record<string, unknown>>;
};

test('describes documents as the caller sees and may change them', async () => {
  const { body, headers } = await shop.call<SchemaBody>('/v1/sync/item/schema');
  expect(body.required).toEqual(['id', 'rev', '_deleted']);
  expect(Object.keys(body.properties)).not.toContain('secret');
  expect(body.properties.price).toEqual({
    type: ['string', 'null'],
    pattern: expect.any(String),
    'x-syncline': { type: 'numeric', policy: 'serverWins' },
  });
  expect(body.properties.qty).toMatchObject({
    'x-syncline': { type: 'integer', policy: 'merge', merge: { kind: 'counter' } },
  });
  expect(body.properties.region).toMatchObject({ readOnly: true });
  expect(body.properties.rating).not.toHaveProperty('readOnly');
  expect(body['x-syncline']).toMatchObject({
    key: ['id'],
    operations: ['insert', 'update'],
    policy: 'serverWins',
    filter: ['region', 'qty'],
    maxAgeSeconds: 7200,
  });
  const etag = headers.get('etag') as string;
  const again = await shop.call('/v1/sync/item/schema', { headers: { 'if-none-match': etag } });
  expect(again.status).toBe(304);
  const parts = await shop.call<SchemaBody>('/v1/sync/part/schema');
  expect(parts.body['x-syncline']).toMatchObject({ partitions: { region: 'regions' }, operations: [] });
  expect(parts.text).not.toContain('"EU"');
  const lines = await shop.call<SchemaBody>('/v1/sync/line/schema');
  expect(lines.body.required).toEqual(['id', 'rev', '_deleted', 'order_no', 'pos']);
});

test('the description of the API says how filters are written, and what streams are', async () => {
  type Api = { paths: Record<string, { get: { parameters: unknown; responses: Record<string, unknown> } }> };
  const { body } = await shop.call<Api>('/v1/openapi.json');
  expect(body.paths['/v1/sync/{entity}/pull']?.get.parameters).toContainEqual(
    expect.objectContaining({ name: 'filter', in: 'query', style: 'deepObject', explode: true }),
  );
  for (const path of ['/v1/sync/{entity}/stream', '/v1/sync/stream', '/v1/runs/{id}/events']) {
    expect(body.paths[path]?.get.responses['200'], path).toMatchObject({
      content: { 'text/event-stream': {} },
    });
  }
});

/** fetch() unpacks by itself. */
function raw(
  path: string,
  headers: Record<string, string>,
): Promise<{ status: number | undefined; headers: IncomingHttpHeaders; bytes: Buffer }> {
  return new Promise((resolve, reject) => {
    const sent = request(
      `${shop.gateway.url}${path}`,
      { headers: { authorization: `Bearer ${shop.token}`, ...headers } },
      (reply) => {
        const chunks: Buffer[] = [];
        reply.on('data', (chunk: Buffer) => chunks.push(chunk));
        reply.on('end', () =>
          resolve({ status: reply.statusCode, headers: reply.headers, bytes: Buffer.concat(chunks) }),
        );
      },
    );
    sent.on('error', reject).end();
  });
}
