import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../e2e/world.ts';
import { type PushWorld, pushWorld, type TestDevice, testDevice } from './push-kit.ts';

let world: PushWorld;
let device: TestDevice;

beforeAll(async () => {
  world = await pushWorld('gateway_push');
  device = await testDevice(world);
});
afterAll(async () => {
  await world?.gateway.stop();
  await world?.close();
});

async function inSource(id: string | number): Promise<Record<string, unknown> | undefined> {
  const { rows } = await world.source.query('SELECT * FROM shop.orders WHERE id = $1', [id]);
  return rows[0];
}

test('an edit reaches the source, and its result has the version that the feed has', async () => {
  const before = await device.row('orders', 1);
  const reply = await device.push('orders', [
    { newDocumentState: { ...before, title: 'edited', data: { a: 2, b: 'x' } }, assumedMasterState: before },
  ]);
  expect(reply.conflicts).toEqual([]);
  expect(reply.results).toEqual([{ entity: 'orders', id: '1', status: 'applied', rev: expect.any(String) }]);
  const after = await device.row('orders', 1);
  expect(after).toMatchObject({ title: 'edited', data: { a: 2, b: 'x' }, rev: reply.results[0]?.rev });
  expect(await inSource(1)).toMatchObject({ title: 'edited' });
});

test('two quick edits without a pull between them, and back again', async () => {
  const first = await device.row('orders', 2);
  const second = { ...first, title: 'second', amount: '20.5' };
  const third = { ...second, title: first.title, amount: '30' };
  const statuses: (string | undefined)[] = [];
  for (const [assumed, wanted] of [
    [first, second],
    [second, third],
    [third, { ...third, title: 'second' }],
    [{ ...third, title: 'second' }, third],
  ]) {
    const { results } = await device.push('orders', [
      { newDocumentState: wanted, assumedMasterState: assumed },
    ]);
    statuses.push(results[0]?.status);
  }
  expect(statuses).toEqual(['applied', 'applied', 'applied', 'applied']);
  expect(await inSource(2)).toMatchObject({ title: 'order 2', amount: '30.00' });
});

test('the same key and body get the same bytes, another body is refused', async () => {
  const before = await device.row('orders', 3);
  const body = { rows: [{ newDocumentState: { ...before, qty: 6 }, assumedMasterState: before }] };
  const headers = { 'idempotency-key': randomUUID() };
  const first = await eventually(async () => {
    const answer = await device.ask('POST', '/v1/sync/orders/push', { body, headers });
    return answer.status === 200 ? answer : null;
  }, 'it is decided');
  const again = await device.ask('POST', '/v1/sync/orders/push', { body, headers });
  expect(again).toMatchObject({ status: 200, text: first.text });
  const other = await device.ask('POST', '/v1/sync/orders/push', { body: { rows: [] }, headers });
  expect(other.status).toBe(409);
  expect(JSON.parse(other.text)).toMatchObject({ code: 'UPLOAD_CONFLICT' });
  expect(await inSource(3)).toMatchObject({ qty: 6 });
});

test('a device that sends no key: a repeat is a repeat, and a later toggle is none', async () => {
  const before = await device.row('orders', 4);
  const on = { ...before, title: 'on' };
  const say = async (from: unknown, to: unknown) =>
    eventually(async () => {
      const body = { rows: [{ newDocumentState: to, assumedMasterState: from }] };
      const answer = await device.ask('POST', '/v1/sync/orders/push', { body });
      return answer.status === 200 ? answer : null;
    }, 'it is decided');
  const first = await say(before, on);
  expect((await say(before, on)).text).toBe(first.text);
  await say(on, before);
  const third = await say(before, on);
  expect(third.text).not.toBe(first.text);
  expect(await inSource(4)).toMatchObject({ title: 'on' });
});
