/** What the workflows of conflicts have done: read what clashes, tell people, end the hold. */

import { titleOfConflict } from '../domain/approval/describe-conflict.ts';
import { openApproval } from '../domain/approval/reduce-approval.ts';
import { SyncError } from '../domain/errors.ts';
import { queueOfEntities } from '../domain/upload/upload-queue.ts';
import type { ConflictStart, OpenedConflict, UploadRef, UploadSummary } from '../domain/upload/upload-run.ts';
import { type StoredApproval, takeOverApproval } from '../store/approvals.ts';
import {
  type ConflictRow,
  closeHold,
  listUnstarted,
  noteStarted,
  readConflicts,
  readConflict as readRow,
} from '../store/conflicts.ts';
import { inUploadTransaction } from '../store/load-session.ts';
import { unstartedConflicts } from '../store/lost-work.ts';
import { countReleased, nextReleased, parkReleased, readMutation } from '../store/mutations.ts';
import { tellByRow } from '../store/told.ts';
import { finishUpload as finishInStore } from '../store/uploads.ts';
import { runAfterApply } from './after-apply.ts';
import { beforeWithdrawal } from './apply-decision.ts';
import { applyWave } from './apply-upload.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import { rejectCycles } from './reference-cycles.ts';
import { startConflicts } from './sweep-uploads.ts';
import type { ApplyResult, UploadActivities } from './upload-contract.ts';
import { findUpload } from './upload-entity.ts';
import { whileBeating } from './while-beating.ts';

const WAVE = 200;

type Input<K extends keyof UploadActivities> = Parameters<UploadActivities[K]>[0];

export async function readConflict(
  deps: ActivityDeps,
  { conflictId }: Input<'readConflict'>,
): Promise<ConflictStart> {
  const { pool } = deps.store;
  const approval = await takeOverApproval(pool, conflictId);
  return startOf(deps, await readRow(pool, conflictId), approval);
}

function startOf(deps: ActivityDeps, row: ConflictRow, approval: StoredApproval | null): ConflictStart {
  const found = findUpload(deps, row.entity);
  if (found === null) {
    throw new SyncError('CONFIG_UNKNOWN', {
      message: `The configuration has no entity ${row.entity} with \`upload\``,
    });
  }
  const { clash, reason, role } = row.clash;
  return {
    conflict: {
      id: row.id,
      entity: row.entity,
      key: row.row,
      clash,
      proposed: Object.keys(row.client),
      reason,
      device: row.device,
      deviceUser: row.user,
      author: row.user,
    },
    spec: found.upload.approval,
    role,
    openedAtMs: Math.round(row.openedAtMs),
    approval,
    closed: row.state === 'closed',
  };
}

export async function openedConflicts(
  deps: ActivityDeps,
  { device, key, limit }: UploadRef & { limit: number },
): Promise<{ conflicts: readonly OpenedConflict[] }> {
  const { pool } = deps.store;
  const unstarted = await listUnstarted(pool, { device, key, limit });
  const rows = await readConflicts(
    pool,
    unstarted.map(({ id }) => id),
  );
  const byId = new Map(rows.map((row) => [row.id, row]));
  const conflicts = unstarted.map(({ id, workflowId, entity }) => {
    const start = startOf(deps, byId.get(id) as ConflictRow, null);
    const title = titleOfConflict(openApproval(start, start.openedAtMs).state);
    return { id, workflowId, title, taskQueue: queueOfEntities(deps.config, [entity]) };
  });
  return { conflicts };
}

export async function noteConflictsStarted(
  deps: ActivityDeps,
  { ids }: Input<'noteConflictsStarted'>,
): Promise<void> {
  await noteStarted(deps.store.pool, ids);
}

export async function finishUpload(deps: ActivityDeps, input: UploadRef): Promise<UploadSummary> {
  const verdicts = await finishInStore(deps.store.pool, input);
  if (verdicts.staged !== undefined) {
    throw new SyncError('LEASE_HELD', {
      message: `${verdicts.staged} mutations of upload ${input.key} are undecided`,
    });
  }
  return { device: input.device, key: input.key, verdicts };
}

export async function closeConflict(
  deps: ActivityDeps,
  { conflictId, outcome, by }: Input<'closeConflict'>,
  context: ActivityContext,
): Promise<{ released: number }> {
  const { store } = deps;
  const row = await readRow(store.pool, conflictId);
  const isWithdrawal = outcome === 'withdrawn' && row.state === 'open';
  const plan = isWithdrawal ? await beforeWithdrawal(deps, row, context) : null;
  const mutation = await readMutation(store.pool, row.mutation);
  const name = `conflict/${conflictId}`;
  return inUploadTransaction(store, { name, signal: context.signal }, async (session) => {
    if (plan !== null && mutation !== null) await tellByRow(session, plan, { mutation, key: null });
    return closeHold(session, { conflictId, outcome, by, mutation });
  });
}

/** Changes of whoever sent them; a conflict that one of them opens gets its workflow at once. */
export async function applyReleased(
  deps: ActivityDeps,
  { conflictId, timeBoxMs }: Input<'applyReleased'>,
  context: ActivityContext,
): Promise<ApplyResult> {
  return whileBeating(context, async () => {
    const result = await applyWhatIsNext(deps, { conflictId, timeBoxMs }, context);
    if (result.done) await startConflicts(deps, await unstartedConflicts(deps.store.pool), context);
    return result;
  });
}

async function applyWhatIsNext(
  deps: ActivityDeps,
  { conflictId, timeBoxMs }: Input<'applyReleased'>,
  context: ActivityContext,
): Promise<ApplyResult> {
  const { pool } = deps.store;
  const endsAtMs = Date.now() + timeBoxMs;
  for (let decided = 0; ; ) {
    context.signal.throwIfAborted();
    await parkReleased(pool, conflictId);
    const staged = await nextReleased(pool, { conflictId, limit: WAVE });
    if (staged.length === 0) {
      const open = await countReleased(pool, conflictId);
      if (open === 0) await runAfterApply(deps, context);
      return { done: open === 0, waiting: open > 0, decided };
    }
    const left = await applyWave(deps, { id: `conflict/${conflictId}`, staged }, context);
    decided += staged.length - left.length;
    if (left.length === staged.length) {
      const cut = await rejectCycles(deps, { waiting: left, id: `conflict/${conflictId}` }, context);
      if (cut === 0) return { done: false, waiting: true, decided };
      decided += cut;
    }
    if (Date.now() > endsAtMs) return { done: false, waiting: false, decided };
  }
}
