/** RxDB, unchanged, with nothing but the glue that our documentation shows. */
import { randomUUID } from 'node:crypto';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type AppWorld, appWorld, cleanUp, decide, ORDERS } from './app-kit.ts';
import { type Order, type RxDevice, rxDevice } from './rxdb-device.ts';

let world: AppWorld;
let phone: RxDevice;
let tablet: RxDevice;

beforeAll(async () => {
  world = await appWorld('gateway_rxdb');
  [phone, tablet] = [await rxDevice(world), await rxDevice(world)];
});
afterAll(async () => {
  await Promise.all([phone?.close(), tablet?.close()]);
  await world?.gateway.stop();
  await world?.close();
});

const made = (more: Partial<Order> = {}): Order => ({
  ...{ id: randomUUID(), rev: '', title: 'made offline', amount: '5.00', qty: 1, region: 'EU' },
  ...more,
});

async function inSource(id: string): Promise<Record<string, unknown> | undefined> {
  const { rows } = await world.source.query('SELECT * FROM shop.orders WHERE id = $1', [id]);
  return rows[0];
}

const inMirror = async (): Promise<Record<string, Partial<Order>>> => {
  const { rows } = await world.store.pool.query(
    `SELECT coalesce(sync_id, id::text) AS id, title, amount, qty, region FROM shop.orders WHERE sync_deleted_at IS NULL`,
  );
  return Object.fromEntries(rows.map(({ id, ...row }) => [id, row]));
};

const onDevice = async (device: RxDevice): Promise<Record<string, Partial<Order>>> => {
  const rows = await device.orders.find().exec();
  return Object.fromEntries(
    rows.map((row) => {
      const { id, title, amount, qty, region } = row.toMutableJSON() as Order;
      return [id, { title, amount, qty, region }];
    }),
  );
};

test('the first pull brings all rows, page by page', async () => {
  await Promise.all([phone.online(), tablet.online()]);
  expect(await onDevice(phone)).toEqual(await inMirror());
  expect(Object.keys(await onDevice(tablet))).toHaveLength(ORDERS);
});

test('what changed at the source, and on another device, comes live', async () => {
  await world.source.query(`UPDATE shop.orders SET title = 'at the source', updated_at = now() WHERE id = 1`);
  await world.increment();
  await Promise.all([phone, tablet].map((device) => device.sees('1', { title: 'at the source' })));
  await phone.edit('2', { title: 'on the phone' });
  await tablet.sees('2', { title: 'on the phone' });
  expect(await inSource('2')).toMatchObject({ title: 'on the phone' });
});

test('rows are made and deleted, edited twice at once, and edits of both sides meet', async () => {
  const mine = made();
  await phone.orders.insert(mine);
  const there = await tablet.sees(mine.id, { title: 'made offline' });
  expect(there?.rev).toMatch(/^1\.\d+$/);
  await phone.edit(mine.id, { title: 'first' });
  await phone.edit(mine.id, { title: 'second', amount: '7.50' });
  await tablet.sees(mine.id, { title: 'second', amount: '7.50' });
  await (await tablet.orders.findOne(mine.id).exec(true)).incrementalRemove();
  await phone.sees(mine.id, null);

  await Promise.all([phone.offline(), tablet.offline()]);
  await phone.edit('3', { qty: 4, title: 'of the phone' });
  await tablet.edit('3', { qty: 6, amount: '11.00' });
  await phone.online();
  await tablet.online();
  const merged = { qty: 9, title: 'of the phone', amount: '11.00' };
  await Promise.all([phone, tablet].map((device) => device.sees('3', merged)));
});

test('an edit that loses is replaced by our document, which the conflict handler gets', async () => {
  await phone.offline();
  await phone.edit('4', { title: 'of the phone' });
  await tablet.edit('4', { title: 'of the tablet' });
  await tablet.sees('4', { title: 'of the tablet' });
  expect((await tablet.resultOf('4')).status).toBe('applied');
  await phone.online();
  await phone.sees('4', { title: 'of the tablet' });
  expect(await phone.resultOf('4')).toMatchObject({ status: 'conflict' });
  expect(phone.clashes.at(-1)).toMatchObject({ id: '4', title: 'of the tablet', _deleted: false });
});

test('both sides set the same: what else the other one changed arrives', async () => {
  await phone.offline();
  await phone.edit('5', { title: 'the same' });
  await tablet.edit('5', { title: 'the same', qty: 5 });
  expect((await tablet.resultOf('5')).status).toBe('applied');
  await phone.online();
  await phone.sees('5', { title: 'the same', qty: 5 });
});

/** A network that brings pushes there, and the replies of pulls only. */
function losing(): { readonly fetch: typeof fetch; readonly lost: Promise<void> } {
  let heard = (): void => undefined;
  const lost = new Promise<void>((resolve) => {
    heard = resolve;
  });
  let isFirst = true;
  return {
    lost,
    fetch: async (input, init) => {
      if (init?.method !== 'POST') return fetch(input, init);
      if (isFirst) {
        isFirst = false;
        await (await fetch(input, init)).text();
        heard();
      }
      throw new TypeError('The network is away');
    },
  };
}

test('the reply of a push is lost, and others change the row before it is sent again', async () => {
  await phone.offline();
  await phone.edit('6', { title: 'of the phone' });
  await phone.edit('9', { qty: 3 });
  const network = losing();
  await phone.online(network.fetch);
  await network.lost;
  await tablet.sees('6', { title: 'of the phone' });
  await tablet.edit('6', { title: 'later, of the tablet' });
  await tablet.edit('9', { title: 'of the tablet' });
  await phone.offline();
  expect((await tablet.resultOf('6')).status).toBe('applied');
  expect((await tablet.resultOf('9')).status).toBe('applied');
  // The app is started again. It pulls the rows, and leaves them alone, since it takes its own for unsent.
  const pullsOnly: typeof fetch = (input, init) =>
    init?.method === 'POST' ? Promise.reject(new TypeError('The network is away')) : fetch(input, init);
  await phone.online(pullsOnly);
  await phone.pulled();
  await phone.offline();
  await phone.online();
  await phone.sees('6', { title: 'later, of the tablet' });
  await phone.sees('9', { title: 'of the tablet', qty: 3 });
  phone.errors.length = 0;
});

test('rows that are rejected are taken back, and those behind them go through', async () => {
  const [bad, good] = [made({ title: 'too many', qty: 5_000 }), made({ title: 'good' })];
  await phone.offline();
  await phone.orders.insert(bad);
  await phone.edit('7', { qty: 5_000 });
  await phone.orders.insert(good);
  await phone.online();
  await tablet.sees(good.id, { title: 'good' });
  await phone.sees('7', { qty: 1 });
  await phone.sees(bad.id, null);
  expect((await phone.resultOf(bad.id)).problem?.code).toBe('23514');
  // Corrected, it is made again.
  await phone.orders.insert({ ...bad, qty: 5 });
  await tablet.sees(bad.id, { qty: 5 });
});

test('what waits for a decision stays as its user sees it; the outcome arrives on both devices', async () => {
  await phone.edit('8', { amount: '5000.00' });
  const { conflictId = '', status } = await phone.resultOf('8');
  expect(status).toBe('pending_approval');
  expect(await phone.order('8')).toMatchObject({ amount: '5000.00' });
  expect(await tablet.order('8')).toMatchObject({ amount: '10.00' });
  await decide(world, phone, { conflictId, decision: 'client' });
  await Promise.all([phone, tablet].map((device) => device.sees('8', { amount: '5000.00' })));

  await phone.edit('10', { amount: '6000.00' });
  const held = await phone.resultOf('10');
  await decide(world, phone, { conflictId: held.conflictId ?? '', decision: 'server' });
  // The server's row is as it was, and arrives all the same (C9).
  await phone.sees('10', { amount: '10.00' });
});

test('C9: a row that is made, held and refused disappears; one that is approved stays', async () => {
  const [refused, approved] = [made({ amount: '7000.00' }), made({ amount: '8000.00' })];
  await phone.orders.bulkInsert([refused, approved]);
  const [first, second] = [await phone.resultOf(refused.id), await phone.resultOf(approved.id)];
  expect([first.status, second.status]).toEqual(['pending_approval', 'pending_approval']);
  await decide(world, phone, { conflictId: first.conflictId ?? '', decision: 'server' });
  await decide(world, phone, { conflictId: second.conflictId ?? '', decision: 'client' });
  await phone.sees(refused.id, null);
  await tablet.sees(approved.id, { amount: '8000.00' });
  expect(await phone.order(approved.id)).not.toBeNull();
});

test('410: the collection is replaced, and edits that were not pushed are kept', async () => {
  await phone.offline();
  const mine = made({ title: 'still here' });
  await phone.orders.insert(mine);
  await phone.edit('11', { title: 'edited while away' });
  await phone.edit('13', { title: 'edited, and deleted there' });
  for (const id of ['12', '13']) await (await tablet.orders.findOne(id).exec(true)).incrementalRemove();
  expect((await tablet.resultOf('12')).status).toBe('applied');
  expect((await tablet.resultOf('13')).status).toBe('applied');
  expect(await cleanUp(world)).toBeGreaterThan(0);
  await phone.online();
  await phone.sees('12', null);
  await phone.sees('13', null);
  await tablet.sees(mine.id, { title: 'still here' });
  await tablet.sees('11', { title: 'edited while away' });
  await expect.poll(() => onDevice(phone), { timeout: 30_000 }).toEqual(await inMirror());
});

test('both devices have what the mirror has, and nothing failed', async () => {
  const expected = await inMirror();
  await expect.poll(() => onDevice(phone), { timeout: 30_000 }).toEqual(expected);
  await expect.poll(() => onDevice(tablet), { timeout: 30_000 }).toEqual(expected);
  expect([...phone.errors, ...tablet.errors]).toEqual([]);
});
