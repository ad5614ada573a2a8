/** `/v1/pipelines`: what runs together, and starting it. */
import { z } from 'zod';
import { startRun } from '../../client.ts';
import type { SyncPipelineInput } from '../../domain/run.ts';
import { pipelineOf } from '../../service/names.ts';
import { entityReports, pipelineReports } from '../../service/pipelines.ts';
import { awaitRun, checkEntities, refuseBesideActive } from '../../service/runs.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { instantFrom, listOf } from './paging.ts';
import { failureSchema, instant, name, summarySchema } from './schemas.ts';

const MAX_WAIT_S = 60;

const scheduleSchema = z.object({
  every: z.number().optional().describe('Milliseconds'),
  cron: z.string().optional(),
  timeZone: z.string(),
});

export const pipelineSchema = z.object({
  pipeline: z.string(),
  source: z.string(),
  taskQueue: z.string(),
  schedule: z.object({ incremental: scheduleSchema.nullable(), full: scheduleSchema.nullable() }),
  entities: listOf(z.string()),
  lastRun: z
    .object({
      runId: z.string(),
      mode: z.string(),
      status: z.string(),
      trigger: z.string(),
      requestedBy: z.string().nullable(),
      startedAt: instant,
      finishedAt: instant.nullable(),
      error: failureSchema.nullable(),
    })
    .nullable()
    .describe('The run that began last; it may be under way'),
  nextRuns: z.object({ incremental: instant.nullable(), full: instant.nullable() }),
});

const entitySchema = z.object({
  entity: z.string(),
  mirror: z.string(),
  key: listOf(z.string()),
  increments: z.enum(['changedAt', 'capture']).nullable().describe('null: only full runs read it'),
  feed: z.boolean().describe('Whether devices get it'),
  writeBack: z.enum(['source', 'mirror']).nullable(),
  watermark: instant.nullable(),
  needsFull: z.boolean(),
});

const runBody = z
  .strictObject({
    mode: z.enum(['full', 'incremental']).default('incremental'),
    entities: z.array(name).min(1).max(500).optional().describe('Only these'),
    since: z
      .string()
      .max(40)
      .optional()
      .describe('Only rows changed since this UTC instant; tombstones nothing'),
    maxRows: z
      .int()
      .min(1)
      .optional()
      .describe('Stop each entity after about so many rows; tombstones nothing'),
    allowMassDelete: z.boolean().optional().describe('Let it tombstone more rows than the guard allows'),
  })
  .prefault({});

const startedSchema = z.object({ runId: z.string(), workflowId: z.string() });

export function pipelineRoutes(app: GatewayApp, deps: GatewayDeps): void {
  const config = { access: ['operator'] as const };
  app.get(
    '/v1/pipelines',
    {
      config,
      schema: {
        summary: 'Pipelines, with what ran last and what comes next',
        tags: ['operator'],
        response: { 200: z.object({ items: listOf(pipelineSchema) }) },
      },
    },
    async () => ({ items: await pipelineReports(deps, Object.values(deps.config.pipelines)) }),
  );
  app.get(
    '/v1/pipelines/:name',
    {
      config,
      schema: {
        summary: 'One pipeline with its entities',
        tags: ['operator'],
        params: z.object({ name }),
        response: {
          200: pipelineSchema.omit({ entities: true }).extend({ entities: listOf(entitySchema) }),
        },
      },
    },
    async ({ params }) => {
      const spec = pipelineOf(deps.config, params.name);
      const [[report], entities] = await Promise.all([
        pipelineReports(deps, [spec]),
        entityReports(deps, spec),
      ]);
      const { entities: _, ...pipeline } = report as NonNullable<typeof report>;
      return { ...pipeline, entities };
    },
  );
  startRoute(app, deps);
}

function startRoute(app: GatewayApp, deps: GatewayDeps): void {
  app.post(
    '/v1/pipelines/:name/runs',
    {
      config: { access: ['operator'] },
      schema: {
        summary: 'Start a run',
        description:
          'RUN_ACTIVE names the run that is under way: of this pipeline and mode, or of this pipeline, to which an increment would yield. A run that ended badly within `wait` is a reply like any other: its `status` says so.',
        tags: ['operator'],
        params: z.object({ name }),
        querystring: z.strictObject({
          wait: z.coerce.number().min(0).max(MAX_WAIT_S).default(0).describe('Seconds to wait for its end'),
        }),
        body: runBody,
        response: {
          200: startedSchema.extend({ summary: summarySchema }).describe('It ended within `wait`'),
          202: startedSchema.describe('It goes on'),
        },
      },
    },
    async ({ params, query, body, principal }, reply) => {
      const spec = pipelineOf(deps.config, params.name);
      checkEntities(spec, body.entities ?? []);
      const input = inputOf(spec.pipeline, body);
      await refuseBesideActive(deps.client, input);
      const run = await startRun(deps.client, deps.config, {
        ...input,
        requestedBy: principal.user,
        trigger: 'http',
      });
      reply.header('location', `/v1/runs/${run.runId}`);
      const waiting = query.wait > 0 && awaitRun(deps.client, run, { waitMs: query.wait * 1_000 });
      // A gateway that ends keeps nobody waiting: the run goes on without it.
      const summary = waiting ? await Promise.race([waiting, ended(app.draining)]) : null;
      if (summary === null) return reply.code(202).send(run);
      return reply.code(200).send({ ...run, summary });
    },
  );
}

function ended(signal: AbortSignal): Promise<null> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve(null);
    signal.addEventListener('abort', () => resolve(null), { once: true });
  });
}

type RunBody = z.output<typeof runBody>;

function inputOf(
  pipeline: string,
  { mode, entities, since, maxRows, allowMassDelete }: RunBody,
): SyncPipelineInput {
  return {
    ...{ pipeline, mode },
    ...(entities && { entities: [...new Set(entities)] }),
    ...(since !== undefined && { since: instantFrom(since, 'since') }),
    ...(maxRows !== undefined && { maxRows }),
    ...(allowMassDelete && { allowMassDelete }),
  };
}
