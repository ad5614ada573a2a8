/** `/v1/devices`: who sends changes, and who may not any more. */
import { z } from 'zod';
import { revokeDevice } from '../../service/devices.ts';
import { listDevices } from '../../store/devices.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { instantPart, nextOf, pageOf, pageQuery, placeFrom, textPart } from './paging.ts';
import { instant } from './schemas.ts';

const deviceSchema = z.object({
  id: z.string(),
  user: z.string().nullable(),
  appVersion: z.string().nullable(),
  registeredAt: instant,
  lastPushAt: instant.nullable(),
  lastPullAt: instant.nullable(),
  revokedAt: instant.nullable(),
  revokedBy: z.string().nullable(),
  waiting: z.number().describe('Changes of it that wait for a decision, or behind one'),
});

export function deviceRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.get(
    '/v1/devices',
    {
      config: { access: ['operator'] },
      schema: {
        summary: 'Devices; those that sent last come first',
        tags: ['operator'],
        querystring: z.strictObject(pageQuery),
        response: { 200: pageOf(deviceSchema) },
      },
    },
    async ({ query: { limit, after } }) => {
      const place = placeFrom(after, z.tuple([instantPart.nullable(), textPart]));
      const devices = await listDevices(deps.store.pool, {
        limit,
        after: place && { lastPushAt: place[0], id: place[1] },
      });
      return {
        items: devices,
        next: nextOf(devices, { limit, placeOf: ({ lastPushAt, id }) => [lastPushAt, id] }),
      };
    },
  );
  app.post(
    '/v1/devices/:id/revoke',
    {
      config: { access: ['operator'] },
      schema: {
        summary: 'Refuse whatever a device asks or sends from now on, and what waits of what it sent',
        tags: ['operator'],
        params: z.object({ id: z.string().min(1).max(200) }),
        response: { 200: z.object({ device: z.string(), revokedBy: z.string() }) },
      },
    },
    async ({ params: { id }, principal: { user: by } }) => {
      const { user } = await revokeDevice(deps.store, { id, by });
      deps.access.forget({ device: id, ...(user !== null && { user }) });
      return { device: id, revokedBy: by };
    },
  );
}
