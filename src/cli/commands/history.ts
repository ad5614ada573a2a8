/** `syncline history [pipeline]`: runs that were, newest first. */
import { Command } from 'commander';
import { EXIT } from '../../domain/errors.ts';
import { type RunReport, readRuns } from '../../store/run-reports.ts';
import { wholeNumber } from '../arguments.ts';
import type { Register } from '../command.ts';
import { withContext } from '../context.ts';
import { table } from '../output.ts';

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
      output.result(runs, () => historyText(runs));
      return EXIT.ok;
    }),
  );
}

function historyText(runs: readonly RunReport[]): string {
  if (runs.length === 0) return 'No run yet: `syncline run <pipeline>` starts one.';
  const sum = (
    run: RunReport,
    name: 'fetched' | 'inserted' | 'updated' | 'tombstoned' | 'quarantined',
  ): number => run.entities.reduce((total, entity) => total + Number(entity.counts[name] ?? 0), 0);
  return table(
    [
      'started',
      'pipeline',
      'mode',
      'status',
      'seconds',
      'fetched',
      'inserted',
      'updated',
      'tombstoned',
      'quarantined',
      'by',
      '',
    ],
    runs.map((run) => [
      run.startedAt.slice(0, 19),
      run.pipeline,
      run.mode,
      run.status,
      Math.round(run.seconds),
      sum(run, 'fetched'),
      sum(run, 'inserted'),
      sum(run, 'updated'),
      sum(run, 'tombstoned'),
      sum(run, 'quarantined'),
      run.requestedBy ?? run.trigger,
      run.error?.code ?? run.entities.find((entity) => entity.error !== null)?.error?.code ?? '',
    ]),
  );
}
