/** `/v1/conflicts`: changes that wait for a human. */
import { z } from 'zod';
import { conflictDetail, conflictPage } from '../../service/conflicts.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { conflictTag } from './conflict-tag.ts';
import { conflictPlace, listOf, pageOf, pageQuery, visiblePage } from './paging.ts';
import { entityFilter, instant } from './schemas.ts';
import { scopesOf, whoOf } from './visible.ts';

export const conflictParams = z.object({ id: z.string().min(1).max(100) });

const lineSchema = z.object({
  id: z.string(),
  entity: z.string(),
  row: z.string().describe('The id that its device gave it, or its key'),
  state: z.enum(['open', 'closed']),
  round: z.number().describe('Counts up when the row changed before a decision was written'),
  operation: z.string(),
  kind: z.string().nullable().describe('How both sides differ; null: a business rule wants an approval'),
  fields: listOf(z.string()).describe('That clash, or that the change would write'),
  reason: z.string(),
  role: z.string().nullable().describe('That a business rule wants'),
  device: z.string(),
  user: z.string().nullable(),
  assignedTo: z.string().nullable(),
  openedAt: instant,
  closedAt: instant.nullable(),
  outcome: z.unknown(),
  workflowId: z.string(),
});

const valuesSchema = z
  .record(z.string(), z.string().nullable())
  .nullable()
  .describe('By mirror column, as PostgreSQL prints them; null: no row');

const sideSchema = z.object({ values: valuesSchema, changedAt: instant.nullable() });

const detailSchema = lineSchema.extend({
  sides: z.object({
    round: z.number(),
    base: valuesSchema.describe('Fields as the device saw them; null when it did not say'),
    accepted: z
      .record(z.string(), z.string().nullable())
      .describe('What the device got accepted from the same base before'),
    device: sideSchema.describe('What taking the device’s side would write'),
    server: sideSchema,
    draft: valuesSchema.describe('What a merge made that is not trusted'),
  }),
  serverVersion: z.string().nullable(),
  fieldsNotShown: z.number().describe('Fields of the row that you may not see'),
  mayDecide: z.string().describe('For people: `anyone`, `role CFO`'),
  youMayDecide: z.boolean(),
  youMayWithdraw: z.boolean(),
  events: listOf(
    z.object({
      round: z.number(),
      event: z.string(),
      by: z.string().nullable(),
      detail: z.object({ via: z.string().optional(), text: z.string().optional() }),
      at: instant,
    }),
  ).describe('The oldest first'),
});

const person = z.string().min(1).max(200).optional();

export function conflictRoutes(app: GatewayApp, deps: GatewayDeps): void {
  const config = { access: ['approver', 'operator'] as const };
  app.get(
    '/v1/conflicts',
    {
      config,
      schema: {
        summary: 'Conflicts, the newest first, without values',
        tags: ['approver'],
        querystring: z.strictObject({
          state: z.enum(['open', 'closed', 'any']).default('open'),
          entity: entityFilter,
          assignedTo: person.describe('Only those that were assigned to this person'),
          device: person.describe('Only changes of this device'),
          user: person.describe('Only changes of this user'),
          ...pageQuery,
        }),
        response: { 200: pageOf(lineSchema) },
      },
    },
    async ({ query, principal }) => {
      const { state, entity = null, assignedTo = null, device = null, user = null, limit, after } = query;
      const filter = { state, entity, assignedTo, device, user };
      const scopeOf = scopesOf(deps, principal);
      return visiblePage(
        { limit, after: conflictPlace(after) },
        (from) => conflictPage(deps, { ...filter, ...from }, scopeOf),
        ({ openedAtMs, id }) => [openedAtMs, id],
      );
    },
  );
  app.get(
    '/v1/conflicts/:id',
    {
      config,
      schema: {
        summary: 'Both sides of a conflict, its history, and who may decide',
        description: 'The ETag goes as If-Match with a decision, which then counts for what you saw.',
        tags: ['approver'],
        params: conflictParams,
        response: { 200: detailSchema },
      },
    },
    async ({ params, principal }, reply) => {
      const asking = { id: params.id, who: whoOf(principal), scopeOf: scopesOf(deps, principal) };
      const detail = await conflictDetail(deps, asking);
      reply.header('etag', conflictTag(detail)).header('cache-control', 'no-store');
      return detail;
    },
  );
}
