/** One entity of a run: prepare, copy, delete, catch up, finish. Where the rows stand is in the store. */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  log,
  setHandler,
  workflowInfo,
} from '@temporalio/workflow';
import type { EntitySummary, FailureNote } from '../domain/run.ts';
import { copyInSlices, type Gate, type LanesEnd } from './copy-slices.ts';
import {
  begin,
  type EntityWork,
  liveStatus,
  type SyncEntityInput,
  setStatus,
  show,
  showEnd,
} from './entity-state.ts';
import { failureNote } from './failure-note.ts';
import { parseSteering, progressQuery, steeringSignals } from './messages.ts';
import { runProgress } from './progress.ts';
import { applyDeletes, copyChanges, copyChunks, finishEntity, planChunks, prepareEntity } from './retry.ts';

export async function syncEntity(input: SyncEntityInput): Promise<EntitySummary> {
  const work = begin(input);
  takeMessages(work);
  let how: LanesEnd;
  try {
    how = await copyEntity(work);
  } catch (error) {
    const note = failureNote(error);
    // The activity may learn of the cancelled run from the store before the request reaches this workflow.
    if (isCancellation(error) || note.code === 'RUN_CANCELLED') return endCancelled(work, error);
    return end(work, { error: note });
  }
  return how === 'history full' ? renew(work) : end(work, {});
}

function takeMessages(work: EntityWork): void {
  setHandler(progressQuery, () => runProgress(liveStatus(work), [work.progress]), {
    description: 'How far this entity is',
  });
  setHandler(steeringSignals.pause, (input) => takeStatus(work, input, 'PAUSED'), {
    description:
      'Pauses this entity at its next slice: {"by": "name"}. Pause the run instead to stop it within seconds.',
  });
  setHandler(steeringSignals.resume, (input) => takeStatus(work, input, 'RUNNING'), {
    description: 'Lets this entity go on: {"by": "name"}',
  });
}

function takeStatus(work: EntityWork, input: unknown, status: 'RUNNING' | 'PAUSED'): void {
  if (typeof parseSteering(input) !== 'string') setStatus(work, status);
}

async function copyEntity(work: EntityWork): Promise<LanesEnd> {
  const { input, ref } = work;
  const { run } = input;
  const { entity } = ref;
  if (work.stage === 'prepare') {
    const prepared = await prepareEntity.executeWithOptions({ summary: `${entity}: prepare` }, [
      { ref, mode: input.mode, run },
    ]);
    show(work, { mode: prepared.mode, rowsEstimated: prepared.mode === 'full' ? prepared.estimatedRows : 0 });
    if (prepared.action === 'skip') return 'done';
    work.stage = 'catch up';
    if (prepared.mode === 'full') {
      const { chunks } = await planChunks.executeWithOptions({ summary: `${entity}: plan chunks` }, [
        { ref, run },
      ]);
      work.stage = chunks > 0 ? 'copy' : 'delete';
    }
  }
  if (work.stage === 'copy') {
    show(work, { stage: 'copying' });
    const how = await copyInSlices(gateOf(work), input.lanes, (lane, timeBoxMs) =>
      copyChunks.executeWithOptions({ summary: `${entity}: lane ${lane}` }, [{ ref, lane, timeBoxMs }]),
    );
    if (how === 'history full') return how;
    work.stage = 'delete';
    work.slices = 0;
  }
  if (work.stage === 'delete') {
    await gateOf(work).pass();
    show(work, { stage: 'deleting' });
    await applyDeletes.executeWithOptions({ summary: `${entity}: deletes` }, [{ ref, run }]);
    work.stage = 'catch up';
  }
  show(work, { stage: 'catching up' });
  return copyInSlices(gateOf(work), 1, (_lane, timeBoxMs) =>
    copyChanges.executeWithOptions({ summary: `${entity}: changes` }, [{ ref, timeBoxMs }]),
  );
}

/** What lanes share: how long a slice may be, when to wait, when to go on in a new execution. */
function gateOf(work: EntityWork): Gate {
  return {
    slices: work.slices,
    isFull: () => workflowInfo().continueAsNewSuggested,
    pass: () => condition(() => !work.paused),
    isPaused: () => work.paused,
    report: (progress, slices) => {
      work.slices = Math.max(work.slices, slices);
      show(work, progress);
    },
  };
}

/** Goes on with a new history. An update in flight would fail, so handlers end first (C17). */
async function renew(work: EntityWork): Promise<never> {
  await condition(allHandlersFinished);
  const { stage, slices, paused, progress } = work;
  return continueAsNew<typeof syncEntity>({ ...work.input, carried: { stage, slices, paused, progress } });
}

/** Ends as cancelled when Temporal asked for it, else with the summary. */
async function endCancelled(work: EntityWork, error: unknown): Promise<EntitySummary> {
  let summary: EntitySummary;
  try {
    summary = await CancellationScope.nonCancellable(() => end(work, { cancelled: true }));
  } catch (problem) {
    log.warn('the cancelled entity could not be closed; closing the run does it', {
      correlationId: work.ref.runId,
      problem: failureNote(problem).message,
    });
    throw error;
  }
  if (isCancellation(error)) throw error;
  return summary;
}

async function end(work: EntityWork, how: { error?: FailureNote; cancelled?: true }): Promise<EntitySummary> {
  show(work, { stage: 'finishing', rowsPerSecond: 0 });
  const summary = await finishEntity.executeWithOptions(
    {
      summary: `${work.ref.entity}: finish`,
      // A cancelled run does not wait for a store or worker that is away: closing the run closes its entities too.
      ...(how.cancelled && { scheduleToCloseTimeout: '20 seconds' }),
    },
    [{ ref: work.ref, run: work.input.run, ...how }],
  );
  const { entity, status, counts, error } = summary;
  log.info('entity ended', {
    correlationId: work.ref.runId,
    entity,
    status,
    counts,
    ...(error && { error }),
  });
  showEnd(work, summary);
  return summary;
}
