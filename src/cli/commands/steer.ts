/** `syncline pause | resume | cancel <pipeline>`: a run that is under way. */
import { Command } from 'commander';
import { cancelRun, pauseRun, resumeRun } from '../../client.ts';
import { EXIT, SyncError } from '../../domain/errors.ts';
import { type RunReport, readRuns } from '../../store/run-reports.ts';
import type { Register } from '../command.ts';
import { pipelineOf, withContext } from '../context.ts';

const ACTIONS = {
  pause: { act: pauseRun, what: 'stop a run between two pieces; it keeps its place' },
  resume: { act: resumeRun, what: 'let a paused run go on' },
  cancel: { act: cancelRun, what: 'end a run; what is loaded stays, its checkpoint does not move' },
} as const;

export function steerCommand(name: keyof typeof ACTIONS): (register: Register) => Command {
  const { act, what } = ACTIONS[name];
  return (register) => {
    const command = new Command(name)
      .description(what)
      .argument('<pipeline>')
      .option('--note <text>', 'why')
      .option('--by <name>', 'who says so', 'the command line');
    return register<{ note?: string; by: string }>(command, (options, output, [pipeline]) =>
      withContext(options, async (context) => {
        const { pipeline: known } = pipelineOf(context.config, pipeline as string);
        const run = await runUnderWay((await context.store()).pool, known);
        const asked = { by: options.by, ...(options.note && { note: options.note }) };
        const status = await act(await context.temporal(), { workflowId: run.workflowId }, asked);
        output.result({ pipeline: known, runId: run.runId, status }, () => `${known}: ${status}`);
        return EXIT.ok;
      }),
    );
  };
}

async function runUnderWay(db: Parameters<typeof readRuns>[0], pipeline: string): Promise<RunReport> {
  const [run] = await readRuns(db, { pipeline, running: true, limit: 1 });
  if (run !== undefined) return run;
  throw new SyncError('RUN_NOT_FOUND', {
    message: `No run of ${pipeline} is under way`,
    remedy: `\`syncline run ${pipeline}\` starts one.`,
  });
}
