/** `syncline schedule`: Temporal schedules made from the configuration, one for each pipeline and mode. */
import { Command } from 'commander';
import type { SyncConfig } from '../../domain/config.ts';
import { EXIT } from '../../domain/errors.ts';
import type { RunMode } from '../../domain/run.ts';
import {
  applySchedules,
  listSchedules,
  pauseSchedule,
  resumeSchedule,
  type ScheduleReport,
  triggerSchedule,
} from '../../schedules.ts';
import { type IdleSchedule, idleSchedules, removeSchedules } from '../../service/idle-schedules.ts';
import { pipelineOf } from '../../service/names.ts';
import { idleQueues, idleText } from '../../service/temporal-view.ts';
import { modeArgument } from '../arguments.ts';
import type { Register } from '../command.ts';
import { withContext } from '../context.ts';
import { table } from '../table.ts';
import { moment } from '../text.ts';
import { userName } from '../who.ts';

export function scheduleCommand(register: Register): Command {
  const command = new Command('schedule').description('start runs by the clock');
  command.addCommand(applyCommand(register)).addCommand(listCommand(register));
  command.addCommand(pruneCommand(register));
  for (const act of ACTS) command.addCommand(actCommand(register, act));
  return command;
}

function applyCommand(register: Register): Command {
  const command = new Command('apply').description('make Temporal’s schedules those of the configuration');
  return register(command, (options, output) =>
    withContext(options, async (context) => {
      const changes = await applySchedules(await context.temporal(), context.config);
      output.result(changes, () =>
        changes.length === 0
          ? 'Nothing to change.'
          : changes.map(({ action, scheduleId }) => `${action} ${scheduleId}`).join('\n'),
      );
      return EXIT.ok;
    }),
  );
}

function listCommand(register: Register): Command {
  const command = new Command('list').description('schedules and their next times');
  return register(command, (options, output) =>
    withContext(options, async (context) => {
      const schedules = await listSchedules(await context.temporal());
      output.result(schedules, () => listText(schedules, missingSchedules(context.config, schedules)));
      return EXIT.ok;
    }),
  );
}

function pruneCommand(register: Register): Command {
  const command = new Command('prune')
    .description('sweeps and clean-ups of task queues that were given up')
    .option('--yes', 'remove them; without it they are only listed');
  return register<{ yes?: true }>(command, (options, output) =>
    withContext(options, async (context) => {
      const client = await context.temporal();
      const found = await idleSchedules(client, context.config);
      const removed = options.yes ? await removeSchedules(client, found) : [];
      output.result({ found, removed }, () =>
        options.yes ? removedText(removed) : idleSchedulesText(found),
      );
      return EXIT.ok;
    }),
  );
}

function idleSchedulesText(found: readonly IdleSchedule[]): string {
  if (found.length === 0)
    return 'Nothing to remove: each sweep and clean-up has workers, or a pipeline of this configuration.';
  const list = table(found, [
    { head: 'schedule', of: ({ scheduleId }) => scheduleId },
    { head: 'task queue', of: ({ taskQueue }) => taskQueue },
    { head: 'state', of: ({ paused }) => (paused ? 'paused' : 'active') },
  ]);
  return [
    list,
    'No worker has polled these queues for five minutes, and no pipeline of this configuration uses them.',
    '→ `syncline schedule prune --yes` removes them; a worker that starts on such a queue makes its own again.',
  ].join('\n');
}

function removedText(removed: readonly IdleSchedule[]): string {
  if (removed.length === 0) return 'Nothing to remove.';
  return removed.map(({ scheduleId }) => `removed ${scheduleId}`).join('\n');
}

function listText(schedules: readonly ScheduleReport[], missing: readonly string[]): string {
  const hint =
    missing.length === 0
      ? []
      : [`Not in Temporal yet: ${missing.join(', ')}\n  → \`syncline schedule apply\` puts them there.`];
  if (schedules.length === 0 && missing.length === 0)
    return 'There is no schedule: give a pipeline one in the configuration, then `syncline schedule apply`.';
  if (schedules.length === 0) return hint.join('\n');
  const list = table(schedules, [
    { head: 'pipeline', of: (at) => at.pipeline },
    { head: 'mode', of: (at) => at.mode },
    { head: 'when', of: (at) => at.when },
    { head: 'time zone', of: (at) => at.timeZone },
    { head: 'state', of: (at) => (at.paused ? `paused: ${at.note}` : 'active') },
    { head: 'next (UTC)', of: (at) => (at.paused ? null : moment(at.nextRuns[0] ?? '')) },
  ]);
  return [list, ...hint].join('\n');
}

function missingSchedules(config: SyncConfig, schedules: readonly ScheduleReport[]): string[] {
  const wanted = Object.values(config.pipelines).flatMap(({ pipeline, schedule }) =>
    (['incremental', 'full'] as const).flatMap((mode) => (schedule[mode] ? [{ pipeline, mode }] : [])),
  );
  return wanted
    .filter((one) => !schedules.some((at) => at.pipeline === one.pipeline && at.mode === one.mode))
    .map(({ pipeline, mode }) => `${pipeline} ${mode}`);
}

type Act = {
  readonly name: string;
  readonly what: string;
  readonly act: typeof pauseSchedule;
  readonly done: (target: { pipeline: string; mode: RunMode }) => string;
};

const ACTS: readonly Act[] = [
  {
    name: 'pause',
    what: 'start no runs by the clock until it is resumed',
    act: pauseSchedule,
    done: ({ pipeline, mode }) =>
      `Paused. \`syncline schedule resume ${pipeline} ${mode}\` lets it go on; a run at work is not touched.`,
  },
  {
    name: 'resume',
    what: 'let a paused schedule go on',
    act: resumeSchedule,
    done: ({ pipeline, mode }) => `${pipeline} ${mode} runs by the clock again.`,
  },
  {
    name: 'trigger',
    what: 'start its run now, unless its last one is still under way',
    act: triggerSchedule,
    done: () => 'Started, unless its last run is still under way: `syncline status` shows it.',
  },
];

function actCommand(register: Register, { name, what, act, done }: Act): Command {
  const command = new Command(name)
    .description(what)
    .argument('<pipeline>')
    .argument('[mode]', 'full or incremental', 'incremental')
    .option('--note <text>', 'why; shown with the schedule');
  return register<{ note?: string }>(command, (options, output, [pipeline = '', mode = 'incremental']) =>
    withContext(options, async (context) => {
      const spec = pipelineOf(context.config, pipeline);
      const target = { pipeline: spec.pipeline, mode: modeArgument(mode) };
      const client = await context.temporal();
      await act(client, { ...target, note: options.note ?? `by ${userName()}` });
      output.result({ ...target, done: name }, () => done(target));
      const idle = name === 'trigger' ? await idleQueues(client, [spec.taskQueue]).catch(() => []) : [];
      if (idle.length > 0) output.note(idleText(idle));
      return EXIT.ok;
    }),
  );
}
