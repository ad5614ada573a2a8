/** `GET /v1/sync/status`: how the calling device stands. */
import { z } from 'zod';
import type { Principal } from '../../domain/access/principal.ts';
import { SyncError } from '../../domain/errors.ts';
import { countBehind, type DeviceStatus, MOST_BEHIND, readDeviceStatus } from '../../store/device-status.ts';
import { readFeedHeads } from '../../store/feed-head.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { servedEntities } from '../served-entity.ts';
import { openReadings, readWithin } from './feed-reading.ts';
import { flushPulls } from './pull-notes.ts';
import { stampReply } from './server-hlc.ts';

const time = z.string().nullable();

const ENTITY = z.object({
  entity: z.string(),
  lastPullAt: time,
  rowsBehind: z
    .int()
    .nullable()
    .describe(`Rows that changed since, about, ${MOST_BEHIND} at most; null: it was never pulled`),
  feedLagMs: z
    .int()
    .describe('How long changes wait at the server before they can be pulled, since an older write goes on'),
});

const REPLY = z.object({
  device: z.string(),
  appVersion: z.string().nullable(),
  registeredAt: z.string(),
  lastPullAt: time,
  lastPushAt: time,
  pendingMutations: z.int().describe('Came, and have no verdict yet'),
  heldMutations: z.int().describe('Wait for a person'),
  parkedMutations: z.int().describe('Wait behind those'),
  openConflicts: z.int(),
  entities: z.array(ENTITY).describe('Entities that are not loaded yet are left out'),
  serverHlc: z.string(),
});

export function statusRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.get(
    '/v1/sync/status',
    {
      config: { access: ['device'] },
      schema: {
        summary: 'How far the calling device is behind, and what of it waits',
        tags: ['device'],
        response: { 200: REPLY },
      },
    },
    async (request, reply) => {
      const { device } = request.principal;
      // What was noted here in the last seconds is known at once; what other gateways noted, in some seconds.
      await flushPulls(deps);
      const status = device === null ? null : await readDeviceStatus(deps.store.pool, device);
      if (device === null || status === null) {
        throw new SyncError('DEVICE_UNKNOWN', { message: 'The token names no device that is registered' });
      }
      const { feeds, ...rest } = status;
      const entities = await entitiesOf(deps, request.principal, feeds);
      reply.header('cache-control', 'no-store');
      return { device, ...rest, entities, serverHlc: await stampReply(deps, reply) };
    },
  );
}

async function entitiesOf(
  deps: GatewayDeps,
  principal: Principal,
  feeds: DeviceStatus['feeds'],
): Promise<z.output<typeof ENTITY>[]> {
  const names = [...servedEntities(deps.config).keys()];
  const readings = await openReadings(deps, principal, names);
  return readWithin(deps, readings, async (client) => {
    const heads = await readFeedHeads(
      client,
      readings.map(({ entity }) => entity),
    );
    const found: z.output<typeof ENTITY>[] = [];
    for (const { entity, scope } of readings) {
      const name = entity.spec.entity;
      const feed = Object.hasOwn(feeds, name) ? feeds[name] : undefined;
      const at = { xid: feed?.xid ?? '0', partitions: scope.partitions };
      found.push({
        entity: name,
        lastPullAt: feed?.at ?? null,
        rowsBehind: feed === undefined ? null : await countBehind(client, entity, at),
        feedLagMs: heads.get(name)?.lagMs ?? 0,
      });
    }
    return found;
  });
}
