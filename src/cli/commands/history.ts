/** `syncline history [pipeline]`: runs that were, newest first, and why they did not end well. */
import { Command } from 'commander';
import { EXIT } from '../../domain/errors.ts';
import type { RowCounts } from '../../domain/run.ts';
import { unknown } from '../../service/names.ts';
import { type RunReport, readRuns } from '../../store/run-reports.ts';
import { wholeNumber } from '../arguments.ts';
import type { Register } from '../command.ts';
import { withContext } from '../context.ts';
import { failureText } from '../summary.ts';
import { table } from '../table.ts';
import { duration, moment } from '../text.ts';

/** Older failures are in --json, and with a longer --limit nobody reads them all. */
const MAX_EXPLAINED = 5;

export function historyCommand(register: Register): Command {
  const command = new Command('history')
    .description('past runs, newest first')
    .argument('[pipeline]')
    .option('-n, --limit <n>', 'how many', '20');
  return register<{ limit: string }>(command, (options, output, [pipeline]) =>
    withContext(options, async (context) => {
      const filter = {
        limit: wholeNumber(options.limit, '--limit'),
        ...(pipeline !== undefined && { pipeline }),
      };
      const runs = await readRuns((await context.store()).pool, filter);
      // A pipeline that left the configuration keeps its history.
      const known = Object.keys(context.config.pipelines);
      if (runs.length === 0 && pipeline !== undefined && !known.includes(pipeline))
        throw unknown('pipeline', pipeline, known);
      output.result(runs, () => historyText(runs, pipeline));
      return EXIT.ok;
    }),
  );
}

function historyText(runs: readonly RunReport[], pipeline = '<pipeline>'): string {
  if (runs.length === 0) return `No run yet: \`syncline run ${pipeline}\` starts one.`;
  return [historyTable(runs), ...runs.flatMap(failuresOf).slice(0, MAX_EXPLAINED)].join('\n');
}

function historyTable(runs: readonly RunReport[]): string {
  const sum = (run: RunReport, name: keyof RowCounts): number =>
    run.entities.reduce((total, entity) => total + Number(entity.counts[name] ?? 0), 0);
  return table(runs, [
    { head: 'started (UTC)', of: (run) => moment(run.startedAt) },
    { head: 'pipeline', of: (run) => run.pipeline },
    { head: 'mode', of: (run) => run.mode },
    { head: 'status', of: (run) => run.status },
    { head: 'took', of: (run) => duration(run.seconds) },
    { head: 'fetched', of: (run) => sum(run, 'fetched') },
    { head: 'inserted', of: (run) => sum(run, 'inserted') },
    { head: 'updated', of: (run) => sum(run, 'updated') },
    { head: 'tombstoned', of: (run) => sum(run, 'tombstoned'), optional: true },
    { head: 'quarantined', of: (run) => sum(run, 'quarantined'), optional: true },
    { head: 'by', of: (run) => run.requestedBy ?? run.trigger },
    { head: 'run', of: (run) => run.runId },
  ]);
}

/** One run's failures: its own, and those of its entities. */
function failuresOf(run: RunReport): string[] {
  const when = `${moment(run.startedAt)} ${run.pipeline}`;
  return [
    ...(run.error === null ? [] : [failureText(when, run.error)]),
    ...run.entities.flatMap(({ entity, error }) =>
      error === null ? [] : [failureText(`${when}/${entity}`, error)],
    ),
  ];
}
