import { once } from 'node:events';
import { createServer } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type GatewayProcess, startGatewayProcess } from '../../dev/gateway-process.ts';
import { startGateway } from '../../src/gateway/start.ts';
import { createLogger } from '../../src/logging.ts';
import { createWorld, type World } from '../e2e/world.ts';
import { AUTH, gatewayEnvironment, SECRET } from './kit.ts';

let world: World;

beforeAll(async () => {
  world = await createWorld('gateway_command', {
    source: 'CREATE TABLE public.item (id bigint PRIMARY KEY)',
    pipelines: `{ gateway_command: { source: 'shop', entities: {
      item: { read: { table: 'public.item' }, key: 'id', mirror: 'shop.item', feed: true } } } },
      gateway: { auth: ${AUTH}, port: 0 }`,
    environment: gatewayEnvironment,
  });
});
afterAll(() => world?.close());

const silent = createLogger({ level: 'silent' });

test('the command serves until it is told to stop, and says no secret', async () => {
  const gateway: GatewayProcess = await startGatewayProcess({
    config: world.configPath,
    environment: world.environment,
  });
  expect(await (await fetch(`${gateway.url}/v1/health`)).json()).toEqual({ status: 'alive' });
  expect(await (await fetch(`${gateway.url}/v1/ready`)).json()).toEqual({ status: 'ready' });
  await gateway.stop();
  expect(await gateway.ended).toBe(0);
  const said = gateway.said.join('\n');
  expect(said).toContain('"gateway stopped"');
  expect(said).not.toContain(SECRET);
  const { password } = new URL(world.environment.DATABASE_URL as string);
  if (password !== '') expect(said).not.toContain(password);
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
