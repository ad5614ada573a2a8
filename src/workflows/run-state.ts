/** What a run's workflow remembers, how it is handed to the next execution, and how it is shown. */

import type { ExternalWorkflowHandle } from '@temporalio/workflow';
import {
  CancellationScope,
  setCurrentDetails,
  upsertSearchAttributes,
  workflowInfo,
} from '@temporalio/workflow';
import type { OpenRunResult } from '../activities/contract.ts';
import type { FailureNote, RunMode, RunSummary, SyncPipelineInput } from '../domain/run.ts';
import type { EntityProgress, LiveStatus } from './messages.ts';
import { progressMarkdown, runProgress } from './progress.ts';
import { attributes } from './search-attributes.ts';

export type WaitingEntity = { readonly entity: string; readonly mode: RunMode; readonly lanes: number };
type Opened = Extract<OpenRunResult, { outcome: 'opened' }>;

export type RunWork = {
  readonly input: SyncPipelineInput;
  /** The same in every execution of the run, and the id of its row. */
  readonly runId: string;
  /** All of the work: cancelled by the `cancel` message and by Temporal's own cancellation. */
  readonly scope: CancellationScope;
  readonly entities: Record<string, EntityProgress>;
  readonly children: Record<string, Pick<ExternalWorkflowHandle, 'signal'>>;
  waiting: WaitingEntity[];
  opened: OpenRunResult | null;
  pausedBy: string | null;
  cancelledBy: string | null;
  /** Of the first entity whose own workflow could not tell the store how it ended. */
  failure: FailureNote | null;
  notes: string[];
  /** Entities wait, and the history is long enough: go on in a new execution. */
  historyFull: boolean;
  /** Messages are carried out one after the other. */
  steering: Promise<unknown>;
  /** The cancellation's way into the store. */
  stopped: Promise<unknown>;
  summary: RunSummary | null;
};

/** JSON, as everything that goes through continue-as-new. */
export type CarriedRun = {
  readonly opened: Opened;
  readonly waiting: readonly WaitingEntity[];
  readonly entities: Readonly<Record<string, EntityProgress>>;
  readonly pausedBy: string | null;
  readonly failure: FailureNote | null;
  readonly notes: readonly string[];
};

/** The last ones say what matters now. */
const MAX_NOTES = 20;

export function beginRun(input: SyncPipelineInput, carried: CarriedRun | undefined): RunWork {
  const runId = workflowInfo().firstExecutionRunId;
  const work: RunWork = {
    input,
    runId,
    scope: new CancellationScope(),
    entities: { ...carried?.entities },
    children: {},
    waiting: [...(carried?.waiting ?? [])],
    opened: carried?.opened ?? null,
    pausedBy: carried?.pausedBy ?? null,
    cancelledBy: null,
    failure: carried?.failure ?? null,
    notes: [...(carried?.notes ?? [])],
    historyFull: false,
    steering: Promise.resolve(),
    stopped: Promise.resolve(),
    summary: null,
  };
  upsertSearchAttributes(
    attributes({ pipeline: input.pipeline, mode: input.mode, runId, status: liveStatus(work) }),
  );
  show(work);
  return work;
}

export function carry(work: RunWork, opened: Opened): CarriedRun {
  const { waiting, entities, pausedBy, failure, notes } = work;
  return { opened, waiting, entities, pausedBy, failure, notes };
}

export function noteOpened(work: RunWork, opened: Opened): void {
  work.opened = opened;
  work.waiting = [...opened.entities];
  for (const { entity, mode } of opened.entities) {
    work.entities[entity] = {
      entity,
      mode,
      status: 'WAITING',
      stage: 'waiting',
      rowsDone: 0,
      rowsEstimated: 0,
      rowsPerSecond: 0,
    };
  }
  upsertSearchAttributes(attributes({ source: opened.source }));
  show(work);
}

export function noteEntity(work: RunWork, progress: EntityProgress): void {
  work.entities[progress.entity] = progress;
  show(work);
}

export function note(work: RunWork, text: string): void {
  work.notes = [...work.notes, text].slice(-MAX_NOTES);
  show(work);
}

/** The status changed: the only time that the search attribute is written. */
export function statusChanged(work: RunWork): void {
  upsertSearchAttributes(attributes({ status: liveStatus(work) }));
  show(work);
}

export function show(work: RunWork): void {
  setCurrentDetails(progressMarkdown(progressOf(work), work.notes));
}

export function progressOf(work: RunWork): ReturnType<typeof runProgress> {
  return runProgress(liveStatus(work), Object.values(work.entities), work.summary);
}

export function liveStatus(work: RunWork): LiveStatus {
  if (work.summary !== null) return work.summary.status;
  if (work.scope.consideredCancelled) return 'CANCELLING';
  return work.pausedBy === null ? 'RUNNING' : 'PAUSED';
}
