/**
 * One run of a pipeline: opens it (lease, fence, run row), has its entities synced side by side, and closes it
 * whatever happens. It ends as failed when no entity got through, as cancelled when Temporal was asked to cancel it,
 * else with its summary.
 */
import { defineSearchAttributeKey } from '@temporalio/common';
import {
  ApplicationFailure,
  allHandlersFinished,
  CancellationScope,
  condition,
  continueAsNew,
  isCancellation,
  log,
  workflowInfo,
} from '@temporalio/workflow';
import { ERRORS } from '../domain/errors.ts';
import {
  type FailureNote,
  NO_ROWS,
  type RunRef,
  type RunSummary,
  type SyncPipelineInput,
} from '../domain/run.ts';
import { failureNote } from './failure-note.ts';
import { pipelineInputProblem } from './messages.ts';
import { closeRun, openRun } from './retry.ts';
import { runEntities } from './run-entities.ts';
import { beginRun, type CarriedRun, carry, noteOpened, type RunWork, statusChanged } from './run-state.ts';
import { catchUpSteering, stopClaimsOnCancel, takeMessages } from './steering.ts';

const SCHEDULED_BY = defineSearchAttributeKey('TemporalScheduledById', 'KEYWORD');
const INPUT_REMEDY = 'Give it as {"pipeline": "name", "mode": "full" or "incremental"}.';

/**
 * `carried` is what an earlier execution of the same run hands over; nobody else gives it.
 * @throws CONFIG_INVALID for an input that is none, RUN_FAILED with the summary in its details, or why it was not opened.
 */
export async function syncPipeline(input: SyncPipelineInput, carried?: CarriedRun): Promise<RunSummary> {
  const wrong = pipelineInputProblem(input);
  if (wrong !== null)
    throw failure('CONFIG_INVALID', { message: `The input is no run: ${wrong}`, remedy: INPUT_REMEDY });
  const root = CancellationScope.current();
  const work = beginRun(input, carried);
  takeMessages(work);
  stopClaimsOnCancel(work);

  let problem: FailureNote | null = null;
  try {
    await work.scope.run(() => runPipeline(work));
  } catch (error) {
    if (!isCancellation(error)) problem = failureNote(error);
  }
  // An update in flight would fail at the end of this execution (C17).
  await CancellationScope.nonCancellable(() => condition(allHandlersFinished));
  const { opened } = work;
  if (
    opened?.outcome === 'opened' &&
    work.historyFull &&
    problem === null &&
    !work.scope.consideredCancelled
  ) {
    return continueAsNew<typeof syncPipeline>(input, carry(work, opened));
  }
  const summary = await CancellationScope.nonCancellable(() => close(work, problem ?? work.failure));
  if (summary.status === 'CANCELLED' && root.consideredCancelled) await root.cancelRequested;
  if (summary.status === 'FAILED') throw runFailed(summary, opened === null ? problem : null);
  return summary;
}

/** When this ends, however it does, nothing of the run is under way. */
async function runPipeline(work: RunWork): Promise<void> {
  if (work.opened === null) {
    const { workflowId } = workflowInfo();
    work.opened = await openRun.executeWithOptions({ summary: 'take the lease' }, [
      { run: work.input, workflowId, workflowRunId: work.runId, trigger: trigger() },
    ]);
    if (work.opened.outcome === 'opened') noteOpened(work, work.opened);
    log.info('run opened', { ...about(work), outcome: work.opened.outcome });
    await catchUpSteering(work);
  }
  if (work.opened.outcome === 'opened') await runEntities(work, work.opened);
}

function about({ runId, input }: RunWork): Record<string, unknown> {
  return { correlationId: runId, pipeline: input.pipeline, mode: input.mode };
}

function trigger(): string {
  const { typedSearchAttributes, memo } = workflowInfo();
  if (typedSearchAttributes.get(SCHEDULED_BY) !== undefined) return 'schedule';
  // Our client says who it works for; a run without a memo was started by hand, in the UI or with Temporal's CLI.
  return typeof memo?.trigger === 'string' ? memo.trigger : 'ui';
}

/** C16: whatever happened, the lease is given back. */
async function close(work: RunWork, error: FailureNote | null): Promise<RunSummary> {
  // Settles only when the run is being cancelled.
  if (work.scope.consideredCancelled) await work.stopped;
  const summary = await closeInStore(work, error);
  work.summary = summary;
  statusChanged(work);
  log.info('run closed', { ...about(work), status: summary.status, counts: summary.counts });
  await condition(allHandlersFinished);
  return summary;
}

async function closeInStore(work: RunWork, error: FailureNote | null): Promise<RunSummary> {
  const { opened, input, runId } = work;
  const { pipeline, mode } = input;
  const empty = { runId: null, pipeline, mode, entities: [], counts: NO_ROWS };
  if (opened?.outcome === 'yielded') return { ...empty, status: 'YIELDED', yieldedTo: opened.holder };
  const cancelled = work.scope.consideredCancelled;
  // An attempt that was lost, or cancelled, may have opened the run all the same.
  const ref: RunRef = opened?.ref ?? { runId, pipeline, fence: 0, configHash: '' };
  try {
    return await closeRun.executeWithOptions({ summary: 'give the lease back' }, [
      { ref, cancelled, ...(error !== null && !cancelled && { error }) },
    ]);
  } catch (problem) {
    if (opened !== null || failureNote(problem).code !== 'RUN_NOT_FOUND') throw problem;
    return { ...empty, status: cancelled ? 'CANCELLED' : 'FAILED' };
  }
}

/** `notOpened`: why there was no run at all. */
function runFailed(summary: RunSummary, notOpened: FailureNote | null): ApplicationFailure {
  if (notOpened !== null) return failure(notOpened.code, { ...notOpened, summary });
  const reasons = summary.entities.flatMap(({ entity, error }) =>
    error === undefined ? [] : [`${entity}: ${error.code}: ${error.message}`],
  );
  const message = `No entity of ${summary.pipeline} got through. ${reasons.join('; ')}`.trim();
  return failure('RUN_FAILED', { message, remedy: ERRORS.RUN_FAILED.remedy, summary });
}

function failure(
  type: string,
  { message, ...details }: { message: string; remedy?: string; summary?: RunSummary },
): ApplicationFailure {
  return ApplicationFailure.create({ type, message, nonRetryable: true, details: [details] });
}
