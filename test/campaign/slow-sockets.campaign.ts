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
/**
 * As in a small container. Without a bound the collector lets some hundred megabytes lie before it looks at them for the
 * first time, and what grows would be its patience. What clients need of the heap has to fit, or the gateway dies.
 */
const BOUNDED_HEAP = '--max-old-space-size=128';
const [LARGE, POST] = ['/v1/openapi.json', '/v1/sync/push'];
const QUICK = { lanes: 10, requests: 200 };

let world: World;
let gateway: GatewayProcess;

beforeAll(async () => {
  world = await createWorld('slow_sockets', {
    source: 'CREATE TABLE public.item (id bigint PRIMARY KEY)',
    pipelines: `{ slow_sockets: { source: 'shop', entities: {
      item: { read: { table: 'public.item' }, key: 'id', mirror: 'shop.item', feed: true } } } },
      gateway: { auth: ${AUTH}, port: 0, limits: { address: { requests: 1000000, per: '1 minute' }, device: { requests: 1000000, per: '1 minute' } } }`,
    environment: gatewayEnvironment,
  });
  gateway = await startGatewayProcess({
    config: world.configPath,
    environment: { ...world.environment, NODE_OPTIONS: BOUNDED_HEAP },
  });
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

/** The same requests by clients that wait for nothing: what is made once for all is there afterwards. @returns the most. */
async function warmUp(tokens: readonly string[]): Promise<number> {
  let most = 0;
  const lane = async (token: string): Promise<void> => {
    const headers = { authorization: `Bearer ${token}`, 'content-type': 'application/json' };
    for (let n = 0; n < QUICK.requests; n += 1) {
      for (const [path, sent] of [
        ['/v1/ready', {}],
        [LARGE, {}],
        [POST, { method: 'POST', headers, body: '[]' }],
      ] as const) {
        await (await fetch(`${gateway.url}${path}`, sent)).arrayBuffer();
      }
      most = Math.max(most, await residentBytes());
    }
  };
  await Promise.all(Array.from({ length: QUICK.lanes }, (_, n) => lane(tokens[n % devices] as string)));
  return most;
}

it(`serves others beside ${sockets} clients that keep it waiting, in bounded memory`, async () => {
  const tokens = await Promise.all(
    Array.from({ length: devices }, (_, n) => tokenOf({ device: `slow-${n}` })),
  );
  for (const token of tokens) await registered(gateway, token);
  const before = await warmUp(tokens);
  const slow = await openSlowSockets({
    url: gateway.url,
    count: each,
    token: (n) => tokens[n % devices] as string,
    large: LARGE,
    post: POST,
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
