/** `syncline run <pipeline>`: starts a run through Temporal, and follows it with --watch. */
import { Command } from 'commander';
import { type Client, followRun, type RunHandle, startRun } from '../../client.ts';
import { EXIT, type ExitCode, SyncError } from '../../domain/errors.ts';
import type { RunSummary, SyncPipelineInput } from '../../domain/run.ts';
import type { Store } from '../../store/open.ts';
import { readRuns } from '../../store/run-reports.ts';
import { instantArgument, wholeNumber } from '../arguments.ts';
import type { Register } from '../command.ts';
import { pipelineOf, withContext } from '../context.ts';
import { count, type Output, table } from '../output.ts';
import { progressView } from '../progress.ts';

type RunOptions = {
  full?: boolean;
  incremental?: boolean;
  watch?: boolean;
  entity?: string[];
  since?: string;
  maxRows?: string;
  allowMassDelete?: boolean;
};

const LOOK_EVERY_MS = 500;

export function runCommand(register: Register): Command {
  const command = new Command('run')
    .description('start a run of a pipeline')
    .argument('<pipeline>')
    .option('--full', 'read everything, and tombstone what the source no longer has')
    .option('--incremental', 'read what changed since the last run (the default)')
    .option('--entity <name...>', 'only these entities')
    .option('--since <instant>', 'with --full: only rows changed since this UTC instant; tombstones nothing')
    .option('--max-rows <n>', 'stop each entity after about so many rows; tombstones nothing')
    .option('--allow-mass-delete', 'let this run tombstone more rows than massDeleteGuard allows')
    .option('-w, --watch', 'follow the run to its end; Ctrl-C leaves it running');
  return register<RunOptions>(command, (options, output, [pipeline]) =>
    withContext(options, async (context) => {
      if (options.full && options.incremental) {
        throw new SyncError('CONFIG_UNKNOWN', {
          message: 'A run is --full or --incremental',
          remedy: 'Say one of the two.',
        });
      }
      const input = inputOf(pipelineOf(context.config, pipeline as string).pipeline, options);
      const client = await context.temporal();
      const run = await startRun(client, context.config, input);
      output.note(`Started ${run.workflowId}.`);
      if (!options.watch) {
        output.result({ workflowId: run.workflowId, runId: run.runId }, () => '');
        return EXIT.ok;
      }
      return watch({ store: await context.store(), client, run, output });
    }),
  );
}

function inputOf(pipeline: string, options: RunOptions): SyncPipelineInput {
  return {
    pipeline,
    mode: options.full ? 'full' : 'incremental',
    requestedBy: 'cli',
    ...(options.entity && { entities: options.entity }),
    ...(options.since && { since: instantArgument(options.since, '--since') }),
    ...(options.maxRows && { maxRows: wholeNumber(options.maxRows, '--max-rows') }),
    ...(options.allowMassDelete && { allowMassDelete: true }),
  };
}

async function watch(at: {
  store: Store;
  client: Client;
  run: RunHandle;
  output: Output;
}): Promise<ExitCode> {
  const view = progressView();
  const timer = setInterval(() => {
    readRuns(at.store.pool, { runId: at.run.runId, limit: 1 })
      .then(([report]) => view.show(report?.entities ?? []))
      .catch(() => undefined);
  }, LOOK_EVERY_MS);
  const interrupted = new Promise<'interrupted'>((resolve) =>
    process.once('SIGINT', () => resolve('interrupted')),
  );
  try {
    const summary = await Promise.race([followRun(at.client, at.run), interrupted]);
    view.stop();
    if (summary === 'interrupted') {
      at.output.note('The run goes on. `syncline status` shows it.');
      return EXIT.interrupted;
    }
    at.output.result(summary, () => summaryText(summary));
    return summary.status === 'SUCCESS' || summary.status === 'YIELDED' ? EXIT.ok : EXIT.failure;
  } finally {
    clearInterval(timer);
    view.stop();
  }
}

export function summaryText(summary: RunSummary): string {
  if (summary.status === 'YIELDED')
    return `Nothing done: run ${summary.yieldedTo} of this pipeline is at work.`;
  const rows = summary.entities.map((entity) => [
    entity.entity,
    entity.mode,
    entity.status,
    entity.counts.fetched,
    entity.counts.inserted,
    entity.counts.updated,
    entity.counts.unchanged,
    entity.counts.tombstoned,
    entity.counts.skipped,
    entity.counts.quarantined,
    entity.error ? `${entity.error.code}: ${entity.error.message}` : '',
  ]);
  const head = [
    'entity',
    'mode',
    'status',
    'fetched',
    'inserted',
    'updated',
    'unchanged',
    'tombstoned',
    'skipped',
    'quarantined',
    '',
  ];
  return `${summary.status}: ${count(summary.counts.fetched)} rows fetched\n${table(head, rows)}`;
}
