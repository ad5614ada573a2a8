/** `syncline pause | resume | cancel <pipeline>`: a run that is under way, or that waits for its turn. */
import { Command } from 'commander';
import { type Client, cancelRun, pauseRun, resumeRun } from '../../client.ts';
import { EXIT, isSyncError, SyncError } from '../../domain/errors.ts';
import { pipelineOf } from '../../service/names.ts';
import { idleQueues, idleText, openWorkflows } from '../../service/temporal-view.ts';
import type { Store } from '../../store/open.ts';
import { readRuns } from '../../store/run-reports.ts';
import type { Register } from '../command.ts';
import { withContext } from '../context.ts';
import { userName } from '../who.ts';

const ACTIONS = {
  pause: { act: pauseRun, what: 'stop a run between two pieces; it keeps its place', next: 'resume' },
  resume: { act: resumeRun, what: 'let a paused run go on', next: null },
  cancel: {
    act: cancelRun,
    what: 'end a run; what is loaded stays, its checkpoint does not move',
    next: null,
  },
} as const;

/** Whoever steers is at the terminal; a worker answers within a second, or there is none. */
const ANSWER_MS = 15_000;

type SteerOptions = { note?: string; by?: string };

export function steerCommand(name: keyof typeof ACTIONS): (register: Register) => Command {
  const { act, what, next } = ACTIONS[name];
  return (register) => {
    const command = new Command(name)
      .description(what)
      .argument('<pipeline>')
      .option('--note <text>', 'why; shown with the run')
      .option('--by <name>', 'who says so (default: your user name)');
    return register<SteerOptions>(command, (options, output, [pipeline]) =>
      withContext(options, async (context) => {
        const spec = pipelineOf(context.config, pipeline as string);
        const [store, client] = [await context.store(), await context.temporal()];
        const workflowId = await workflowUnderWay(store, client, spec.pipeline);
        await refuseIdle(client, spec.taskQueue);
        const asked = { by: options.by ?? userName(), ...(options.note && { note: options.note }) };
        const answer = client.withDeadline(Date.now() + ANSWER_MS, () => act(client, { workflowId }, asked));
        const status = await answer.catch(noAnswer);
        output.result({ pipeline: spec.pipeline, workflowId, status }, () => {
          const then = next === null ? '' : ` \`syncline ${next} ${spec.pipeline}\` lets it go on.`;
          return `${workflowId} is ${status}.${then}`;
        });
        return EXIT.ok;
      }),
    );
  };
}

/** The run at work; else one that waits: for the lease, or for a worker. */
async function workflowUnderWay(store: Store, client: Client, pipeline: string): Promise<string> {
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
