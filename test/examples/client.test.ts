/** The reference client of examples/client on a bad network. */
import { randomUUID } from 'node:crypto';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, type ClientOptions, openClient } from '../../examples/client/client.ts';
import type { State } from '../../examples/client/state.ts';
import { eventually } from '../e2e/world.ts';
import { type AppWorld, appWorld, cleanUp, decide, loginOf } from '../gateway/app-kit.ts';
import { type RunningGateway, startTestGateway, tokenOf } from '../gateway/kit.ts';
import { startProxy, type Proxy as TcpProxy } from '../support/tcp-proxy.ts';

let world: AppWorld;
let folder: string;
let proxy: TcpProxy;
/** Where the proxy leads: gateways come and go. */
const target = { host: '127.0.0.1', port: 0 };
const RETRYING = { attempts: 6, pauseMs: 10, maxPauseMs: 100 };

beforeAll(async () => {
  [world, folder] = [await appWorld('client_example'), await mkdtemp(join(tmpdir(), 'syncline-client-'))];
  target.port = portOf(world.gateway);
  proxy = await startProxy(target);
});
afterAll(async () => {
  await proxy?.close();
  await world?.gateway.stop();
  await world?.close();
  await rm(folder, { recursive: true, force: true });
});

const portOf = ({ url }: RunningGateway): number => Number(new URL(url).port);

type Device = { readonly options: ClientOptions; readonly device: string; readonly token: string };

async function newDevice(changed: Partial<ClientOptions> = {}): Promise<Device> {
  const login = await loginOf(world);
  const options = {
    url: `http://127.0.0.1:${proxy.port}`,
    file: join(folder, `${login.device}.json`),
    entities: ['orders', 'notes'],
    token: () => login.token,
    retrying: RETRYING,
    ...changed,
  };
  return { ...login, options };
}

async function synced(device: Device): Promise<Client> {
  const client = await openClient(device.options);
  await client.sync();
  return client;
}

async function inSource(id: string): Promise<Record<string, unknown> | undefined> {
  const { rows } = await world.source.query('SELECT * FROM shop.orders WHERE id = $1', [id]);
  return rows[0];
}

/** Synchronizes until its row is like that: older transactions of others may hold the feed back for a moment. */
async function pulls(client: Client, ...[entity, id, wanted]: [string, string, object]): Promise<void> {
  await expect
    .poll(() => client.sync().then(() => client.row(entity, id)), { timeout: 30_000 })
    .toMatchObject(wanted);
}

test('edits are made offline, survive a restart of the app, and each gets its verdict', async () => {
  const device = await newDevice();
  const before = await synced(device);
  expect(before.rows('orders')).toHaveLength(30);
  const note = await before.insert('notes', { body: 'offline' });
  await before.update('notes', note, { body: 'offline, twice', stars: 3 });
  const order = await before.insert('orders', { title: 'new', amount: '5.00', qty: 1, region: 'EU' });
  await before.update('orders', '1', { qty: 5_000 });
  await before.update('orders', '2', { amount: '2000.00' });
  await before.remove('orders', '3');
  await before.update('orders', '4', { title: 'fine' });

  const client = await openClient(device.options);
  expect(client.pending()).toHaveLength(7);
  expect(client.row('orders', '1')).toMatchObject({ qty: 5_000 });
  expect(client.row('orders', '3')).toBeUndefined();
  const { results } = await client.sync();
  expect(results.map(({ status }) => status)).toEqual([
    ...['applied', 'applied', 'applied', 'rejected', 'pending_approval', 'applied', 'applied'],
  ]);
  expect(client.pending()).toEqual([]);
  expect(client.row('orders', '1')).toMatchObject({ qty: 1 });
  expect(client.row('orders', '2')).toMatchObject({ amount: '2000.00' });
  expect(client.row('notes', note)).toMatchObject({ body: 'offline, twice', stars: 3 });
  await pulls(client, 'orders', order, { rev: expect.stringMatching(/^1\./) });

  await decide(world, device, { conflictId: results[4]?.conflictId ?? '', decision: 'server' });
  await pulls(client, 'orders', '2', { amount: '10.00' });
  await expect.poll(async () => (await client.sync()).pulled, { timeout: 30_000 }).toBe(0);
});

test('replies are lost, and connections cut in the middle: each edit counts once', async () => {
  const device = await newDevice();
  const client = await synced(device);
  for (const id of ['5', '6', '7', '8']) await client.update('orders', id, { qty: 3 });
  proxy.loseReplies(3);
  const { results } = await client.sync();
  expect(results.map(({ status }) => status)).toEqual(Array(4).fill('applied'));
  expect(await inSource('5')).toMatchObject({ qty: 3 });

  // The connection is cut while workers are at it, for good; the app is killed, and asks again when it is back.
  await client.update('orders', '5', { qty: 4 });
  await client.update('orders', '6', { qty: 2 });
  const hasty = await openClient({ ...device.options, retrying: { ...RETRYING, attempts: 1 } });
  await hasty.sync().catch(() => undefined);
  proxy.stall();
  const again = await openClient({ ...device.options, retrying: { ...RETRYING, attempts: 1 } });
  await again.update('orders', '7', { title: 'cut off' });
  const cut = again.sync();
  cut.catch(() => undefined);
  proxy.dropAll();
  await expect(cut).rejects.toThrow();
  proxy.resume();
  const later = await synced(device);
  expect(later.pending()).toEqual([]);
  expect(await inSource('5')).toMatchObject({ qty: 4 });
  expect(await inSource('6')).toMatchObject({ qty: 2 });
  expect(await inSource('7')).toMatchObject({ title: 'cut off', qty: 3 });
});

test('what was on its way when the app ended is asked for again, as it was, before anything is pulled', async () => {
  const device = await newDevice();
  const client = await synced(device);
  await client.update('orders', '9', { title: 'of mine', qty: 4 });
  const hasty = await openClient({ ...device.options, retrying: { ...RETRYING, attempts: 1 } });
  // The registration and the pull of two entities are answered; the push is not.
  const calls = countReplies();
  await calls.loseThe(4, async () => {
    await expect(hasty.sync()).rejects.toThrow();
  });
  const file = JSON.parse(await readFile(device.options.file, 'utf8')) as State;
  expect(file.sending).toMatchObject({ count: 1 });
  await eventually(async () => (await inSource('9'))?.title === 'of mine', 'it was applied');
  const other = await synced(await newDevice());
  await pulls(other, 'orders', '9', { title: 'of mine' });
  await other.update('orders', '9', { title: 'later, of others' });
  await other.sync();

  const later = await openClient(device.options);
  await later.update('orders', '9', { amount: '11.00' });
  expect((await later.sync()).results).toMatchObject([{ status: 'applied' }, { status: 'merged' }]);
  await pulls(later, 'orders', '9', { title: 'later, of others', qty: 4, amount: '11.00' });
});

/** Replies in the order in which the client asks, one request at a time. */
function countReplies(): { loseThe(nth: number, work: () => Promise<void>): Promise<void> } {
  return {
    loseThe: async (nth, work) => {
      let asked = 0;
      const { app } = world.gateway;
      const original = globalThis.fetch;
      globalThis.fetch = (input, init) => {
        asked += 1;
        if (asked === nth) proxy.loseReplies(1);
        return original(input, init);
      };
      try {
        await work();
      } finally {
        globalThis.fetch = original;
      }
      expect(app.server.listening).toBe(true);
    },
  };
}

test('the gateway is restarted in the middle', async () => {
  const client = await synced(await newDevice({ retrying: { ...RETRYING, attempts: 50 } }));
  const note = await client.insert('notes', { body: 'before' });
  await world.gateway.stop();
  const syncing = client.sync();
  const next = await startTestGateway(world);
  target.port = portOf(next);
  world = { ...world, gateway: next };
  expect((await syncing).results).toMatchObject([{ id: note, status: 'applied' }]);
});

test('a clock that is an hour ahead: its edits are stamped anew, in their order', async () => {
  const device = await newDevice();
  await synced(device);
  const file = JSON.parse(await readFile(device.options.file, 'utf8')) as State;
  await writeFile(
    device.options.file,
    JSON.stringify({ ...file, clock: { last: null, offsetMs: 3_600_000 } }),
  );
  const client = await openClient(device.options);
  await client.update('orders', '10', { title: 'first' });
  await client.update('orders', '10', { title: 'second' });
  const note = await client.insert('notes', { body: 'third' });
  const { results } = await client.sync();
  expect(results).toMatchObject([
    { id: '10', status: 'applied' },
    { id: '10', status: 'applied' },
    { id: note, status: 'applied' },
  ]);
  expect(await inSource('10')).toMatchObject({ title: 'second' });
});

test('410: everything is fetched again, and edits that were not pushed are kept', async () => {
  const device = await newDevice();
  const client = await synced(device);
  const other = await synced(await newDevice());
  for (const id of ['12', '13']) await other.remove('orders', id);
  await other.sync();
  expect(await cleanUp(world)).toBeGreaterThan(0);
  await client.update('orders', '12', { title: 'deleted there' });
  await client.update('orders', '11', { title: 'kept' });
  const { results } = await client.sync();
  expect(results).toMatchObject([
    { id: '12', status: 'conflict' },
    { id: '11', status: 'applied' },
  ]);
  expect([client.row('orders', '12'), client.row('orders', '13')]).toEqual([undefined, undefined]);
  expect(client.rows('orders')).toHaveLength(other.rows('orders').length);
});

test('an app that is too old is told so; tokens are fetched anew; edits too large for one request are split', async () => {
  const { settings } = world.gateway.deps;
  const strict = (secret: string): Promise<RunningGateway> =>
    startTestGateway(world, {
      settings: {
        ...settings,
        minAppVersion: '2.0.0',
        maxBodyBytes: 3_000,
        auth: { ...settings.auth, deviceTokens: { secret, lifetimeMs: 600_000 } },
      },
    });
  const gateways = [await strict('a secret of the tests, of thirty-two characters')];
  try {
    target.port = portOf(gateways[0] as RunningGateway);
    proxy.dropAll();
    let asked = 0;
    const user = await tokenOf({ user: 'anna', claims: { regions: ['EU'] } });
    const options: ClientOptions = {
      url: `http://127.0.0.1:${proxy.port}`,
      file: join(folder, `${randomUUID()}.json`),
      entities: ['notes'],
      deviceId: `chosen-${randomUUID()}`,
      token: () => {
        asked += 1;
        return user;
      },
      retrying: RETRYING,
    };
    const old = await openClient({ ...options, appVersion: '1.9.9' });
    await expect(old.sync()).rejects.toMatchObject({ status: 426, code: 'APP_TOO_OLD' });
    const client = await openClient({ ...options, appVersion: '2.0.1' });
    await client.sync();
    expect(asked).toBe(2);
    for (let n = 0; n < 20; n += 1) await client.insert('notes', { body: `${n} `.repeat(60) });
    await client.insert('notes', { body: 'x'.repeat(4_000) });
    // What the device has for a token is worth nothing here.
    const next = await strict('another secret of the tests, of thirty-two characters');
    gateways.push(next);
    target.port = portOf(next);
    proxy.dropAll();
    const { results } = await client.sync();
    expect(asked).toBe(3);
    expect(results.slice(0, 20).every(({ status }) => status === 'applied')).toBe(true);
    expect(results[20]).toMatchObject({ status: 'rejected', problem: { code: 'BODY_TOO_LARGE' } });
    expect(client.pending()).toEqual([]);
  } finally {
    await Promise.all(gateways.map((gateway) => gateway.stop()));
  }
});
