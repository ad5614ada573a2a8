/** What operators do over HTTP: runs from start to end, sources, quarantine, devices, a row's story. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openWorkflows } from '../../src/service/temporal-view.ts';
import { createWorld, eventually, type World } from '../e2e/world.ts';
import {
  AUTH,
  gatewayEnvironment,
  openReader,
  type Reader,
  type RunningGateway,
  registered,
  startTestGateway,
} from './kit.ts';
import { type Caller, callerOf, readEvents } from './operator-kit.ts';

let world: World;
let gateway: RunningGateway;
/** Of the gateway's own login, which owns nothing. */
let reader: Reader;
let operator: Caller;
let started: { runId: string; workflowId: string };

beforeAll(async () => {
  world = await createWorld('gateway_operator', {
    source: `CREATE TABLE public.item (id bigint PRIMARY KEY, name text, price numeric, secret text,
               updated_at timestamptz NOT NULL DEFAULT now() - interval '1 hour');
             INSERT INTO public.item (id, name, price, secret)
               SELECT n, 'item ' || n, CASE WHEN n > 297 THEN -1 ELSE n END, 'canary-' || n FROM generate_series(1, 300) AS n`,
    functions: `const priced = z.object({ price: z.string().refine((price) => !price.startsWith('-'), 'is negative') });`,
    pipelines: `{ gateway_operator: { source: 'shop', schedule: { full: { cron: '0 3 * * *' } }, entities: {
      item: { read: { table: 'public.item' }, key: 'id', changedAt: 'updated_at', mirror: 'shop.item', validate: priced,
        feed: { fields: { secret: { read: 'secrets' } } } } } },
      gateway_broken: { source: 'shop', entities: {
        missing: { read: { table: 'public.nowhere' }, key: 'id', mirror: 'shop.missing' } } } },
      gateway: { auth: ${AUTH}, store: { url: env('READER_URL') } }`,
    environment: gatewayEnvironment,
  });
  reader = await openReader(world);
  gateway = await startTestGateway(world, { store: reader.store });
  operator = await callerOf(gateway, { user: 'olga', roles: ['operator'] });
});
afterAll(async () => {
  await gateway?.stop();
  await reader?.close();
  await world?.close();
});

test('sources are told of without how one connects to them', async () => {
  const { status, body } = await operator.get('/v1/sources');
  expect(status).toBe(200);
  expect(body).toEqual({
    items: [
      {
        ...{ name: 'shop', kind: 'postgres', timeZone: 'UTC', concurrency: expect.any(Number) },
        ...{
          pipelines: ['gateway_operator', 'gateway_broken'],
          breaker: 'closed',
          openUntil: null,
          failures: 0,
          lastError: null,
        },
      },
    ],
  });
  const kinds = await operator.get('/v1/source-kinds');
  expect(kinds.body).toMatchObject({
    items: [
      { kind: 'oracle' },
      {
        kind: 'postgres',
        settings: expect.arrayContaining([{ name: 'url', required: true, type: 'string' }]),
      },
    ],
  });
});

test('without a worker a test is refused, and a run waits: another one of its kind is refused with its id', async () => {
  const tested = await operator.post('/v1/sources/shop/test');
  expect(tested).toMatchObject({ status: 503, body: { code: 'TEMPORAL_UNAVAILABLE' } });

  const first = await operator.post('/v1/pipelines/gateway_operator/runs', { mode: 'full' });
  expect(first.status).toBe(202);
  started = first.body;
  expect(first.headers.get('location')).toBe(`/v1/runs/${started.runId}`);
  // At once, though Temporal's list is a second behind.
  const waiting = await operator.get(`/v1/runs/${started.runId}`);
  const second = await operator.post('/v1/pipelines/gateway_operator/runs', { mode: 'full' });
  expect(second).toMatchObject({
    status: 409,
    body: { code: 'RUN_ACTIVE', runId: started.runId, workflowId: started.workflowId },
  });
  expect(waiting).toMatchObject({
    status: 200,
    body: { status: 'WAITING', pipeline: 'gateway_operator', mode: 'full', trigger: 'http' },
  });
  // Nobody is there to hear it.
  const paused = await operator.post(`/v1/runs/${started.runId}/pause`, {});
  expect(paused).toMatchObject({ status: 503, body: { code: 'TEMPORAL_UNAVAILABLE' } });
});

test('events of a run tell its progress until it ends', async () => {
  const reading = readEvents(gateway, `/v1/runs/${started.runId}/events`, operator);
  await world.startWorker();
  const events = await reading;
  expect(events[0]).toMatchObject({ event: 'progress' });
  expect(events.at(-1)).toMatchObject({
    event: 'end',
    data: {
      ...{ runId: started.runId, status: 'SUCCESS', requestedBy: 'olga' },
      entities: [{ entity: 'item', counts: { fetched: 300, inserted: 297, quarantined: 3 } }],
    },
  });
  expect(new Set(events.map(({ id }) => id)).size).toBe(events.length);
  // Who has heard the end hears it once more, and nothing before it.
  const again = await readEvents(gateway, `/v1/runs/${started.runId}/events`, {
    token: operator.token,
    lastEventId: events.at(-1)?.id ?? '',
  });
  expect(again.map(({ event }) => event)).toEqual(['end']);
}, 180_000);

test('a run that is waited for is answered with its outcome', async () => {
  const { status, body } = await operator.post('/v1/pipelines/gateway_operator/runs?wait=60', {
    mode: 'incremental',
    entities: ['item'],
  });
  expect(status).toBe(200);
  expect(body).toMatchObject({
    runId: expect.any(String),
    summary: { status: 'SUCCESS', mode: 'incremental', entities: [{ entity: 'item', status: 'SUCCESS' }] },
  });
  const wrong = await operator.post('/v1/pipelines/gateway_operator/runs', { entities: ['itme'] });
  expect(wrong).toMatchObject({
    status: 404,
    body: { code: 'CONFIG_UNKNOWN', remedy: expect.stringContaining('item') },
  });
  const nowhere = await operator.post('/v1/pipelines/constructor/runs', {});
  expect(nowhere).toMatchObject({ status: 404, body: { code: 'CONFIG_UNKNOWN' } });
});

test('status and history tell what ran, who asked for it, and what comes next', async () => {
  expect(await operator.post('/v1/schedules/apply', { pipeline: 'gateway_operator' })).toMatchObject({
    status: 200,
    body: { changes: [{ action: 'created', scheduleId: 'sync/gateway_operator/full' }] },
  });
  const { body } = await operator.get('/v1/status');
  expect(body).toMatchObject({
    running: [],
    pipelines: [
      {
        pipeline: 'gateway_operator',
        lastRun: { mode: 'incremental', status: 'SUCCESS', trigger: 'http', requestedBy: 'olga' },
        nextRuns: { incremental: null, full: expect.stringMatching(/T03:00:00/) },
      },
      { pipeline: 'gateway_broken', lastRun: null },
    ],
    entities: [{ entity: 'item', quarantined: 3, lastRun: { status: 'SUCCESS' } }, { entity: 'missing' }],
    temporal: { answers: true },
  });
  const pipeline = await operator.get('/v1/pipelines/gateway_operator');
  expect(pipeline.body).toMatchObject({
    schedule: { incremental: null, full: { cron: '0 3 * * *' } },
    entities: [
      { entity: 'item', key: ['id'], increments: 'changedAt', feed: true, writeBack: null, needsFull: false },
    ],
  });
  const paused = await operator.post('/v1/pipelines/gateway_operator/schedules/full/pause', {
    note: 'stocktaking',
  });
  expect(paused.status).toBe(200);
  expect((await operator.get('/v1/schedules')).body).toMatchObject({
    items: expect.arrayContaining([
      expect.objectContaining({ pipeline: 'gateway_operator', paused: true, note: 'stocktaking' }),
    ]),
  });
});

test('history comes by pages, the newest first', async () => {
  type Page = { items: { runId: string; startedAt: string }[]; next: string | null };
  const first: Page = (await operator.get('/v1/runs?limit=1&pipeline=gateway_operator')).body;
  expect(first.items).toHaveLength(1);
  const second: Page = (await operator.get(`/v1/runs?limit=1&pipeline=gateway_operator&after=${first.next}`))
    .body;
  expect(second.items.map(({ runId }) => runId)).toEqual([started.runId]);
  const third: Page = (await operator.get(`/v1/runs?limit=1&pipeline=gateway_operator&after=${second.next}`))
    .body;
  expect(third).toEqual({ items: [], next: null });
  const before: Page = (
    await operator.get(`/v1/runs?pipeline=gateway_operator&before=${first.items[0]?.startedAt}`)
  ).body;
  expect(before.items.map(({ runId }) => runId)).toEqual([started.runId]);
  for (const wrong of ['after=%00', 'after=bnVsbA', 'after=WyInOyBEUk9QIiwxXQ', 'limit=0', 'limit=501']) {
    expect(await operator.get(`/v1/runs?${wrong}`)).toMatchObject({ status: 400 });
  }
});

test('a run that is over or was never there is not steered', async () => {
  expect(await operator.post(`/v1/runs/${started.runId}/cancel`, {})).toMatchObject({
    status: 404,
    body: { code: 'RUN_NOT_FOUND' },
  });
  for (const id of ['nothing', '00000000-0000-4000-8000-000000000000', "' OR 1 = 1 --"]) {
    const path = `/v1/runs/${encodeURIComponent(id)}`;
    expect(await operator.get(path)).toMatchObject({ status: 404, body: { code: 'RUN_NOT_FOUND' } });
    expect((await operator.get(`${path}/events`, { accept: 'text/event-stream' })).status).toBe(404);
  }
});

test('events tell once which entity failed, and why', async () => {
  const { status, body } = await operator.post('/v1/pipelines/gateway_broken/runs?wait=60', { mode: 'full' });
  expect(status).toBe(200);
  expect(body).toMatchObject({ summary: { status: 'FAILED', entities: [{ entity: 'missing' }] } });
  const path = `/v1/runs/${(body as { runId: string }).runId}/events`;
  const events = await readEvents(gateway, path, operator);
  expect(events).toMatchObject([
    {
      event: 'failure',
      data: { entity: 'missing', error: { code: 'SOURCE_QUERY', message: expect.any(String) } },
    },
    { event: 'end', data: { status: 'FAILED' } },
  ]);
  const known = { token: operator.token, lastEventId: events[0]?.id ?? '' };
  expect((await readEvents(gateway, path, known)).map(({ event }) => event)).toEqual(['end']);
});

type RunLine = { readonly runId: string; readonly status: string; readonly trigger: string };

test('a run is paused, resumed and cancelled; beside it no other one of the pipeline is started', async () => {
  const blocking = await world.store.pool.connect();
  try {
    // Whoever loads the mirror waits for this transaction.
    await blocking.query('BEGIN');
    await blocking.query('SET LOCAL idle_in_transaction_session_timeout = 0');
    await blocking.query('LOCK TABLE shop.item IN SHARE ROW EXCLUSIVE MODE');
    await world.source.query('UPDATE public.item SET name = $1, updated_at = now()', ['another']);
    const path = '/v1/pipelines/gateway_operator';
    expect((await operator.post(`${path}/schedules/full/trigger`, {})).status).toBe(200);
    const runId = await eventually(async () => {
      const { items } = (await operator.get('/v1/runs?limit=1')).body as { items: RunLine[] };
      return items[0]?.status === 'RUNNING' && items[0].trigger === 'schedule' && items[0].runId;
    }, 'a worker opens the run');
    const runNow = async () => (await operator.get(`/v1/runs/${runId}`)).body as Record<string, unknown>;
    // Whoever started it, another one would only wait, and an increment would do nothing.
    await eventually(
      async () => (await openWorkflows(world.client, ['gateway_operator'])).length > 0,
      'Temporal lists the run',
    );
    for (const mode of ['full', 'incremental']) {
      expect(await operator.post(`${path}/runs`, { mode })).toMatchObject({
        status: 409,
        body: { code: 'RUN_ACTIVE', runId },
      });
    }
    const steer = (act: string) => operator.post(`/v1/runs/${runId}/${act}`, { note: 'stocktaking' });
    expect(await steer('pause')).toMatchObject({ status: 200, body: { runId, status: 'PAUSED' } });
    expect(await runNow()).toMatchObject({ pausedBy: 'olga' });
    expect(await steer('resume')).toMatchObject({ status: 200, body: { status: 'RUNNING' } });
    expect(await runNow()).toMatchObject({ pausedBy: null });
    expect(await steer('cancel')).toMatchObject({ status: 200 });
    await blocking.query('ROLLBACK');
    const events = await readEvents(gateway, `/v1/runs/${runId}/events`, operator);
    expect(events.at(-1)).toMatchObject({ event: 'end', data: { status: 'CANCELLED' } });
  } finally {
    await blocking.query('ROLLBACK');
    blocking.release();
  }
});

test('a worker tests a source by name', async () => {
  const { status, body } = await operator.post('/v1/sources/shop/test');
  expect(status).toBe(200);
  expect(body).toMatchObject({
    answers: true,
    findings: expect.arrayContaining([
      expect.objectContaining({ subject: 'source shop', level: 'ok' }),
      expect.objectContaining({ subject: 'entity item', level: 'ok' }),
    ]),
  });
  expect(JSON.stringify(body)).not.toContain(new URL(world.environment.SOURCE_URL ?? '').password);
  expect(await operator.post('/v1/sources/shopp/test')).toMatchObject({
    status: 404,
    body: { code: 'CONFIG_UNKNOWN', remedy: expect.stringContaining('shop') },
  });
});

test('rows that were set aside: listed without values, shown without hidden ones, retried and dropped', async () => {
  type Page = { items: { key: string }[]; next: string | null };
  const first: Page = (await operator.get('/v1/quarantine?entity=item&limit=2')).body;
  const second: Page = (await operator.get(`/v1/quarantine?entity=item&limit=2&after=${first.next}`)).body;
  const keys = [...first.items, ...second.items].map(({ key }) => key);
  expect(keys.sort()).toEqual(['298', '299', '300']);
  expect(JSON.stringify(first)).not.toContain('item 29');

  const shown = await operator.get('/v1/quarantine/item/298');
  expect(shown.body).toMatchObject({ reason: expect.any(String), payload: { id: '298', price: '-1' } });
  expect(JSON.stringify(shown.body)).not.toContain('canary');
  const admin = await callerOf(gateway, { user: 'root', roles: ['admin'] });
  expect((await admin.get('/v1/quarantine/item/298')).body).toMatchObject({
    payload: { secret: 'canary-298' },
  });

  await world.source.query('UPDATE public.item SET price = 1 WHERE id = 298');
  expect(await operator.post('/v1/quarantine/retry', { entity: 'item', keys: ['298'] })).toMatchObject({
    status: 200,
    body: { rows: 1 },
  });
  const run = await operator.post('/v1/pipelines/gateway_operator/runs?wait=60', {});
  expect(run.body).toMatchObject({ summary: { status: 'SUCCESS' } });
  expect(await operator.get('/v1/quarantine/item/298')).toMatchObject({ status: 404 });
  expect(await operator.post('/v1/quarantine/drop', { entity: 'item', all: true })).toMatchObject({
    body: { entity: 'item', rows: 2 },
  });
  for (const body of [
    { entity: 'item' },
    { entity: 'item', all: true, keys: ['1'] },
    { entity: 'item', keys: [] },
  ]) {
    expect(await operator.post('/v1/quarantine/drop', body)).toMatchObject({ status: 400 });
  }
  expect((await operator.get('/v1/skipped')).body).toEqual({ items: [], next: null });
});

test('a row’s story is told without its values', async () => {
  const { status, body } = await operator.get('/v1/explain/item/298');
  expect(status).toBe(200);
  expect(body).toMatchObject({
    entity: 'item',
    key: '298',
    row: { deletedAt: null },
    reads: { lastRun: { status: 'SUCCESS' } },
  });
  expect(await operator.get('/v1/explain/item/4711')).toMatchObject({ status: 404 });
  expect(await operator.get('/v1/explain/itme/1')).toMatchObject({ status: 404 });
});

test('devices are listed by pages and revoked; one that is revoked is refused at once', async () => {
  const device = await callerOf(gateway, { user: 'anna', device: 'a' });
  await registered(gateway, device.token);
  await world.store.pool.query(
    `INSERT INTO syncline.device (id, user_name, last_push_at) VALUES ('pushed', 'anna', now()), ('b', 'bert', NULL)`,
  );
  type Page = { items: { id: string }[]; next: string | null };
  const first: Page = (await operator.get('/v1/devices?limit=2')).body;
  expect(first.items.map(({ id }) => id)).toEqual(['pushed', 'a']);
  const second: Page = (await operator.get(`/v1/devices?limit=2&after=${first.next}`)).body;
  expect(second).toMatchObject({ items: [{ id: 'b', user: 'bert' }], next: null });

  expect((await device.get('/v1/sync/item/pull')).status).toBe(200);
  expect(await operator.post('/v1/devices/a/revoke')).toMatchObject({
    status: 200,
    body: { revokedBy: 'olga' },
  });
  expect(await device.get('/v1/sync/item/pull')).toMatchObject({
    status: 403,
    body: { code: 'DEVICE_REVOKED' },
  });
  expect(await operator.post('/v1/devices/nobody/revoke')).toMatchObject({ status: 404 });
});

test('who is no operator is refused', async () => {
  const approver = await callerOf(gateway, { user: 'paula', roles: ['approver'] });
  const device = await callerOf(gateway, { user: 'dora', roles: ['device'] });
  for (const path of [
    '/v1/status',
    '/v1/sources',
    '/v1/runs',
    '/v1/quarantine',
    '/v1/devices',
    '/v1/backups',
  ]) {
    for (const caller of [approver, device]) {
      expect(await caller.get(path)).toMatchObject({ status: 403, body: { code: 'FORBIDDEN' } });
    }
  }
  expect((await fetch(`${gateway.url}/v1/status`)).status).toBe(401);
});
