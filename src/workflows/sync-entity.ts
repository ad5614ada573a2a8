/** One entity of a run: prepare, copy, delete, catch up, finish. Where the rows stand is in the store. */
import {
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  getExternalWorkflowHandle,
  isCancellation,
  log,
  setCurrentDetails,
  setHandler,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  EntityRef,
  EntitySummary,
  FailureNote,
  Progress,
  RunMode,
  RunRef,
  SyncPipelineInput,
} from '../domain/run.ts';
import { copyInSlices, type Gate, type LanesEnd } from './copy-slices.ts';
import { failureNote } from './failure-note.ts';
import {
  type EntityProgress,
  type EntityStage,
  entityProgressSignal,
  parseSteering,
  progressQuery,
  steeringSignals,
} from './messages.ts';
import { progressMarkdown, runProgress } from './progress.ts';
import { applyDeletes, copyChanges, copyChunks, finishEntity, planChunks, prepareEntity } from './retry.ts';
import { attributes } from './search-attributes.ts';

export type SyncEntityInput = {
  readonly ref: RunRef;
  readonly entity: string;
  readonly mode: RunMode;
  readonly run: SyncPipelineInput;
  readonly lanes: number;
  /** Where an earlier execution of this workflow left off. */
  readonly carried?: CarriedEntity;
};

type CarriedEntity = {
  readonly progress: EntityProgress;
  readonly stage: Stage;
  /** Slices that a lane has behind it: time boxes grow with them. */
  readonly slices: number;
  readonly paused: boolean;
};

/** What is to be done next. */
type Stage = 'prepare' | 'copy' | 'delete' | 'catch up';

type EntityWork = {
  readonly input: SyncEntityInput;
  readonly ref: EntityRef;
  stage: Stage;
  slices: number;
  paused: boolean;
  progress: EntityProgress;
  toldAt: number;
};

/** The run's workflow hears of progress at most so often; each telling costs both histories a few events. */
const TELL_EVERY_MS = 2_000;

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

function begin(input: SyncEntityInput): EntityWork {
  const { carried, mode, entity, ref } = input;
  upsertSearchAttributes(
    attributes({
      pipeline: ref.pipeline,
      mode,
      entity,
      runId: ref.runId,
      status: carried?.paused ? 'PAUSED' : 'RUNNING',
    }),
  );
  return {
    input,
    ref: { ...ref, entity },
    stage: carried?.stage ?? 'prepare',
    slices: carried?.slices ?? 0,
    paused: carried?.paused ?? false,
    progress: carried?.progress ?? {
      entity,
      mode,
      status: 'RUNNING',
      stage: 'preparing',
      rowsDone: 0,
      rowsEstimated: 0,
      rowsPerSecond: 0,
    },
    toldAt: Number.NEGATIVE_INFINITY,
  };
}

function takeMessages(work: EntityWork): void {
  setHandler(progressQuery, () => runProgress(liveStatus(work), [work.progress]), {
    description: 'How far this entity is',
  });
  setHandler(steeringSignals.pause, (input) => setPaused(work, input, true), {
    description:
      'Pauses this entity at its next slice: {"by": "name"}. Pause the run instead to stop it within seconds.',
  });
  setHandler(steeringSignals.resume, (input) => setPaused(work, input, false), {
    description: 'Lets this entity go on: {"by": "name"}',
  });
}

function setPaused(work: EntityWork, input: unknown, paused: boolean): void {
  if (typeof parseSteering(input) === 'string' || work.paused === paused) return;
  work.paused = paused;
  upsertSearchAttributes(attributes({ status: liveStatus(work) }));
  show(work, { status: liveStatus(work), rowsPerSecond: 0 });
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
    report: (progress: Progress, slices: number) => {
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
  upsertSearchAttributes(attributes({ status: summary.status }));
  const { entity, status, counts, error } = summary;
  log.info('entity ended', {
    correlationId: work.ref.runId,
    entity,
    status,
    counts,
    ...(error && { error }),
  });
  const ended: EntityProgress = {
    ...work.progress,
    status: summary.status,
    stage: 'ended',
    rowsDone: summary.counts.fetched,
  };
  work.progress = ended;
  setCurrentDetails(
    progressMarkdown(runProgress(liveStatus(work), [ended]), summary.error ? [summary.error.message] : []),
  );
  return summary;
}

function show(
  work: EntityWork,
  change: Partial<Progress> & { mode?: RunMode; status?: 'RUNNING' | 'PAUSED'; stage?: EntityStage },
): void {
  const before = work.progress;
  // Estimates of the source come before the store's count of its chunks; the larger one is kept.
  const rowsEstimated = Math.max(before.rowsEstimated, change.rowsEstimated ?? 0);
  work.progress = { ...before, ...change, rowsEstimated };
  setCurrentDetails(progressMarkdown(runProgress(liveStatus(work), [work.progress])));
  // The end is told by this workflow's result.
  const isNews = work.progress.stage !== before.stage && work.progress.stage !== 'finishing';
  if (isNews || (change.rowsDone !== undefined && Date.now() - work.toldAt >= TELL_EVERY_MS)) tellRun(work);
}

function tellRun(work: EntityWork): void {
  const { parent } = workflowInfo();
  if (parent === undefined) return;
  work.toldAt = Date.now();
  // Without a run id: the run's workflow may have gone on in a new execution. Nobody waits for it to arrive.
  getExternalWorkflowHandle(parent.workflowId)
    .signal(entityProgressSignal, work.progress)
    .catch(() => undefined);
}

function liveStatus(work: EntityWork): 'RUNNING' | 'PAUSED' {
  return work.paused ? 'PAUSED' : 'RUNNING';
}
