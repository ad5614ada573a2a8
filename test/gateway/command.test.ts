import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GatewayProcess, startGatewayProcess } from '../../dev/gateway-process.ts';
import { startGateway } from '../../src/gateway/start.ts';
import { createLogger } from '../../src/logging.ts';
import { entitiesOf } from '../../src/service/names.ts';
import { setUpReader } from '../../src/store/reader-setup.ts';
import { createReader, createWorld, type World } from '../e2e/world.ts';
import { AUTH, gatewayEnvironment, registered, SECRET, tokenOf } from './kit.ts';

let world: World;
/** The gateway's own: it owns nothing. */
let login: Awaited<ReturnType<typeof createReader>>;

beforeAll(async () => {
  world = await createWorld('gateway_command', {
    source: 'CREATE TABLE public.item (id bigint PRIMARY KEY)',
    pipelines: `{ gateway_command: { source: 'shop', entities: {
      item: { read: { table: 'public.item' }, key: 'id', mirror: 'shop.item', feed: true } } } },
      gateway: { auth: ${AUTH}, port: 0, store: { url: env('READER_URL') } }`,
    environment: gatewayEnvironment,
  });
  login = await createReader(world);
  await setUpReader(world.store, { login: login.login, entities: entitiesOf(world.config) });
});
afterAll(async () => {
  await login?.drop();
  await world?.close();
});

const silent = createLogger({ level: 'silent' });

test('the command serves until it is told to stop, and says no secret', async () => {
  const gateway: GatewayProcess = await startGatewayProcess({
    config: world.configPath,
    environment: world.environment,
  });
  expect(await (await fetch(`${gateway.url}/v1/health`)).json()).toEqual({ status: 'alive' });
  expect(await (await fetch(`${gateway.url}/v1/ready`)).json()).toEqual({ status: 'ready' });
  const token = await tokenOf({ device: 'phone' });
  expect(await registered(gateway, token)).toMatchObject({ deviceId: 'phone', userId: 'anna' });
  const pull = await fetch(`${gateway.url}/v1/sync/item/pull`, {
    headers: { authorization: `Bearer ${token}` },
  });
  expect(await pull.json()).toMatchObject({ status: 503, code: 'ENTITY_NOT_READY' });
  await gateway.stop();
  expect(await gateway.ended).toBe(0);
  const said = gateway.said.join('\n');
  expect(said).toContain('"gateway stopped"');
  expect(said).not.toContain(SECRET);
  for (const name of ['DATABASE_URL', 'READER_URL']) {
    const { password } = new URL(world.environment[name] as string);
    if (password !== '') expect(said).not.toContain(password);
  }
});

test('several serve side by side, and one ends without the others', async () => {
  const [one, two] = await Promise.all(
    [1, 2].map(() => startGateway({ config: world.config, logger: silent })),
  );
  expect(one?.url).not.toBe(two?.url);
  await one?.stop();
  expect((await fetch(`${two?.url}/v1/ready`)).status).toBe(200);
  await two?.stop();
});

test('a port that is taken, and a configuration without a gateway, are said', async () => {
  const taken = createServer().listen(0, '127.0.0.1');
  await once(taken, 'listening');
  const { port } = taken.address() as { port: number };
  await expect(startGateway({ config: world.config, port, logger: silent })).rejects.toMatchObject({
    code: 'LISTEN_FAILED',
    message: expect.stringContaining('EADDRINUSE'),
  });
  taken.close();
  const none = { ...world.config, gateway: null };
  await expect(startGateway({ config: none, logger: silent })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  });
});
