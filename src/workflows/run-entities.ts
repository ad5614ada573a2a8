/** The entities of a run, side by side, each in a workflow of its own. One that fails does not stop the others. */
import {
  ChildWorkflowCancellationType,
  condition,
  isCancellation,
  log,
  ParentClosePolicy,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { OpenRunResult } from '../activities/contract.ts';
import type { RunRef } from '../domain/run.ts';
import { workflowId } from '../domain/workflow-id.ts';
import { failureNote } from './failure-note.ts';
import type { EntityProgress } from './messages.ts';
import { note, noteEntity, type RunWork, type WaitingEntity } from './run-state.ts';
import { attributes } from './search-attributes.ts';
import { tell } from './steering.ts';
import type { syncEntity } from './sync-entity.ts';

/** Ends when all entities have ended, or, with `work.historyFull`, when those that were started have. */
export async function runEntities(
  work: RunWork,
  opened: Extract<OpenRunResult, { outcome: 'opened' }>,
): Promise<void> {
  const places = Array.from({ length: Math.max(1, opened.parallelEntities) }, () =>
    fillPlace(work, opened.ref),
  );
  // All of them: entities that are being cancelled are waited for.
  const ends = await Promise.allSettled(places);
  for (const end of ends) if (end.status === 'rejected') throw end.reason;
}

async function fillPlace(work: RunWork, ref: RunRef): Promise<void> {
  for (;;) {
    await condition(() => work.pausedBy === null);
    const next = work.waiting[0];
    if (next === undefined) return;
    if (workflowInfo().continueAsNewSuggested) {
      work.historyFull = true;
      return;
    }
    work.waiting = work.waiting.slice(1);
    await runEntity(work, ref, next);
  }
}

async function runEntity(work: RunWork, ref: RunRef, { entity, mode, lanes }: WaitingEntity): Promise<void> {
  const known = work.entities[entity] as EntityProgress;
  noteEntity(work, { ...known, status: 'RUNNING', stage: 'preparing' });
  try {
    const child = await startChild<typeof syncEntity>('syncEntity', {
      workflowId: workflowId('sync', ref.pipeline, work.input.mode, ref.runId, entity),
      args: [{ ref, entity, mode, run: work.input, lanes }],
      // When the run is terminated, the entity still gives back what it has claimed.
      parentClosePolicy: ParentClosePolicy.REQUEST_CANCEL,
      cancellationType: ChildWorkflowCancellationType.WAIT_CANCELLATION_COMPLETED,
      staticSummary: `${entity}: ${mode}`,
      staticDetails: `Entity \`${entity}\` of run \`${ref.runId}\` of pipeline \`${ref.pipeline}\``,
      typedSearchAttributes: attributes({ pipeline: ref.pipeline, mode, entity, runId: ref.runId }),
    });
    work.children[entity] = child;
    // Paused while the child was starting.
    if (work.pausedBy !== null) tell(child, 'pause');
    const { status, counts, error } = await child.result();
    const reached = work.entities[entity] as EntityProgress;
    noteEntity(work, { ...reached, status, stage: 'ended', rowsDone: counts.fetched, rowsPerSecond: 0 });
    if (error !== undefined) note(work, `${entity}: ${error.code}: ${error.message}`);
  } catch (error) {
    noteFailed(work, entity, error);
    if (work.scope.consideredCancelled) throw error;
  } finally {
    delete work.children[entity];
  }
}

/** The child itself ended badly: terminated or cancelled alone, or it could not reach the store to say how it ended. */
function noteFailed(work: RunWork, entity: string, error: unknown): void {
  const reached = work.entities[entity] as EntityProgress;
  const status = isCancellation(error) ? 'CANCELLED' : 'FAILED';
  noteEntity(work, { ...reached, status, stage: 'ended', rowsPerSecond: 0 });
  if (status === 'CANCELLED') {
    note(work, `${entity}: cancelled`);
    return;
  }
  const failure = failureNote(error);
  work.failure ??= { ...failure, message: `${entity}: ${failure.message}` };
  note(work, `${entity}: ${failure.code}: ${failure.message}`);
  log.warn('an entity’s workflow failed', { correlationId: work.runId, entity, code: failure.code });
}
