/**
 * C10: uploads and conflicts that no workflow works on get one again; what could not be told is told again, and what
 * follows changes and failed is tried again.
 */
import { queueOfEntities } from '../domain/upload/upload-queue.ts';
import {
  noteConflictStart,
  noteUploadStart,
  stagedUploads,
  unparkOrphans,
  type WaitingConflict,
  waitingConflicts,
} from '../store/lost-work.ts';
import { purgeNotifications } from '../store/notifications.ts';
import { runAfterApply } from './after-apply.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import { tellDue } from './tell-conflict.ts';
import type { SweptUploads } from './upload-contract.ts';
import { findUpload } from './upload-entity.ts';
import { whileBeating } from './while-beating.ts';

/** Of each kind in one sweep; the next one follows within a minute. */
const AT_ONCE = 500;
const NOTIFICATIONS_AT_ONCE = 50;
/** For who asks what was sent, or why it was given up. */
const NOTIFICATIONS_KEPT_DAYS = 7;
const PURGED_AT_ONCE = 5_000;

export async function sweepUploads(
  deps: ActivityDeps,
  _: object,
  context: ActivityContext,
): Promise<SweptUploads> {
  return whileBeating(context, async () => {
    const { pool } = deps.store;
    const released = await unparkOrphans(pool);
    await runAfterApply(deps, context);
    // The list spares a question for each conflict that waits for weeks; who really is open, the start says.
    const except = await deps.workflows.open();
    const uploads = await startUploads(deps, except, context);
    const waiting = await waitingConflicts(pool, { except, limit: AT_ONCE });
    const conflicts = await startConflicts(deps, waiting, context);
    if (released + uploads + conflicts > 0) {
      deps.logger.warn({ uploads, conflicts, released }, 'work without a workflow was taken up again');
    }
    return { uploads, conflicts, released };
  });
}

export async function tellAgain(
  deps: ActivityDeps,
  _: object,
  context: ActivityContext,
): Promise<{ tried: number }> {
  return whileBeating(context, async () => {
    await purgeNotifications(deps.store.pool, { keptDays: NOTIFICATIONS_KEPT_DAYS, limit: PURGED_AT_ONCE });
    return { tried: await tellDue(deps, { conflictId: null, limit: NOTIFICATIONS_AT_ONCE }, context) };
  });
}

async function startUploads(
  deps: ActivityDeps,
  except: readonly string[],
  { signal }: ActivityContext,
): Promise<number> {
  let started = 0;
  for (const upload of await stagedUploads(deps.store.pool, { except, limit: AT_ONCE })) {
    signal.throwIfAborted();
    const { device, key, workflowId, entities } = upload;
    // Of another configuration: its own workers know those entities, and ours would reject the changes.
    if (entities.length > 0 && entities.every((entity) => findUpload(deps, entity) === null)) continue;
    const taskQueue = queueOfEntities(deps.config, entities);
    if ((await deps.workflows.startUpload({ device, key, workflowId, taskQueue })) === 'running') continue;
    await noteUploadStart(deps.store.pool, upload);
    started++;
  }
  return started;
}

/** Entities that this configuration does not know are left to the workers of the one that does. */
export async function startConflicts(
  deps: ActivityDeps,
  conflicts: readonly WaitingConflict[],
  { signal }: ActivityContext,
): Promise<number> {
  let started = 0;
  for (const { id, workflowId, entity } of conflicts) {
    signal.throwIfAborted();
    const found = findUpload(deps, entity);
    if (found === null) continue;
    const { taskQueue } = found.pipeline;
    if ((await deps.workflows.startConflict({ id, workflowId, taskQueue })) === 'running') continue;
    await noteConflictStart(deps.store.pool, id);
    started++;
  }
  return started;
}
