/** `GET /v1/status`: what runs, how fresh the mirrors are, and what holds anything back. */
import { z } from 'zod';
import { pipelineReports } from '../../service/pipelines.ts';
import { gatherStatus } from '../../service/status.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { listOf } from './paging.ts';
import { pipelineSchema } from './pipelines.ts';
import { failureSchema, instant, runSchema } from './schemas.ts';

const entityStatusSchema = z.object({
  entity: z.string(),
  pipeline: z.string(),
  watermark: instant.nullable(),
  ageSeconds: z.number().nullable().describe('From the watermark to now'),
  needsFull: z.boolean(),
  quarantined: z.number(),
  waitingForRefresh: z.number(),
  lastRun: z
    .object({
      runId: z.string(),
      mode: z.string(),
      status: z.string(),
      startedAt: z.string(),
      finishedAt: z.string().nullable(),
      error: failureSchema.nullable(),
    })
    .nullable(),
  degraded: listOf(z.object({ code: z.string(), message: z.string() })),
});

const temporalSchema = z.union([
  z.object({
    answers: z.literal(true),
    waiting: listOf(
      z.object({
        workflowId: z.string(),
        pipeline: z.string(),
        mode: z.string(),
        startedAt: z.string(),
      }),
    ).describe('Runs that wait for their turn, or for a worker'),
    queuesWithoutWorker: listOf(z.string()),
  }),
  z.object({ answers: z.literal(false), message: z.string() }),
]);

const statusSchema = z.object({
  running: listOf(runSchema),
  pipelines: listOf(pipelineSchema),
  entities: listOf(entityStatusSchema),
  sources: listOf(
    z.object({
      source: z.string(),
      failures: z.number(),
      openUntil: instant.nullable(),
      lastError: failureSchema.nullable(),
    }),
  ).describe('Those that failed since they last worked'),
  feedLag: z
    .object({ seconds: z.number(), pid: z.number().nullable(), application: z.string().nullable() })
    .describe('How long the oldest open transaction of the store has held back the feed, and whose it is'),
  temporal: temporalSchema,
});

export function statusRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.get(
    '/v1/status',
    {
      config: { access: ['operator'] },
      schema: {
        summary: 'What runs, how fresh the mirrors are, and what holds them back',
        tags: ['operator'],
        response: { 200: statusSchema },
      },
    },
    async () => {
      const context = { config: deps.config, store: deps.store, temporal: async () => deps.client };
      const [status, pipelines] = await Promise.all([
        gatherStatus(context),
        pipelineReports(deps, Object.values(deps.config.pipelines)),
      ]);
      return { ...status, pipelines };
    },
  );
}
