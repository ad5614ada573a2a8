/** `GET /v1/skipped`: rows that `deduplicate` left out. */
import { z } from 'zod';
import { isPartitioned } from '../../domain/access/scope.ts';
import type { ScopeOf } from '../../service/conflicts.ts';
import { listSkipped, type SkippedRow } from '../../store/skipped.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { instantPart, pageOf, pageQuery, placeFrom, textPart, visiblePage } from './paging.ts';
import { entityFilter, instant } from './schemas.ts';
import { scopesOf } from './visible.ts';

const skippedSchema = z.object({
  entity: z.string(),
  key: z.string(),
  survivorEntity: z.string(),
  survivorKey: z.string(),
  at: instant.describe('Time of the row'),
  seenAt: instant,
});

export function skippedRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.get(
    '/v1/skipped',
    {
      config: { access: ['operator'] },
      schema: {
        summary: 'Rows that were left out as duplicates, each with the row that stands for it',
        tags: ['operator'],
        querystring: z.strictObject({ entity: entityFilter, ...pageQuery }),
        response: { 200: pageOf(skippedSchema) },
      },
    },
    async ({ query: { entity = null, limit, after }, principal }) => {
      const place = placeFrom(after, z.tuple([instantPart, textPart, textPart]));
      const scopeOf = scopesOf(deps, principal);
      return visiblePage(
        { limit, after: place && { seenAt: place[0], entity: place[1], key: place[2] } },
        async (from) => {
          const rows = await listSkipped(deps.store.pool, { entity, ...from });
          return { rows, items: await ofWholeEntities(rows, scopeOf) };
        },
        (row) => [row.seenAt, row.entity, row.key],
      );
    },
  );
}

/** Which partition a row belongs to that is not in the mirror, nothing says. */
async function ofWholeEntities(rows: readonly SkippedRow[], scopeOf: ScopeOf): Promise<SkippedRow[]> {
  const seen = await Promise.all(rows.map(async ({ entity }) => !isPartitioned(await scopeOf(entity))));
  return rows.filter((_, i) => seen[i]);
}
