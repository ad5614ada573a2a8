/** `GET /v1/explain/{entity}/{key}`: how a row came to be as it is. */
import { z } from 'zod';
import { explain } from '../../service/explain.ts';
import { entityOf } from '../../service/names.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { listOf } from './paging.ts';
import { instant, key, name } from './schemas.ts';
import { scopesOf } from './visible.ts';

const storySchema = z.object({
  entity: z.string(),
  key: z.string(),
  ids: listOf(z.string()).describe('All names of the row, on devices too'),
  row: z
    .object({
      version: z.string(),
      deletedAt: instant.nullable(),
      modifiedAt: instant.nullable(),
      modifiedBy: z.string().nullable(),
      origin: z.string().nullable().describe('The device that wrote it last'),
      stamps: z
        .record(z.string(), z.object({ hlc: z.string().nullable(), xid: z.string() }))
        .describe('Version and clock of each field’s last change; `*` stands for all others'),
    })
    .nullable()
    .describe('null: the mirror has no such row'),
  reads: z.object({
    lastRun: z
      .object({
        runId: z.string(),
        workflowId: z.string(),
        mode: z.string(),
        status: z.string(),
        finishedAt: instant.nullable(),
      })
      .nullable(),
    watermark: instant.nullable(),
    refresh: z.string().nullable().describe('Why the next run reads it again'),
    quarantined: z.string().nullable(),
  }),
  history: listOf(
    z.object({
      at: instant,
      kind: z.string(),
      what: z.string(),
      by: z.string().nullable(),
      workflowId: z.string().nullable(),
    }),
  ).describe('The latest lines, the oldest first'),
});

export function explainRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.get(
    '/v1/explain/:entity/:key',
    {
      config: { access: ['approver', 'operator'] },
      schema: {
        summary: 'How a row came to be as it is: reads, changes, verdicts, conflicts; without values',
        tags: ['operator'],
        params: z.object({ entity: name, key: key.describe('Its key, or the id that its device gave it') }),
        querystring: z.strictObject({ limit: z.coerce.number().int().min(1).max(1_000).default(100) }),
        response: { 200: storySchema },
      },
    },
    async ({ params, query: { limit }, principal }) => {
      const spec = entityOf(deps.config, params.entity);
      const scope = await scopesOf(deps, principal)(spec.entity);
      return explain(deps.store, spec, { name: params.key, limit, scope });
    },
  );
}
