/** Whatever devices did, lost and repeated, and whatever was purged, moved and granted meanwhile: all have what SQL says. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { countOr } from '../campaign/counts.ts';
import { startProxy, type Proxy as TcpProxy } from '../support/tcp-proxy.ts';
import { type AppWorld, appWorld } from './app-kit.ts';
import { play, steps } from './convergence-kit.ts';

const sequences = countOr(3, 'CAMPAIGN_DEVICE_SEQUENCES');

const stories = fc
  .integer({ min: 3, max: 5 })
  .chain((devices) => steps(devices).map((script) => ({ devices, script })));

let world: AppWorld;
let proxy: TcpProxy;
let folder: string;

beforeAll(async () => {
  [world, folder] = [
    await appWorld('gateway_convergence'),
    await mkdtemp(join(tmpdir(), 'syncline-devices-')),
  ];
  proxy = await startProxy({ host: '127.0.0.1', port: Number(new URL(world.gateway.url).port) });
});
afterAll(async () => {
  await proxy?.close();
  await world?.gateway.stop();
  await world?.close();
  await rm(folder, { recursive: true, force: true });
});

test(`${sequences} sequences: each device has the rows of its scope, as the mirror has them`, {
  // Longer than what it waits for, which says more when it does not come.
  timeout: 30 * 60_000,
}, async () => {
  await fc.assert(
    fc.asyncProperty(stories, async ({ devices, script }) => {
      for (const { held, expected } of await play({ world, proxy, folder, devices }, script)) {
        expect(held).toEqual(expected);
      }
    }),
    // The world goes on between runs: a shorter script is another story.
    { numRuns: sequences, endOnFailure: true },
  );
});
