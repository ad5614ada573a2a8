import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { type GatewayProcess, startGatewayProcess } from '../../dev/gateway-process.ts';
import { createWorld, type World } from '../e2e/world.ts';
import { AUTH, gatewayEnvironment, registered, tokenOf } from '../gateway/kit.ts';
import { openSlowSockets, SLOW_WAYS } from '../gateway/slow-sockets.ts';
import { campaignCount } from './counts.ts';

const sockets = campaignCount('CAMPAIGN_SOCKETS');
const each = Math.ceil(sockets / SLOW_WAYS.length);
/** Fewer would be refused for what they have under way at a time. */
const devices = Math.ceil(each / 15);
const MAX_GROWN_BYTES = 100_000_000;

let world: World;
let gateway: GatewayProcess;

beforeAll(async () => {
  world = await createWorld('slow_sockets', {
    source: 'CREATE TABLE public.item (id bigint PRIMARY KEY)',
    pipelines: `{ slow_sockets: { source: 'shop', entities: {
      item: { read: { table: 'public.item' }, key: 'id', mirror: 'shop.item', feed: true } } } },
      gateway: { auth: ${AUTH}, port: 0, limits: { address: { requests: 1000000, per: '1 minute' } } }`,
    environment: gatewayEnvironment,
  });
  gateway = await startGatewayProcess({ config: world.configPath, environment: world.environment });
});
afterAll(async () => {
  await gateway?.stop();
  await world?.close();
});

/** Of the gateway's process. */
async function residentBytes(): Promise<number> {
  const status = await readFile(`/proc/${gateway.pid}/status`, 'utf8');
  return Number(/VmRSS:\s+(\d+)/.exec(status)?.[1]) * 1_024;
}

it(`serves others beside ${sockets} clients that keep it waiting, in bounded memory`, async () => {
  const tokens = await Promise.all(
    Array.from({ length: devices }, (_, n) => tokenOf({ device: `slow-${n}` })),
  );
  for (const token of tokens) await registered(gateway, token);
  const before = await residentBytes();
  const slow = await openSlowSockets({
    url: gateway.url,
    count: each,
    token: (n) => tokens[n % devices] as string,
    large: '/v1/openapi.json',
    post: '/v1/sync/push',
  });
  const cutOff = Promise.all([slow.told.head, slow.told.body]);
  let [isOver, most, served] = [false, 0, 0];
  const serving = (async () => {
    while (!isOver) {
      expect((await fetch(`${gateway.url}/v1/ready`)).status).toBe(200);
      most = Math.max(most, await residentBytes());
      served += 1;
    }
  })();
  const told = await cutOff;
  isOver = true;
  await serving;
  slow.stop();
  expect(new Set(told.flat())).toEqual(new Set(['HTTP/1.1 408 Request Timeout']));
  expect(served).toBeGreaterThan(100);
  expect(most - before).toBeLessThan(MAX_GROWN_BYTES);
});
