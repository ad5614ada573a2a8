/** WatermelonDB, unchanged, with nothing but the glue that our documentation shows. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { eventually } from '../e2e/world.ts';
import { type AppWorld, appWorld, cleanUp, decide, ORDERS } from './app-kit.ts';
import { type Order, type WatermelonDevice, watermelonDevice } from './watermelon-device.ts';

let world: AppWorld;
let phone: WatermelonDevice;
let tablet: WatermelonDevice;

beforeAll(async () => {
  world = await appWorld('gateway_watermelondb');
  [phone, tablet] = [await watermelonDevice(world), await watermelonDevice(world)];
});
afterAll(async () => {
  await world?.gateway.stop();
  await world?.close();
});

const made = (more: Partial<Order> = {}): Omit<Order, 'rev'> => ({
  ...{ id: randomUUID(), title: 'made offline', amount: '5.00', qty: 1, region: 'EU' },
  ...more,
});

const inMirror = async (): Promise<Record<string, unknown>> => {
  const { rows } = await world.store.pool.query(
    `SELECT coalesce(sync_id, id::text) AS id, title, amount, qty, region FROM shop.orders WHERE sync_deleted_at IS NULL`,
  );
  return Object.fromEntries(rows.map(({ id, ...row }) => [id, row]));
};

const onDevice = async (device: WatermelonDevice): Promise<Record<string, unknown>> =>
  Object.fromEntries((await device.orders()).map(({ id, rev: _, ...row }) => [id, row]));

/** Synchronizes until the order is like that; null: until it is gone. */
async function sees(device: WatermelonDevice, id: string, wanted: Partial<Order> | null): Promise<void> {
  await eventually(
    async () => {
      await device.sync();
      const found = await device.order(id);
      if (wanted === null) return found === null;
      return (
        found !== null &&
        Object.entries(wanted).every(([name, value]) => found[name as keyof Order] === value)
      );
    },
    `a device sees ${id} as ${JSON.stringify(wanted)}`,
  );
}

const verdictOf = (device: WatermelonDevice, id: string) =>
  device.results.findLast((result) => result.id === id);

test('the first pull brings all rows; what changes at the source comes by the next', async () => {
  await Promise.all([phone.sync(), tablet.sync()]);
  expect(await phone.orders()).toHaveLength(ORDERS);
  expect(await onDevice(tablet)).toEqual(await inMirror());
  await world.source.query(`UPDATE shop.orders SET title = 'at the source', updated_at = now() WHERE id = 1`);
  await world.increment();
  await sees(phone, '1', { title: 'at the source' });
});

test('rows are made, edited and deleted; edits of both sides meet by column', async () => {
  const mine = made();
  await phone.insert(mine);
  await phone.edit('2', { title: 'of the phone' });
  await phone.sync();
  await sees(tablet, mine.id, { title: 'made offline' });
  await tablet.edit('2', { qty: 4 });
  await tablet.remove(mine.id);
  await phone.edit('2', { title: 'again of the phone' });
  await tablet.sync();
  // Refused first, since the tablet was faster: it pulls, merges, and pushes again.
  await phone.sync();
  expect(await phone.order(mine.id)).toBeNull();
  await sees(tablet, '2', { title: 'again of the phone', qty: 4 });
  await sees(phone, '2', { title: 'again of the phone', qty: 4 });
});

test('rows that are rejected are taken back, and those beside them go through', async () => {
  const [bad, good] = [made({ qty: 5_000 }), made({ title: 'good' })];
  await phone.insert(bad);
  await phone.insert(good);
  await phone.edit('4', { qty: 5_000 });
  await phone.sync();
  expect([verdictOf(phone, bad.id)?.status, verdictOf(phone, good.id)?.status]).toEqual([
    'rejected',
    'applied',
  ]);
  await sees(phone, '4', { qty: 1 });
  await sees(phone, bad.id, null);
  await sees(tablet, good.id, { title: 'good' });
});

test('what waits for a decision stays as its user sees it; its outcome arrives on both devices', async () => {
  const refused = made({ amount: '7000.00' });
  await phone.insert(refused);
  await phone.edit('5', { amount: '5000.00' });
  await phone.edit('7', { amount: '6000.00' });
  await phone.sync();
  const conflictOf = (id: string): string => verdictOf(phone, id)?.conflictId ?? '';
  expect(['5', '7', refused.id].map((id) => verdictOf(phone, id)?.status)).toEqual(
    Array(3).fill('pending_approval'),
  );
  expect(await phone.order('5')).toMatchObject({ amount: '5000.00' });
  await decide(world, phone, { conflictId: conflictOf('5'), decision: 'client' });
  await decide(world, phone, { conflictId: conflictOf('7'), decision: 'server' });
  await decide(world, phone, { conflictId: conflictOf(refused.id), decision: 'server' });
  await sees(tablet, '5', { amount: '5000.00' });
  await sees(phone, '7', { amount: '10.00' });
  await sees(phone, refused.id, null);
});

test('the reply of a push is lost, and others change the row before it is sent again', async () => {
  await phone.edit('8', { qty: 3 });
  const network: typeof fetch = async (input, init) => {
    const reply = await fetch(input, init);
    if (init?.method !== 'POST') return reply;
    await reply.text();
    throw new TypeError('The network is away');
  };
  await expect(phone.sync(network)).rejects.toThrow('The network is away');
  await sees(tablet, '8', { qty: 3 });
  await tablet.edit('8', { title: 'later, of the tablet' });
  await tablet.sync();
  await sees(phone, '8', { qty: 3, title: 'later, of the tablet' });
  await sees(tablet, '8', { qty: 3, title: 'later, of the tablet' });
});

test('after a clean-up the tables are replaced, and edits that were not pushed are kept', async () => {
  const mine = made({ title: 'still here' });
  await phone.insert(mine);
  await phone.edit('10', { title: 'edited while away' });
  await tablet.remove('11');
  await tablet.sync();
  expect(await cleanUp(world)).toBeGreaterThan(0);
  await phone.sync();
  expect(await phone.order('11')).toBeNull();
  await sees(tablet, mine.id, { title: 'still here' });
  await sees(tablet, '10', { title: 'edited while away' });
  const expected = await inMirror();
  for (const device of [phone, tablet]) {
    await expect
      .poll(() => device.sync().then(() => onDevice(device)), { timeout: 30_000 })
      .toEqual(expected);
  }
});
