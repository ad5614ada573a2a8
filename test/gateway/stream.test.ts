/** Streams say when there is something to pull, and end; status and metrics say how devices are served. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { revokeDevice } from '../../src/store/devices.ts';
import { eventually } from '../e2e/world.ts';
import { type EventReader, openEvents, type SentEvent } from './event-kit.ts';
import { startTestGateway } from './kit.ts';
import { createPullWorld, ITEMS, type PageBody, type PullWorld } from './pull-kit.ts';

let shop: PullWorld;

beforeAll(async () => {
  shop = await createPullWorld('gateway_stream', { as: 'reader' });
});
afterAll(async () => {
  await shop?.close();
});

/** A change as a worker would make it. */
async function change(id: number): Promise<void> {
  await shop.world.store.pool.query(
    `UPDATE shop.line SET text = 'changed', sync_xid = pg_current_xact_id() WHERE pos = $1`,
    [id],
  );
}

const stream = (path: string, options: { token?: string; lastEventId?: string; at?: string } = {}) =>
  openEvents(`${options.at ?? shop.gateway.url}${path}`, {
    token: options.token ?? shop.token,
    ...(options.lastEventId !== undefined && { lastEventId: options.lastEventId }),
  });

function dataOf(event: SentEvent | null): { entity: string; checkpoint: { head: string } } {
  return JSON.parse(event?.data ?? 'null');
}

async function endOf(events: EventReader): Promise<SentEvent[]> {
  const found: SentEvent[] = [];
  for (let event = await events.next(); event !== null; event = await events.next()) found.push(event);
  return found;
}

test('says where the feed stands, then when it moves, and to whoever comes back only what is new', async () => {
  const events = await stream('/v1/sync/line/stream');
  expect(events.status).toBe(200);
  expect(events.headers.get('content-type')).toBe('text/event-stream');
  expect(events.headers.get('syncline-server-hlc')).not.toBeNull();
  const first = await events.next();
  expect(dataOf(first)).toEqual({
    entity: 'line',
    checkpoint: { head: expect.stringMatching(/^\d+\.\d+$/) },
  });
  await change(1);
  const second = await events.next();
  expect(dataOf(second).checkpoint.head).not.toBe(dataOf(first).checkpoint.head);
  events.close();

  const known = await stream('/v1/sync/line/stream', { lastEventId: second?.id ?? '' });
  await change(3);
  const third = await known.next();
  expect(dataOf(third).checkpoint.head).not.toBe(dataOf(second).checkpoint.head);
  known.close();

  const missed = await stream('/v1/sync/line/stream', { lastEventId: second?.id ?? '' });
  expect(dataOf(await missed.next())).toEqual(dataOf(third));
  missed.close();
});

test('a run of the pipeline is heard of, in one stream of several entities', async () => {
  const events = await stream('/v1/sync/stream?entities=item,line');
  const heads = [dataOf(await events.next()), dataOf(await events.next())];
  expect(heads.map(({ entity }) => entity).sort()).toEqual(['item', 'line']);
  await shop.world.source.query(`UPDATE item SET name = 'heard', changed_at = now() WHERE id = 2`);
  await shop.run('incremental');
  // Other files' transactions on the same server may have held back what was loaded before.
  let moved = await events.next();
  while (moved !== null && dataOf(moved).entity !== 'item') moved = await events.next();
  expect(dataOf(moved).entity).toBe('item');
  expect(moved?.id).toMatch(/^(item=\d+\.\d+&line=|line=\d+\.\d+&item=)\d+\.\d+$/);
  events.close();
  for (const path of ['/v1/sync/nothing/stream', '/v1/sync/stream?entities=item,hidden']) {
    expect((await stream(path)).status).toBe(404);
  }
  expect((await stream('/v1/sync/stream')).status).toBe(400);
});

test.concurrent('ends when the device is revoked', async ({ expect }) => {
  const token = await shop.login({ user: 'rita', device: 'd-revoked' });
  const events = await stream('/v1/sync/line/stream', { token });
  await events.next();
  await revokeDevice(shop.world.store.pool, { id: 'd-revoked', by: 'operator' });
  const last = (await endOf(events)).at(-1);
  expect(last).toMatchObject({ event: 'end' });
  expect(JSON.parse(last?.data ?? '')).toMatchObject({ code: 'DEVICE_REVOKED' });
  expect((await stream('/v1/sync/line/stream', { token })).status).toBe(403);
});

test.concurrent('says so when the caller sees other rows than before', async ({ expect }) => {
  const { access } = shop.gateway.deps;
  let hidden: string[] = [];
  const scopeOf: typeof access.scopeOf = async () => ({ partitions: {}, hidden, readOnly: [] });
  const { store } = shop.gateway.deps;
  const other = await startTestGateway(shop.world, { store, access: { ...access, scopeOf } });
  const events = await stream('/v1/sync/line/stream', { at: other.url });
  const first = await events.next();
  hidden = ['text'];
  expect(dataOf(await events.next()).checkpoint.head).toContain(dataOf(first).checkpoint.head);
  events.close();
  await other.stop();
});

test('ends when the gateway drains, and says when to come back', async () => {
  const other = await startTestGateway(shop.world, { store: shop.gateway.deps.store });
  const events = await stream('/v1/sync/line/stream', { at: other.url });
  await events.next();
  const [ended] = await Promise.all([endOf(events), other.stop()]);
  expect(ended.at(-1)?.retry).toMatch(/^\d+$/);
});

type Status = {
  readonly entities: readonly {
    readonly entity: string;
    readonly rowsBehind: number | null;
    readonly lastPullAt: string | null;
    readonly feedLagMs: number;
  }[];
};

test('tells a device how far it is behind, and what of it waits', async () => {
  const token = await shop.login({ user: 'sven', device: 'd-status' });
  const first = await shop.call<Status>('/v1/sync/status', { token });
  expect(first.body).toMatchObject({
    device: 'd-status',
    lastPullAt: null,
    lastPushAt: null,
    pendingMutations: 0,
    heldMutations: 0,
    parkedMutations: 0,
    openConflicts: 0,
  });
  expect(first.body.entities.map(({ entity }) => entity)).toEqual(['item', 'line', 'part']);
  expect(first.body.entities.every(({ rowsBehind }) => rowsBehind === null)).toBe(true);

  await shop.call('/v1/sync/item/pull?limit=5', { token });
  await shop.call('/v1/sync/line/pull', { token });
  await change(5);
  const behind = await eventually(async () => {
    const { body } = await shop.call<Status>('/v1/sync/status', { token });
    const line = body.entities.find(({ entity }) => entity === 'line');
    return line?.rowsBehind === 1 ? body : null;
  }, 'the changed line counts as behind');
  const item = behind.entities.find(({ entity }) => entity === 'item');
  expect(item?.rowsBehind).toBeGreaterThan(ITEMS / 2);
  expect(item?.lastPullAt).toMatch(/^\d{4}-.*Z$/);
  expect(behind).toMatchObject({ lastPullAt: expect.stringMatching(/Z$/) });

  await stageMutations('d-status');
  expect((await shop.call('/v1/sync/status', { token })).body).toMatchObject({
    pendingMutations: 1,
    heldMutations: 1,
    parkedMutations: 2,
    openConflicts: 1,
  });
  expect((await shop.call('/v1/sync/status')).body).toMatchObject({ device: 'd1', heldMutations: 0 });
  const operator = await shop.login({ user: 'olga', roles: ['operator'] });
  expect((await shop.call('/v1/sync/metrics', { token: operator })).body).toMatchObject({
    uploads: {
      verdicts: { applied: 2, merged: 1, pending_approval: 1 },
      conflictsByPolicy: { clientWins: 2, 'rule:cap': 1, manual: 1 },
      since: expect.stringMatching(/Z$/),
      openConflicts: 1,
      waitingMutations: 4,
    },
  });
});

/** Mutations in each state, as the engine leaves them. */
async function stageMutations(device: string): Promise<void> {
  const { pool } = shop.world.store;
  const verdicts = [
    { status: 'applied' },
    { status: 'applied', decidedBy: ['clientWins'] },
    { status: 'merged', decidedBy: ['clientWins', 'rule:cap'] },
    { status: 'pending_approval' },
  ];
  const states = ['done', 'done', 'done', 'held', 'parked', 'parked', 'staged'];
  await pool.query(
    `INSERT INTO syncline.upload (device, key, sha256, mutations, state, workflow_id) VALUES ($1, 'u1', 'x', 7, 'done', 'w')`,
    [device],
  );
  await pool.query(
    `INSERT INTO syncline.mutation (device, upload_key, seq, id, entity, row_id, operation, received_hlc, state, verdict, decided_at)
     SELECT $1, 'u1', seq, 'm' || seq, 'item', '1', 'update', 'x', state,
            verdict, CASE WHEN state = 'done' THEN now() END
       FROM unnest($2::text[], $3::jsonb[]) WITH ORDINALITY AS given (state, verdict, seq)`,
    [device, states, verdicts.map((verdict) => JSON.stringify(verdict))],
  );
  await pool.query(
    `INSERT INTO syncline.conflict (id, entity, row_id, mutation, device, clash, client, workflow_id)
     SELECT 'c1', 'item', '1', ordinal, device, '{"by": ["manual"]}', '{}', 'w' FROM syncline.mutation WHERE state = 'held'`,
  );
}

test('counts requests, rows and verdicts for operators only', async () => {
  await shop.call<PageBody>('/v1/sync/item/pull');
  expect((await shop.call('/v1/sync/metrics')).status).toBe(403);
  const operator = await shop.login({ user: 'olga', roles: ['operator'] });
  const { body } = await shop.call<{
    window: { routes: { route: string; requests: number; p50Ms: number; p99Ms: number }[] };
    sinceStart: Record<string, number>;
  }>('/v1/sync/metrics', { token: operator });
  const pulls = body.window.routes.find(({ route }) => route === 'GET /v1/sync/:entity/pull');
  expect(pulls).toMatchObject({ byStatus: { 200: expect.any(Number) } });
  expect(pulls?.p99Ms).toBeGreaterThanOrEqual(pulls?.p50Ms ?? Number.NaN);
  expect(pulls?.p50Ms).toBeGreaterThan(0);
  expect(body.window.routes.some(({ route }) => route.includes('stream'))).toBe(true);
  expect(body.sinceStart.rowsPulled).toBeGreaterThanOrEqual(10);
  expect(body.sinceStart.eventsSent).toBeGreaterThan(3);
});
