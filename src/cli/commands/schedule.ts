/** `syncline schedule`: Temporal schedules made from the configuration, one for each pipeline and mode. */
import { Command } from 'commander';
import { EXIT, SyncError } from '../../domain/errors.ts';
import type { RunMode } from '../../domain/run.ts';
import {
  applySchedules,
  listSchedules,
  pauseSchedule,
  resumeSchedule,
  triggerSchedule,
} from '../../schedules.ts';
import type { Register } from '../command.ts';
import { pipelineOf, withContext } from '../context.ts';
import { table } from '../output.ts';

export function scheduleCommand(register: Register): Command {
  const schedule = new Command('schedule').description('start runs by the clock');
  schedule.addCommand(
    register(
      new Command('apply').description('make Temporal’s schedules those of the configuration'),
      (options, output) =>
        withContext(options, async (context) => {
          const changes = await applySchedules(await context.temporal(), context.config);
          output.result(changes, () =>
            changes.length === 0
              ? 'Nothing to change.'
              : changes.map((change) => `${change.action} ${change.scheduleId}`).join('\n'),
          );
          return EXIT.ok;
        }),
    ),
  );
  schedule.addCommand(
    register(new Command('list').description('schedules and their next times'), (options, output) =>
      withContext(options, async (context) => {
        const schedules = await listSchedules(await context.temporal());
        output.result(schedules, () =>
          table(
            ['schedule', 'pipeline', 'mode', 'state', 'time zone', 'next'],
            schedules.map((at) => [
              at.scheduleId,
              at.pipeline,
              at.mode,
              at.paused ? `paused: ${at.note}` : 'active',
              at.timeZone,
              at.nextRuns[0],
            ]),
          ),
        );
        return EXIT.ok;
      }),
    ),
  );
  const acts = [
    { name: 'pause', what: 'pause', act: pauseSchedule },
    { name: 'resume', what: 'resume', act: resumeSchedule },
    { name: 'trigger', what: 'start now, once; skipped while a run is under way,', act: triggerSchedule },
  ] as const;
  for (const { name, what, act } of acts) {
    const command = new Command(name)
      .description(`${what} a pipeline’s schedule`)
      .argument('<pipeline>')
      .argument('[mode]', 'full or incremental', 'incremental')
      .option('--note <text>', 'why', 'by the command line');
    schedule.addCommand(
      register<{ note: string }>(command, (options, output, [pipeline, mode = 'incremental']) =>
        withContext(options, async (context) => {
          const target = {
            pipeline: pipelineOf(context.config, pipeline as string).pipeline,
            mode: modeOf(mode),
          };
          await act(await context.temporal(), { ...target, note: options.note });
          output.result({ ...target, done: name }, () => `${name}: ${target.pipeline} ${target.mode}`);
          return EXIT.ok;
        }),
      ),
    );
  }
  return schedule;
}

function modeOf(mode: string): RunMode {
  if (mode === 'full' || mode === 'incremental') return mode;
  throw new SyncError('CONFIG_UNKNOWN', { message: `There is no mode "${mode}": full or incremental` });
}
