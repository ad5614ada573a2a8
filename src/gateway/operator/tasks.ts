/** `/v1/tasks`: what people are asked to do. */
import { z } from 'zod';
import { isSyncError, SyncError } from '../../domain/errors.ts';
import { visibleConflict } from '../../service/conflicts.ts';
import { closeTask } from '../../service/tasks.ts';
import { withoutNames } from '../../service/visible.ts';
import { listTasks, readTask, type Task } from '../../store/tasks.ts';
import type { GatewayApp } from '../app.ts';
import type { GatewayDeps } from '../deps.ts';
import { idPart, instantPart, pageOf, pageQuery, placeFrom, visiblePage } from './paging.ts';
import { instant } from './schemas.ts';
import { scopesOf, visibleRows } from './visible.ts';

const taskSchema = z.object({
  id: z.string(),
  kind: z.string(),
  title: z.string(),
  entity: z.string(),
  row: z.string(),
  conflictId: z.string().nullable().describe('Deciding it closes the task'),
  state: z.enum(['open', 'closed']),
  openedAt: instant,
  closedAt: instant.nullable(),
  closedBy: z.string().nullable(),
});

export function taskRoutes(app: GatewayApp, deps: GatewayDeps): void {
  const config = { access: ['approver', 'operator'] as const };
  app.get(
    '/v1/tasks',
    {
      config,
      schema: {
        summary: 'Tasks: open ones first, each with the newest first',
        tags: ['approver'],
        querystring: z.strictObject({ state: z.enum(['open', 'any']).default('open'), ...pageQuery }),
        response: { 200: pageOf(taskSchema) },
      },
    },
    async ({ query: { state, limit, after }, principal }) => {
      const place = placeFrom(after, z.tuple([z.enum(['open', 'closed']), instantPart, idPart]));
      return visiblePage(
        { limit, after: place && { state: place[0], openedAt: place[1], id: place[2] } },
        async (from) => {
          const rows = await listTasks(deps.store.pool, { state, ...from });
          return { rows, items: await visibleTasks(deps, rows, principal) };
        },
        (task) => [task.state, task.openedAt, task.id],
      );
    },
  );
  app.post(
    '/v1/tasks/:id/close',
    {
      config,
      schema: {
        summary: 'It is done; the task of a conflict ends with the conflict only',
        tags: ['approver'],
        params: z.object({ id: idPart }),
        response: { 200: z.object({ task: z.string(), closedBy: z.string() }) },
      },
    },
    async ({ params: { id }, principal }) => {
      const task = await readTask(deps.store.pool, id);
      if (task !== null && (await visibleTasks(deps, [task], principal)).length === 0) {
        throw new SyncError('CONFIG_UNKNOWN', { message: `There is no task ${id}` });
      }
      await closeTask(deps.store, { id, by: principal.user });
      return { task: id, closedBy: principal.user };
    },
  );
}

/** A task of a conflict is for whoever may see the conflict, another one for whoever may see its row. */
async function visibleTasks(
  deps: GatewayDeps,
  tasks: readonly Task[],
  principal: Parameters<typeof scopesOf>[1],
): Promise<Task[]> {
  const scopeOf = scopesOf(deps, principal);
  const found = await Promise.all(
    tasks.map(async (task) => {
      const title = withoutNames(task.title, await scopeOf(task.entity));
      const shown = [{ ...task, title }];
      if (task.conflictId === null) return visibleRows(deps, shown, { scopeOf, nameOf: ({ row }) => row });
      return visibleConflict(deps, task.conflictId, scopeOf).then(() => shown, unseen);
    }),
  );
  return found.flat();
}

function unseen(error: unknown): [] {
  if (isSyncError(error, 'CONFLICT_NOT_FOUND')) return [];
  throw error;
}
