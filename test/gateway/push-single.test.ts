import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../e2e/world.ts';
import { tokenOf } from './kit.ts';
import {
  type Document,
  isPending,
  orderInSource,
  type PushWorld,
  pushWorld,
  type TestDevice,
  testDevice,
} from './push-kit.ts';

let world: PushWorld;
let device: TestDevice;

beforeAll(async () => {
  world = await pushWorld('gateway_single');
  device = await testDevice(world);
});
afterAll(async () => {
  await world?.close();
});

/** A change of an amount that clashes with the source's. */
async function held(id: number, by = device): Promise<{ conflictId: string; before: Document }> {
  const before = await by.row('orders', id);
  await world.source.query('UPDATE shop.orders SET amount = 77, updated_at = now() WHERE id = $1', [id]);
  const { results } = await by.push('orders', [
    { newDocumentState: { ...before, amount: '99' }, assumedMasterState: before },
  ]);
  expect(results[0]).toMatchObject({ status: 'pending_approval' });
  return { conflictId: results[0]?.conflictId ?? '', before };
}

const conflictsOf = async (of: TestDevice, query = '') => {
  const { text } = await of.ask('GET', `/v1/sync/conflicts${query}`);
  return (JSON.parse(text) as { conflicts: (Record<string, unknown> & { id: string; record: Document })[] })
    .conflicts;
};

test('a conflict is shown with both sides, decided about the row as it is, and the outcome comes by the feed', async () => {
  const { conflictId } = await held(1);
  const [shown] = await conflictsOf(device);
  expect(shown).toMatchObject({
    ...{
      id: conflictId,
      entity: 'orders',
      row: '1',
      state: 'open',
      round: 1,
      clashing: ['amount'],
      kind: 'fields',
    },
    base: { amount: '10.00', qty: 1 },
    device: { values: { amount: '99' } },
    server: { values: { amount: '77.00' } },
    record: { id: '1', amount: '77.00' },
    youMayDecide: true,
  });
  expect(JSON.stringify(shown)).not.toContain('canary');

  const rev = shown?.record.rev ?? '';
  const body = { conflictId, decision: 'merged', fields: { amount: { value: '88.5' } }, round: 1 };
  const say = (more: object, headers: Record<string, string>) =>
    device.ask('POST', '/v1/sync/resolve-conflict', { body: { ...body, ...more }, headers });
  expect((await say({}, {})).status).toBe(428);
  const moved = await say({}, { 'if-match': '"1.1"' });
  expect([moved.status, JSON.parse(moved.text)]).toMatchObject([
    412,
    { code: 'PRECONDITION_FAILED', round: 1, record: { amount: '77.00' } },
  ]);
  const odd = await say({ fields: { secret: { value: 'x' } } }, { 'if-match': `"${rev}"` });
  expect(odd.status).toBe(400);

  const other = await testDevice(world, { user: 'mallory' });
  expect(await conflictsOf(other)).toEqual([]);
  const foreign = await other.ask('POST', '/v1/sync/resolve-conflict', {
    body,
    headers: { 'if-match': '*' },
  });
  expect([foreign.status, JSON.parse(foreign.text).code]).toEqual([404, 'CONFLICT_NOT_FOUND']);

  const decided = await say({}, { 'if-match': `"${rev}"` });
  expect([decided.status, JSON.parse(decided.text)]).toMatchObject([
    200,
    { conflictId, status: 'applied', record: { id: '1', amount: '88.50' } },
  ]);
  expect(await orderInSource(world, 1)).toMatchObject({ amount: '88.50' });
  await device.fed('orders', '1', (document) => document.rev !== rev && document.amount === '88.50');
  expect(await conflictsOf(device)).toEqual([]);
  expect(await conflictsOf(device, '?state=closed')).toMatchObject([{ id: conflictId, state: 'closed' }]);
  const late = await say({}, { 'if-match': '*' });
  expect([late.status, JSON.parse(late.text).code]).toEqual([409, 'DECISION_REFUSED']);
});

test('the server’s side is decided: the device hears of it by the feed, though the row is as it was', async () => {
  const { conflictId } = await held(2);
  const before = await device.row('orders', 2);
  const next = await device.push('orders', [
    { newDocumentState: { ...before, title: 'behind it' }, assumedMasterState: before },
  ]);
  expect(next.results).toMatchObject([{ status: 'pending_approval', conflictId }]);
  const answer = await device.ask('POST', '/v1/sync/resolve-conflict', {
    body: { conflictId, decision: 'server', round: 1, comment: 'never mind' },
    headers: { 'if-match': `"${before.rev}"` },
  });
  expect(answer.status).toBe(200);
  // What waited behind the conflict is applied.
  const after = await device.fed('orders', '2', ({ title }) => title === 'behind it');
  expect(after).toMatchObject({ amount: '77.00' });
  expect(after.rev).not.toBe(before.rev);
});

test('a single record: only as it was seen, answered with what came of it', async () => {
  const path = '/v1/entities/orders/5';
  const row = await device.row('orders', 5);
  const seen = { 'if-match': `"${row.rev}"` };
  expect((await device.ask('PATCH', path, { body: { title: 'x' } })).status).toBe(428);
  const changed = await device.ask('PATCH', path, {
    body: { title: 'patched', data: { b: [1], a: null } },
    headers: { ...seen, 'content-type': 'application/merge-patch+json', 'idempotency-key': 'patch-5' },
  });
  expect([changed.status, JSON.parse(changed.text)]).toMatchObject([
    200,
    { id: '5', title: 'patched', data: { b: [1] } },
  ]);
  expect(JSON.parse(changed.text).data).toEqual({ b: [1] });
  expect(changed.headers.get('etag')).toBe(`"${JSON.parse(changed.text).rev}"`);
  const repeated = await device.ask('PATCH', path, {
    body: { title: 'patched', data: { b: [1], a: null } },
    headers: { ...seen, 'idempotency-key': 'patch-5' },
  });
  expect([repeated.status, repeated.text]).toEqual([200, changed.text]);
  const late = await device.ask('PATCH', path, { body: { title: 'y' }, headers: seen });
  expect([late.status, JSON.parse(late.text)]).toMatchObject([
    412,
    { code: 'PRECONDITION_FAILED', record: { title: 'patched' } },
  ]);
  const now = { 'if-match': changed.headers.get('etag') ?? '' };
  const refused = await device.ask('PATCH', path, { body: { qty: 5000 }, headers: now });
  expect([refused.status, JSON.parse(refused.text)]).toMatchObject([409, { code: 'CHANGE_REJECTED' }]);
  const forbidden = await device.ask('PATCH', path, { body: { secret: 'x' }, headers: now });
  expect([forbidden.status, JSON.parse(forbidden.text)]).toMatchObject([
    409,
    { code: 'CHANGE_REJECTED', reason: 'NOT_ALLOWED' },
  ]);
  const nothing = await device.ask('PATCH', '/v1/entities/orders/4711', { body: { qty: 1 }, headers: now });
  expect(nothing.status).toBe(404);
});

test('people without a device change single records too, and may be asked to wait for a decision', async () => {
  const token = await tokenOf({ user: 'olga', roles: ['operator'] });
  const row = await device.row('orders', 6);
  // The source is ahead of the mirror, which the operator has seen.
  await world.source.query('UPDATE shop.orders SET amount = 70, updated_at = now() WHERE id = 6');
  const reply = await fetch(`${world.gateway.url}/v1/entities/orders/6`, {
    method: 'PATCH',
    headers: {
      ...{ authorization: `Bearer ${token}`, 'content-type': 'application/json' },
      'if-match': `"${row.rev}"`,
    },
    body: JSON.stringify({ amount: '12' }),
  });
  expect([reply.status, await reply.json()]).toMatchObject([
    202,
    { status: 'pending_approval', conflictId: expect.any(String) },
  ]);
  const { rows } = await world.store.pool.query(
    'SELECT device, user_name AS "user" FROM syncline.conflict WHERE row_id = $1',
    ['6'],
  );
  expect(rows).toEqual([{ device: 'http:olga', user: 'olga' }]);
});

type Tables = Record<string, { created: Document[]; updated: Document[]; deleted: string[] }>;

async function pullWatermelon(
  of: TestDevice,
  since: number,
): Promise<{ changes: Tables; timestamp: number }> {
  const { status, text } = await of.ask(
    'GET',
    `/v1/watermelon/pull?last_pulled_at=${since}&schema_version=1`,
  );
  if (status !== 200) throw new Error(text);
  return JSON.parse(text);
}

const pushWatermelon = (of: TestDevice, since: number, changes: unknown) =>
  eventually(async () => {
    const answer = await of.ask('POST', `/v1/watermelon/push?last_pulled_at=${since}`, { body: { changes } });
    return isPending(answer) ? null : answer;
  }, 'the push is decided');

test('WatermelonDB: created, updated and deleted; refused rows come back by the next pull', async () => {
  const phone = await testDevice(world, { user: 'wally' });
  const first = await pullWatermelon(phone, 0);
  const order = (id: string) => first.changes.orders?.updated.find((row) => row.id === id) as Document;
  const [kept, bad, gone] = [order('10'), order('11'), order('12')];
  const note = randomUUID();
  const pushed = await pushWatermelon(phone, first.timestamp, {
    notes: {
      created: [{ id: note, _status: 'created', _changed: '', body: 'from a phone', stars: 3 }],
      updated: [],
      deleted: [],
    },
    orders: {
      created: [{ id: 'phone-1', _status: 'created', _changed: '', title: 'too many', qty: 5000 }],
      updated: [
        { ...kept, _status: 'updated', _changed: 'title,data', title: 'phone', data: '{"p": 1}' },
        { ...bad, _status: 'updated', _changed: 'qty', qty: 5000 },
      ],
      deleted: [gone.id],
    },
  });
  expect([pushed.status, JSON.parse(pushed.text)]).toMatchObject([200, { experimentalRejectedIds: {} }]);
  expect(await orderInSource(world, 10)).toMatchObject({ title: 'phone', data: { p: 1 }, qty: 1 });
  expect(await orderInSource(world, 12)).toBeUndefined();
  const next = await eventually(async () => {
    const pulled = await pullWatermelon(phone, first.timestamp);
    const { orders, notes } = pulled.changes;
    const isAll =
      orders?.updated.some(({ id }) => id === '11') && notes?.updated.some(({ id }) => id === note);
    return isAll && orders?.deleted.includes('phone-1') ? pulled : null;
  }, 'refused records come back, or are taken away');
  expect(next.changes.orders?.updated.find(({ id }) => id === '11')).toMatchObject({ qty: 1 });
  expect(next.changes.notes?.updated).toMatchObject([{ id: note, body: 'from a phone' }]);
});

test('WatermelonDB: a push that is late is refused whole, and goes through after a pull', async () => {
  const [phone, other] = [await testDevice(world, { user: 'wally' }), device];
  const first = await pullWatermelon(phone, 0);
  const mine = first.changes.orders?.updated.find((row) => row.id === '20') as Document;
  const theirs = await other.row('orders', 20);
  await other.push('orders', [
    { newDocumentState: { ...theirs, title: 'theirs' }, assumedMasterState: theirs },
  ]);
  const note = randomUUID();
  const changes = {
    notes: { created: [{ id: note, body: 'not yet' }], updated: [], deleted: [] },
    orders: {
      created: [],
      updated: [{ ...mine, rev: undefined, _changed: 'title', title: 'mine' }],
      deleted: [],
    },
  };
  const late = await pushWatermelon(phone, first.timestamp, changes);
  expect([late.status, JSON.parse(late.text).code]).toEqual([409, 'PULL_FIRST']);
  const next = await eventually(async () => {
    const pulled = await pullWatermelon(phone, first.timestamp);
    return pulled.changes.orders?.updated.some(({ id }) => id === '20') ? pulled : null;
  }, 'their change is pulled');
  expect(next.changes.notes?.updated.map(({ id }) => id)).not.toContain(note);
  const done = await pushWatermelon(phone, next.timestamp, changes);
  expect(done.status).toBe(200);
  expect(await orderInSource(world, 20)).toMatchObject({ title: 'mine' });
  const unknown = await pushWatermelon(phone, 12, changes);
  expect(JSON.parse(unknown.text).code).toBe('PULL_FIRST');
});

test('WatermelonDB: who sees less by now gets no reply again that shows more', async () => {
  const seeing = await testDevice(world, { user: 'wally', permissions: ['SECRETS'] });
  const { changes, timestamp } = await pullWatermelon(seeing, 0);
  const row = changes.orders?.updated.find(({ id }) => id === '21') as Document;
  const refused = { orders: { created: [], updated: [{ ...row, _changed: 'qty', qty: 5000 }], deleted: [] } };
  const say = (from: TestDevice) =>
    eventually(async () => {
      const [path, headers] = [
        `/v1/watermelon/push?last_pulled_at=${timestamp}`,
        { 'idempotency-key': 'one' },
      ];
      const answer = await from.ask('POST', path, { body: { changes: refused }, headers });
      return isPending(answer) ? null : answer;
    }, 'the push is decided');
  const first = await say(seeing);
  expect(first.text).toContain('canary');
  expect((await say(seeing)).text).toBe(first.text);
  const again = await say(await testDevice(world, { user: 'wally', device: seeing.id }));
  expect(again.status).toBe(200);
  expect(again.text).not.toContain('canary');
  expect(JSON.parse(again.text).results).toEqual(JSON.parse(first.text).results);
});
