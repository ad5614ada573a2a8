import { afterAll, beforeAll, expect, test } from 'vitest';
import { createWorld, type World } from '../e2e/world.ts';
import { AUTH, gatewayEnvironment, type RunningGateway, startTestGateway } from './kit.ts';

let world: World;
let gateway: RunningGateway;

beforeAll(async () => {
  world = await createWorld('gateway_health', {
    source: 'CREATE TABLE public.item (id bigint PRIMARY KEY)',
    pipelines: `{ gateway_health: { source: 'shop', entities: {
      item: { read: { table: 'public.item' }, key: 'id', mirror: 'shop.item', feed: true } } } }, gateway: { auth: ${AUTH} }`,
    environment: gatewayEnvironment,
  });
  gateway = await startTestGateway(world);
});
afterAll(async () => {
  await gateway?.stop();
  await world?.close();
});

test('says that it lives and that it is ready', async () => {
  expect(await (await fetch(`${gateway.url}/v1/health`)).json()).toEqual({ status: 'alive' });
  expect(await (await fetch(`${gateway.url}/v1/ready`)).json()).toEqual({ status: 'ready' });
});

test('answers an unknown path with problem details', async () => {
  const reply = await fetch(`${gateway.url}/v1/nothing`);
  expect(reply.status).toBe(404);
  expect(reply.headers.get('content-type')).toContain('application/problem+json');
  expect(await reply.json()).toMatchObject({ status: 404, code: 'NOT_FOUND' });
});
