/** `/v1/quarantine` and `/v1/skipped`: rows that did not get into mirrors. */
import { z } from 'zod';
import { isPartitioned } from '../../domain/access/scope.ts';
import { SyncError } from '../../domain/errors.ts';
import { chooseQuarantined, readQuarantined } from '../../service/quarantine.ts';
import { withoutNames } from '../../service/visible.ts';
import { listQuarantine, type QuarantineEntry } from '../../store/quarantine.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { instantPart, pageOf, pageQuery, placeFrom, textPart, visiblePage } from './paging.ts';
import { shownPayload } from './payload.ts';
import { entityFilter, instant, key, name } from './schemas.ts';
import { scopesOf } from './visible.ts';

const entrySchema = z.object({
  entity: z.string(),
  key: z.string(),
  pipeline: z.string(),
  reason: z.string(),
  severity: z.string(),
  detail: z.string(),
  runId: z.string(),
  occurrences: z.number(),
  firstSeenAt: instant,
  lastSeenAt: instant,
});

const choiceBody = z
  .strictObject({
    entity: name,
    keys: z.array(key).min(1).max(1_000).optional(),
    all: z.literal(true).optional().describe('Every row of the entity, instead of `keys`'),
  })
  .refine(
    ({ keys, all }) => (keys === undefined) !== (all === undefined),
    'name `keys`, or say `all`: one of both',
  );

const CHOICES = {
  retry: 'Have the next run read rows again from the source',
  drop: 'Forget rows; they come back if a run meets them again',
} as const;

export function quarantineRoutes(app: GatewayApp, deps: GatewayDeps): void {
  const config = { access: ['operator'] as const };
  app.get(
    '/v1/quarantine',
    {
      config,
      schema: {
        summary: 'Rows that were set aside, the newest first, without values',
        tags: ['operator'],
        querystring: z.strictObject({ entity: entityFilter, ...pageQuery }),
        response: { 200: pageOf(entrySchema) },
      },
    },
    async ({ query: { entity = null, limit, after }, principal }) => {
      const place = placeFrom(after, z.tuple([instantPart, textPart, textPart]));
      return visiblePage(
        { limit, after: place && { lastSeenAt: place[0], entity: place[1], key: place[2] } },
        async (from) => {
          const rows = await listQuarantine(deps.store.pool, { entity, ...from });
          return { rows, items: await shownEntries(deps, rows, principal) };
        },
        (row) => [row.lastSeenAt, row.entity, row.key],
      );
    },
  );
  app.get(
    '/v1/quarantine/:entity/:key',
    {
      config,
      schema: {
        summary: 'One row with the values of its source',
        tags: ['operator'],
        params: z.object({ entity: name, key }),
        response: { 200: entrySchema.extend({ payload: z.record(z.string(), z.string().nullable()) }) },
      },
    },
    async ({ params, principal }, reply) => {
      const scope = await wholeEntity(deps, params.entity, principal);
      const row = await readQuarantined(deps.store, params);
      reply.header('cache-control', 'no-store');
      const payload = shownPayload(deps.config, row, scope);
      return { ...row, payload, detail: withoutNames(row.detail, scope) };
    },
  );
  for (const act of Object.keys(CHOICES) as (keyof typeof CHOICES)[]) {
    app.post(
      `/v1/quarantine/${act}`,
      {
        config,
        schema: {
          summary: CHOICES[act],
          tags: ['operator'],
          body: choiceBody,
          response: {
            200: z.object({ entity: z.string(), rows: z.number().describe('So many were there') }),
          },
        },
      },
      async ({ body: { entity, keys = null }, principal }) => {
        await wholeEntity(deps, entity, principal);
        return { entity, rows: await chooseQuarantined(deps.store, { act, entity, keys }) };
      },
    );
  }
}

type Caller = Parameters<typeof scopesOf>[1];

/** Which partition a row belongs to that was set aside, nothing says: who sees only some rows sees none of them. */
async function shownEntries(
  deps: GatewayDeps,
  rows: readonly QuarantineEntry[],
  principal: Caller,
): Promise<QuarantineEntry[]> {
  const scopeOf = scopesOf(deps, principal);
  const shown = await Promise.all(
    rows.map(async (row) => {
      const scope = await scopeOf(row.entity);
      return isPartitioned(scope) ? [] : [{ ...row, detail: withoutNames(row.detail, scope) }];
    }),
  );
  return shown.flat();
}

/** @throws SyncError FORBIDDEN */
async function wholeEntity(deps: GatewayDeps, entity: string, principal: Caller) {
  const scope = await scopesOf(deps, principal)(entity);
  if (!isPartitioned(scope)) return scope;
  throw new SyncError('FORBIDDEN', {
    message: `Your token shows you some rows of ${entity} only: rows that were set aside are for those who see all`,
    remedy: 'Use a token with role admin, or `syncline quarantine`.',
  });
}
