/** `syncline plan`: what a run would do, without doing it; with --apply: makes the mirrors fit. */
import { Command } from 'commander';
import { ERRORS, type ErrorCode, EXIT, type ExitCode } from '../../domain/errors.ts';
import { pipelinesOf } from '../../service/names.ts';
import type { MirrorChange } from '../../store/mirror-compare.ts';
import type { Register } from '../command.ts';
import { withContext } from '../context.ts';
import { type EntityForecast, forecastEntity, sampleText } from '../forecast.ts';
import { worstExit } from '../output.ts';
import { failureText } from '../summary.ts';
import { table } from '../table.ts';
import { counted } from '../text.ts';

export function planCommand(register: Register): Command {
  const command = new Command('plan')
    .description('what a run would do: tables, types, rows, and changes of the mirrors; exit 2 if there are')
    .argument('[pipeline]')
    .option('--apply', 'create mirrors, and take over compatible changes of the source', false);
  return register<{ apply: boolean }>(command, (options, output, [name]) =>
    withContext(options, async (context) => {
      const pipelines = pipelinesOf(context.config, name);
      const store = await context.store();
      const forecasts: EntityForecast[] = [];
      for (const pipeline of pipelines) {
        const source = context.source(pipeline.source);
        for (const spec of Object.values(pipeline.entities)) {
          const mirror = options.apply ? 'apply' : 'look';
          forecasts.push(await forecastEntity({ store, source, pipeline, spec, mirror }));
        }
      }
      output.result(forecasts, () => forecastsText(forecasts));
      return worstExit(forecasts.map(exitOf));
    }),
  );
}

function exitOf({ error, mirrorChanges, applied }: EntityForecast): ExitCode {
  if (error !== undefined) return ERRORS[error.code as ErrorCode].exit;
  return !applied && mirrorChanges.length > 0 ? EXIT.differences : EXIT.ok;
}

function forecastsText(forecasts: readonly EntityForecast[]): string {
  if (forecasts.length === 0) return 'The configuration has no entity: add one to `pipelines`.';
  const toDo = forecasts.filter((forecast) => exitOf(forecast) === EXIT.differences).length;
  const last =
    toDo === 0
      ? []
      : [
          `${counted(toDo, 'mirror')} would change: \`syncline plan --apply\` does it now, without loading a row.`,
        ];
  return [...forecasts.map(forecastText), ...last].join('\n\n');
}

function forecastText(forecast: EntityForecast): string {
  const title = `${forecast.pipeline} / ${forecast.entity} → ${forecast.mirror}`;
  if (forecast.error !== undefined) return `${title}\n${indented(failureText('✗ error', forecast.error))}`;
  const { sample } = forecast;
  const lines = [
    `about ${counted(forecast.estimatedRows, 'row')}; next run: ${forecast.nextRun}`,
    columnTable(forecast),
    ...forecast.mirrorChanges.map((change) => changeText(change, forecast.applied)),
    ...(sample.rejected > 0 ? [`! ${sampleText(sample)}`] : []),
    ...forecast.warnings.map((warning) => `! ${warning}`),
    ...forecast.advice.map(({ problem, sql }) => `· ${problem}\n  → ${sql}`),
  ];
  return `${title}\n${indented(lines.join('\n'))}`;
}

function columnTable({ columns }: EntityForecast): string {
  return table(columns, [
    { head: 'column', of: (at) => at.name },
    { head: 'type', of: (at) => at.type },
    { head: 'from', of: (at) => at.from ?? (at.role === 'local' ? 'yours, never overwritten' : 'computed') },
    { head: 'source type', of: (at) => at.sourceType ?? '' },
    { head: '', of: (at) => (at.isKey ? 'key' : ''), optional: true },
  ]);
}

function changeText({ kind, description, remedy }: MirrorChange, applied: boolean): string {
  const mark = kind === 'conflict' ? '✗' : applied ? '✓' : '+';
  return `${mark} mirror: ${description}${remedy === undefined ? '' : `\n  → ${remedy}`}`;
}

function indented(text: string): string {
  return text.replace(/^/gm, '  ');
}
