/** `/v1/runs`: runs that are and were, and steering one. */
import { z } from 'zod';
import { SyncError } from '../../domain/errors.ts';
import { pipelineOf } from '../../service/names.ts';
import { findRun } from '../../service/runs.ts';
import { type SteeringAct, steerRun } from '../../service/steer.ts';
import { readRuns } from '../../store/run-reports.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { instantFrom, instantPart, nextOf, pageOf, pageQuery, placeFrom, textPart } from './paging.ts';
import { name, note, runSchema } from './schemas.ts';

export const runParams = z.object({ id: z.string().min(1).max(100) });

export function runRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.get(
    '/v1/runs',
    {
      config: { access: ['operator'] },
      schema: {
        summary: 'Runs that workers opened, the newest first',
        tags: ['operator'],
        querystring: z.strictObject({
          pipeline: name.optional(),
          before: z.string().max(40).optional().describe('Started before this UTC instant'),
          ...pageQuery,
        }),
        response: { 200: pageOf(runSchema) },
      },
    },
    async ({ query: { pipeline, before, limit, after } }) => {
      const place = placeFrom(after, z.tuple([instantPart, textPart]));
      const runs = await readRuns(deps.store.pool, {
        ...(pipeline !== undefined && { pipeline }),
        before: before === undefined ? null : instantFrom(before, 'before'),
        limit,
        after: place && { startedAt: place[0], runId: place[1] },
      });
      const next = nextOf(runs, { limit, placeOf: ({ startedAt, runId }) => [startedAt, runId] });
      return { items: runs, next };
    },
  );
  app.get(
    '/v1/runs/:id',
    {
      config: { access: ['operator'] },
      schema: {
        summary: 'One run, with what it did so far of each entity',
        tags: ['operator'],
        params: runParams,
        response: { 200: runSchema },
      },
    },
    async ({ params }) => findRun(deps, params.id),
  );
  for (const act of Object.keys(STEERING) as SteeringAct[]) steerRoute(app, deps, act);
}

const STEERING = {
  pause: 'Stop a run between two pieces; it keeps its place',
  resume: 'Let a paused run go on',
  cancel: 'End a run; what is loaded stays, its checkpoint does not move',
} as const satisfies Record<SteeringAct, string>;

function steerRoute(app: GatewayApp, deps: GatewayDeps, act: SteeringAct): void {
  app.post(
    `/v1/runs/:id/${act}`,
    {
      config: { access: ['operator'] },
      schema: {
        summary: STEERING[act],
        tags: ['operator'],
        params: runParams,
        body: z.strictObject({ note }).prefault({}),
        response: { 200: z.object({ runId: z.string(), workflowId: z.string(), status: z.string() }) },
      },
    },
    async ({ params, body, principal }) => {
      const { runId, workflowId, pipeline, status } = await findRun(deps, params.id);
      if (status !== 'RUNNING' && status !== 'WAITING') {
        throw new SyncError('RUN_NOT_FOUND', {
          message: `Run ${runId} is over: ${status}`,
          remedy: 'There is nothing left to steer.',
        });
      }
      const { taskQueue } = pipelineOf(deps.config, pipeline);
      const asked = { by: principal.user, ...(body.note && { note: body.note }) };
      return {
        runId,
        workflowId,
        status: await steerRun(deps.client, { workflowId, taskQueue, act, asked }),
      };
    },
  );
}
