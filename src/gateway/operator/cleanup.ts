/** `POST /v1/sync/cleanup`: tombstones that devices had time enough to hear of are removed by a worker. */
import { z } from 'zod';
import { cleanUp } from '../../service/clean-up.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { listOf } from './paging.ts';

/** Shorter than the patience of proxies. */
const WAIT_MS = 55_000;
const DAY_MS = 86_400_000;
const MAX_DAYS = 3_650;

const bodySchema = z
  .strictObject({
    days: z
      .int()
      .min(0)
      .max(MAX_DAYS)
      .optional()
      .describe('Of which age; by default that of the configuration, 30 days'),
    dryRun: z.boolean().optional().describe('Count only'),
  })
  .prefault({});

const countsSchema = z.object({
  entity: z.string(),
  tombstones: z.number().describe('Deleted rows'),
  exits: z.number().describe('Notes of rows that left somebody’s sight'),
});

export function cleanUpRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.post(
    '/v1/sync/cleanup',
    {
      config: { access: ['operator'] },
      schema: {
        summary: 'Remove tombstones of an age',
        description: 'Devices that were away longer fetch all again: their next pull says 410.',
        tags: ['operator'],
        body: bodySchema,
        response: {
          200: z.object({ dryRun: z.boolean(), keptDays: z.number(), items: listOf(countsSchema) }),
        },
      },
    },
    async ({ body }) => {
      const dryRun = body.dryRun === true;
      const keptMs = body.days === undefined ? deps.settings.tombstones.keptMs : body.days * DAY_MS;
      const mode = dryRun ? 'count' : 'remove';
      const items = await cleanUp(deps, { keptMs, mode, waitMs: WAIT_MS });
      return { dryRun, keptDays: keptMs / DAY_MS, items: [...items] };
    },
  );
}
