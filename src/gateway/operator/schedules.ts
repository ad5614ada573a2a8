/** `/v1/schedules`: what starts runs by the clock. */
import { z } from 'zod';
import {
  applySchedules,
  listSchedules,
  pauseSchedule,
  resumeSchedule,
  triggerSchedule,
} from '../../schedules.ts';
import { pipelineOf } from '../../service/names.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { listOf } from './paging.ts';
import { instant, name, note } from './schemas.ts';

const scheduleSchema = z.object({
  scheduleId: z.string(),
  pipeline: z.string(),
  mode: z.enum(['full', 'incremental']),
  when: z.string(),
  timeZone: z.string(),
  paused: z.boolean(),
  note: z.string(),
  nextRuns: listOf(instant),
});

const changeSchema = z.object({ action: z.enum(['created', 'updated', 'removed']), scheduleId: z.string() });

const target = z.object({ name, mode: z.enum(['full', 'incremental']) });

const ACTS = {
  pause: { act: pauseSchedule, summary: 'Start no runs by the clock until it is resumed' },
  resume: { act: resumeSchedule, summary: 'Let a paused schedule go on' },
  trigger: { act: triggerSchedule, summary: 'Start its run now, unless its last one is still under way' },
} as const;

export function scheduleRoutes(app: GatewayApp, deps: GatewayDeps): void {
  const config = { access: ['operator'] as const };
  app.get(
    '/v1/schedules',
    {
      config,
      schema: {
        summary: 'Schedules and their next times',
        tags: ['operator'],
        response: { 200: z.object({ items: listOf(scheduleSchema) }) },
      },
    },
    async () => {
      const schedules = await listSchedules(deps.client);
      // Other installations may have theirs in the same namespace.
      return { items: schedules.filter(({ pipeline }) => Object.hasOwn(deps.config.pipelines, pipeline)) };
    },
  );
  app.post(
    '/v1/schedules/apply',
    {
      config,
      schema: {
        summary: 'Make Temporal’s schedules those of the configuration',
        tags: ['operator'],
        body: z.strictObject({ pipeline: name.optional().describe('Only of this one') }).prefault({}),
        response: { 200: z.object({ changes: listOf(changeSchema) }) },
      },
    },
    async ({ body }) => {
      const pipeline = body.pipeline === undefined ? null : pipelineOf(deps.config, body.pipeline).pipeline;
      return { changes: await applySchedules(deps.client, deps.config, { pipeline }) };
    },
  );
  for (const [name, { act, summary }] of Object.entries(ACTS)) {
    app.post(
      `/v1/pipelines/:name/schedules/:mode/${name}`,
      {
        config,
        schema: {
          summary,
          tags: ['operator'],
          params: target,
          body: z.strictObject({ note }).prefault({}),
          response: { 200: z.object({ pipeline: z.string(), mode: z.string(), done: z.string() }) },
        },
      },
      async ({ params: { name: asked, mode }, body, principal }) => {
        const { pipeline } = pipelineOf(deps.config, asked);
        await act(deps.client, { pipeline, mode, note: body.note ?? `by ${principal.user}` });
        return { pipeline, mode, done: name };
      },
    );
  }
}
