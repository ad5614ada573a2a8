/** `GET /v1/sync/metrics`: how devices are served, for those who look after it. */
import { z } from 'zod';
import { FIGURES_OF, readUploadFigures } from '../../store/upload-figures.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { stampReply } from '../device/server-hlc.ts';
import { metricsOf, WINDOW_MS } from '../request-metrics.ts';

const counts = z.record(z.string(), z.int());

const REPLY = z.object({
  window: z
    .object({
      seconds: z.int(),
      routes: z.array(
        z.object({
          route: z.string(),
          requests: z.int(),
          byStatus: counts,
          p50Ms: z.number().describe('To 9 %'),
          p99Ms: z.number(),
        }),
      ),
    })
    .describe('Requests of this gateway in the last minutes; streams are left out'),
  sinceStart: z
    .object({ rowsPulled: z.int(), rowsPushed: z.int(), eventsSent: z.int() })
    .describe('Of this gateway, since its process began'),
  uploads: z
    .object({
      verdicts: counts.describe(`Of the newest ${FIGURES_OF} mutations`),
      conflictsByPolicy: counts.describe(
        'Those of them that clashed, by what decided: a policy (`manual`, `rules`: a person was asked), `rule:<name>`',
      ),
      since: z.string().nullable().describe('When the oldest of those mutations was decided'),
      openConflicts: z.int(),
      waitingMutations: z.int(),
    })
    .describe('Of all gateways, from the store'),
  serverHlc: z.string(),
});

export function metricsRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.get(
    '/v1/sync/metrics',
    {
      config: { access: ['operator'] },
      schema: {
        summary: 'Requests and their times, rows, verdicts, conflicts by policy',
        tags: ['operator'],
        response: { 200: REPLY },
      },
    },
    async (_request, reply) => {
      const { counters, routes } = metricsOf(deps).read();
      const uploads = await readUploadFigures(deps.store.pool);
      reply.header('cache-control', 'no-store');
      return {
        window: { seconds: WINDOW_MS / 1_000, routes: [...routes] },
        sinceStart: counters,
        uploads,
        serverHlc: await stampReply(deps, reply),
      };
    },
  );
}
