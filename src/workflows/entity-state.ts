/** What an entity's workflow remembers, hands to its next execution, and shows. */
import {
  getExternalWorkflowHandle,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type {
  EntityRef,
  EntitySummary,
  Progress,
  RunMode,
  RunRef,
  SyncPipelineInput,
} from '../domain/run.ts';
import { type EntityProgress, type EntityStage, entityProgressSignal } from './messages.ts';
import { progressMarkdown, runProgress } from './progress.ts';
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

export type EntityWork = {
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

export function begin(input: SyncEntityInput): EntityWork {
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

export function setStatus(work: EntityWork, status: 'RUNNING' | 'PAUSED'): void {
  if (liveStatus(work) === status) return;
  work.paused = status === 'PAUSED';
  upsertSearchAttributes(attributes({ status }));
  show(work, { status, rowsPerSecond: 0 });
}

export function show(
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

export function liveStatus(work: EntityWork): 'RUNNING' | 'PAUSED' {
  return work.paused ? 'PAUSED' : 'RUNNING';
}

export function showEnd(work: EntityWork, { status, counts, error }: EntitySummary): void {
  upsertSearchAttributes(attributes({ status }));
  work.progress = { ...work.progress, status, stage: 'ended', rowsDone: counts.fetched };
  const progress = runProgress(liveStatus(work), [work.progress]);
  setCurrentDetails(
    progressMarkdown(progress, error === undefined ? [] : [`${error.code}: ${error.message}`]),
  );
}
