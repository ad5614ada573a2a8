/** `/v1/backups`: rows that business rules kept before they were replaced. */
import { z } from 'zod';
import { restoreBackup } from '../../service/backups.ts';
import { listBackups } from '../../store/backups.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { idPart, instantPart, listOf, pageOf, pageQuery, placeFrom, visiblePage } from './paging.ts';
import { entityFilter, instant } from './schemas.ts';
import { scopesOf, visibleRows } from './visible.ts';

/** Changes of people who restore are this device's. */
const DEVICE = 'http';

const backupSchema = z.object({
  id: z.string(),
  entity: z.string(),
  row: z.string(),
  key: z.string(),
  rule: z.string(),
  at: instant,
  restoredAt: instant.nullable(),
  restoredBy: z.string().nullable(),
});

const verdictSchema = z.object({
  mutation: z.string(),
  entity: z.string(),
  row: z.string(),
  verdict: z
    .object({
      status: z.string().describe('applied, merged, conflict, pending_approval or rejected'),
      code: z.string().optional(),
      message: z.string().optional(),
      version: z.string().optional(),
      clashing: listOf(z.string()).optional(),
      conflictId: z.string().optional(),
      notices: listOf(z.string()).optional(),
    })
    .nullable(),
});

export function backupRoutes(app: GatewayApp, deps: GatewayDeps): void {
  app.get(
    '/v1/backups',
    {
      config: { access: ['operator'] },
      schema: {
        summary: 'Rows that business rules kept, the newest first, without values',
        tags: ['operator'],
        querystring: z.strictObject({ entity: entityFilter, ...pageQuery }),
        response: { 200: pageOf(backupSchema) },
      },
    },
    async ({ query: { entity = null, limit, after }, principal }) => {
      const place = placeFrom(after, z.tuple([instantPart, idPart]));
      const seen = { scopeOf: scopesOf(deps, principal), nameOf: ({ row }: { row: string }) => row };
      return visiblePage(
        { limit, after: place && { at: place[0], id: place[1] } },
        async (from) => {
          const rows = await listBackups(deps.store.pool, { entity, ...from });
          return { rows, items: await visibleRows(deps, rows, seen) };
        },
        ({ at, id }) => [at, id],
      );
    },
  );
  app.post(
    '/v1/backups/:id/restore',
    {
      config: { access: ['admin'] },
      schema: {
        summary: 'Write the kept values again, as a change that is decided like any other',
        tags: ['admin'],
        params: z.object({ id: idPart }),
        response: { 200: z.object({ backup: z.string(), mutations: listOf(verdictSchema) }) },
      },
    },
    async ({ params: { id }, principal: { user, permissions } }) => ({
      backup: id,
      mutations: await restoreBackup(deps, { id, user, permissions, device: DEVICE }),
    }),
  );
}
