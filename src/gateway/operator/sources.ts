/** `/v1/sources`: sources by name. How one connects to them is told nobody. */
import { z } from 'zod';
import { listKinds } from '../../connectors/kinds.ts';
import { listSources, testSource } from '../../service/sources.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { listOf } from './paging.ts';
import { failureSchema, findingSchema, instant, name } from './schemas.ts';

/** Long enough for a source that is slow to describe itself, shorter than the patience of proxies. */
const TEST_WAIT_MS = 55_000;

const sourceSchema = z.object({
  name: z.string(),
  kind: z.string(),
  timeZone: z.string(),
  concurrency: z.number().describe('Connections that may be in use at a time, over all workers'),
  pipelines: listOf(z.string()),
  breaker: z
    .enum(['closed', 'open'])
    .describe('`open`: it failed so often that it is left alone for a while'),
  openUntil: instant.nullable(),
  failures: z.number().describe('In a row'),
  lastError: failureSchema.nullable(),
});

const kindSchema = z.object({
  kind: z.string(),
  settings: listOf(z.object({ name: z.string(), required: z.boolean(), type: z.string() })),
});

export function sourceRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.get(
    '/v1/sources',
    {
      config: { access: ['operator'] },
      schema: {
        summary: 'Sources of the configuration, and whether they are left alone',
        tags: ['operator'],
        response: { 200: z.object({ items: listOf(sourceSchema) }) },
      },
    },
    async () => ({ items: await listSources(deps) }),
  );
  app.get(
    '/v1/source-kinds',
    {
      config: { access: ['operator'] },
      schema: {
        summary: 'Kinds of sources, with the names of their settings',
        tags: ['operator'],
        response: { 200: z.object({ items: listOf(kindSchema) }) },
      },
    },
    async () => ({ items: listKinds() }),
  );
  app.post(
    '/v1/sources/:name/test',
    {
      config: { access: ['operator'] },
      schema: {
        summary: 'Have a worker connect to a source and look at what is read from it',
        description:
          'Findings come with what to do about them. A source that answers is used again at once, whatever it failed with before.',
        tags: ['operator'],
        params: z.object({ name }),
        response: { 200: z.object({ answers: z.boolean(), findings: listOf(findingSchema) }) },
      },
    },
    async ({ params }) => testSource(deps, { name: params.name, waitMs: TEST_WAIT_MS }),
  );
}
