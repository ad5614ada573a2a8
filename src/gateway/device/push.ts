/** `POST …/push`: changes that a device made offline. A row that is bad gets its verdict; it never fails the request. */
import { z } from 'zod';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { keyHeaders, keyOf } from './idempotency-key.ts';
import { sendJson } from './json-reply.ts';
import { deviceOf, pushTarget, pushTargets } from './push-target.ts';
import { documentSchema } from './schemas.ts';
import { type PushLine, takePush } from './take-push.ts';

const ROW = `A row: {"newDocumentState":{…},"assumedMasterState":{…}}, and if wanted mutation, hlc, fieldHlcs, policy, \
changes, priority, group. It is judged by itself`;

const resultSchema = z.looseObject({
  entity: z.string(),
  /** As it was sent; null: the row has none. */
  id: z.string().nullable(),
  status: z.enum(['applied', 'merged', 'conflict', 'pending_approval', 'rejected']),
  /** Of the row that came of it. */
  rev: z.string().nullable(),
  conflictId: z.string().optional(),
  problem: z.object({ code: z.string(), message: z.string() }).optional(),
  reason: z.string().optional().describe('Why a human is asked'),
  clashing: z.array(z.string()).optional(),
  notices: z.array(z.string()).optional(),
  policyIgnored: z.string().optional(),
});

const results = {
  results: z.array(resultSchema).describe('In the order of the rows'),
  serverHlc: z.string(),
};
export function pushRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.post(
    '/v1/sync/:entity/push',
    {
      config: { access: ['device'], judgesRows: true },
      schema: {
        summary: 'Changes of rows of one entity',
        tags: ['device'],
        params: z.object({ entity: z.string() }),
        headers: keyHeaders,
        body: z.object({ rows: z.array(z.unknown()).describe(ROW) }),
        response: {
          200: z.object({
            conflicts: z
              .array(documentSchema)
              .describe('Rows whose change was refused, as they are now: take them over'),
            ...results,
          }),
        },
      },
    },
    async (request, reply) => {
      const principal = deviceOf(request.principal);
      const { entity } = request.params;
      const target = await pushTarget(deps, principal, entity);
      const text = await takePush(deps, {
        principal,
        key: keyOf(request),
        lines: request.body.rows.map((input) => ({ entity, input })),
        targets: new Map([[entity, target]]),
        of: 'one',
      });
      return sendJson(reply.header('cache-control', 'no-store'), text);
    },
  );
  batchRoute(app, deps);
}

function batchRoute(app: GatewayApp, deps: GatewayDeps): void {
  app.post(
    '/v1/sync/push',
    {
      config: { access: ['device'], judgesRows: true },
      schema: {
        summary: 'Changes of rows of several entities',
        tags: ['device'],
        headers: keyHeaders,
        body: z.object({
          rows: z.array(z.unknown()).describe(`${ROW}; "entity" says of which entity it is`),
        }),
        response: {
          200: z.object({
            conflicts: z.record(z.string(), z.array(documentSchema)).describe('By entity'),
            ...results,
          }),
        },
      },
    },
    async (request, reply) => {
      const principal = deviceOf(request.principal);
      const lines = request.body.rows.map(lineOf);
      const names = lines.map(({ entity }) => entity);
      const text = await takePush(deps, {
        principal,
        key: keyOf(request),
        lines,
        targets: await pushTargets(deps, principal, names),
        of: 'many',
      });
      return sendJson(reply.header('cache-control', 'no-store'), text);
    },
  );
}

/** A row that names no entity is one of an entity that there is not. */
function lineOf(input: unknown): PushLine {
  const named = typeof input === 'object' && input !== null && 'entity' in input ? input.entity : null;
  return { entity: typeof named === 'string' ? named : '?', input };
}
