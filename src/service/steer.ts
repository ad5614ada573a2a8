/** Pausing, resuming and cancelling a run that is under way, or that waits for its turn. */
import { type Client, cancelRun, pauseRun, resumeRun } from '../client.ts';
import type { PipelineSpec } from '../domain/config.ts';
import { isSyncError, SyncError } from '../domain/errors.ts';
import { readRuns } from '../store/run-reports.ts';
import type { LiveStatus } from '../workflows/messages.ts';
import type { ServiceContext } from './context.ts';
import { idleQueues, idleText, openWorkflows } from './temporal-view.ts';

const ACTS = { pause: pauseRun, resume: resumeRun, cancel: cancelRun } as const;
export type SteeringAct = keyof typeof ACTS;

/** Whoever steers is waiting; a worker answers within a second, or there is none. */
const ANSWER_MS = 15_000;

export type Steered = {
  readonly workflowId: string;
  readonly taskQueue: string;
  readonly act: SteeringAct;
  readonly asked: { readonly by: string; readonly note?: string };
};

/** @returns the status that the run then has. @throws SyncError RUN_NOT_FOUND, TEMPORAL_UNAVAILABLE */
export async function steerRun(
  client: Client,
  { workflowId, taskQueue, act, asked }: Steered,
): Promise<LiveStatus> {
  await refuseIdle(client, taskQueue);
  const answer = client.withDeadline(Date.now() + ANSWER_MS, () => ACTS[act](client, { workflowId }, asked));
  return answer.catch(noAnswer);
}

/** Of a pipeline: the run at work; else one that waits, for the lease or for a worker. @throws SyncError RUN_NOT_FOUND */
export async function workflowUnderWay(
  { store, client }: Pick<ServiceContext, 'store' | 'client'>,
  { pipeline }: Pick<PipelineSpec, 'pipeline'>,
): Promise<string> {
  const [run] = await readRuns(store.pool, { pipeline, running: true, limit: 1 });
  if (run !== undefined) return run.workflowId;
  const [waiting] = await openWorkflows(client, [pipeline]);
  if (waiting !== undefined) return waiting.workflowId;
  throw new SyncError('RUN_NOT_FOUND', {
    message: `No run of ${pipeline} is under way`,
    remedy: `\`syncline run ${pipeline}\` starts one.`,
  });
}

/** The message is answered by a worker; the server alone would keep us waiting. */
async function refuseIdle(client: Client, taskQueue: string): Promise<void> {
  if ((await idleQueues(client, [taskQueue])).length === 0) return;
  throw new SyncError('TEMPORAL_UNAVAILABLE', {
    message: `Nobody is there to hear it. ${idleText([taskQueue])}`,
    remedy: 'Start `syncline worker`, then say it again.',
  });
}

function noAnswer(error: unknown): never {
  if (!isSyncError(error, 'TEMPORAL_UNAVAILABLE')) throw error;
  throw new SyncError('TEMPORAL_UNAVAILABLE', {
    message: `No worker answered within ${ANSWER_MS / 1_000} s`,
    remedy: '`syncline status` shows whether it was heard; if not, say it again.',
    cause: error,
  });
}
