/** `syncline run <pipeline>`: starts a run through Temporal, and follows it with --watch. */
import { Command } from 'commander';
import { startRun } from '../../client.ts';
import type { PipelineSpec } from '../../domain/config.ts';
import { EXIT } from '../../domain/errors.ts';
import type { SyncPipelineInput } from '../../domain/run.ts';
import { pipelineOf } from '../../service/names.ts';
import { checkEntities } from '../../service/runs.ts';
import { idleQueues, idleText } from '../../service/temporal-view.ts';
import { instantArgument, usageError, wholeNumber } from '../arguments.ts';
import type { Register } from '../command.ts';
import { withContext } from '../context.ts';
import { watchRun } from '../watch.ts';
import { userName } from '../who.ts';

type RunOptions = {
  full?: boolean;
  incremental?: boolean;
  watch?: boolean;
  entity?: string[];
  since?: string;
  maxRows?: string;
  allowMassDelete?: boolean;
};

const EXAMPLES = `
Examples:
  syncline run shop --watch                    what changed; everything the first time
  syncline run shop --full                     everything, and deletes
  syncline run shop --full --entity orders --max-rows 1000 --watch   a first look`;

export function runCommand(register: Register): Command {
  const command = new Command('run')
    .description('start a run of a pipeline')
    .argument('<pipeline>')
    .option('--full', 'read everything, and tombstone what the source no longer has')
    .option('--incremental', 'read what changed since the last run (the default)')
    .option('--entity <name...>', 'only these entities')
    .option('--since <instant>', 'only rows changed since this UTC instant; tombstones nothing')
    .option('--max-rows <n>', 'stop each entity after about so many rows; tombstones nothing')
    .option('--allow-mass-delete', 'let this run tombstone more rows than massDeleteGuard allows')
    .option('-w, --watch', 'follow the run to its end; Ctrl-C leaves it running')
    .addHelpText('after', EXAMPLES);
  return register<RunOptions>(command, (options, output, [pipeline]) =>
    withContext(options, async (context) => {
      const spec = pipelineOf(context.config, pipeline as string);
      const input = inputOf(spec, options);
      const client = await context.temporal();
      // Before there is a run that nobody could follow.
      const store = options.watch ? await context.store() : null;
      const run = await startRun(client, context.config, input);
      const started = `Started the ${input.mode} run ${run.runId} of ${input.pipeline}.`;
      if (store !== null) output.note(started);
      const idle = await idleQueues(client, [spec.taskQueue]).catch(() => []);
      if (idle.length > 0) output.note(idleText(idle));
      if (store !== null) return watchRun({ store, client, run, output });
      output.result(
        { ...run, pipeline: input.pipeline, mode: input.mode },
        () => `${started}\n\`syncline status\` shows how it gets on.`,
      );
      return EXIT.ok;
    }),
  );
}

function inputOf(spec: PipelineSpec, options: RunOptions): SyncPipelineInput {
  if (options.full && options.incremental) {
    throw usageError('A run is --full or --incremental, not both', 'Say one of the two.');
  }
  checkEntities(spec, options.entity ?? []);
  return {
    pipeline: spec.pipeline,
    mode: options.full ? 'full' : 'incremental',
    requestedBy: userName(),
    ...(options.entity && { entities: [...new Set(options.entity)] }),
    ...(options.since && { since: instantArgument(options.since, '--since') }),
    ...(options.maxRows && { maxRows: wholeNumber(options.maxRows, '--max-rows') }),
    ...(options.allowMassDelete && { allowMassDelete: true }),
  };
}
