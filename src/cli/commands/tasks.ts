/** `syncline tasks`: what people are asked to do. */
import { Command } from 'commander';
import { EXIT } from '../../domain/errors.ts';
import { closeTask } from '../../service/tasks.ts';
import { listTasks, type Task } from '../../store/tasks.ts';
import { wholeNumber } from '../arguments.ts';
import type { Register } from '../command.ts';
import { withContext } from '../context.ts';
import { table } from '../table.ts';
import { moment, shortened } from '../text.ts';
import { userName } from '../who.ts';

export function tasksCommand(register: Register): Command {
  return new Command('tasks')
    .description('what people are asked to do: conflicts, and what business rules want looked at')
    .addCommand(listCommand(register))
    .addCommand(closeCommand(register));
}

function listCommand(register: Register): Command {
  const command = new Command('list')
    .description('open tasks, the newest first')
    .option('--all', 'closed ones too', false)
    .option('-n, --limit <n>', 'how many', '50');
  return register<{ all: boolean; limit: string }>(command, (options, output) =>
    withContext(options, async (context) => {
      const limit = wholeNumber(options.limit, '--limit');
      const state = options.all ? 'any' : 'open';
      const tasks = await listTasks((await context.store()).pool, { state, limit });
      output.result(tasks, () => listText(tasks, { state, limit }));
      return EXIT.ok;
    }),
  );
}

function listText(tasks: readonly Task[], { state, limit }: { state: string; limit: number }): string {
  if (tasks.length === 0) return state === 'open' ? 'No task is open.' : 'There was no task yet.';
  const list = table(tasks, [
    { head: 'task', of: ({ id }) => id },
    { head: 'kind', of: ({ kind }) => kind },
    { head: 'what', of: ({ title }) => shortened(title, 80) },
    { head: 'entity', of: ({ entity }) => entity },
    { head: 'row', of: ({ row }) => row },
    { head: 'conflict', of: ({ conflictId }) => conflictId ?? '', optional: true },
    { head: 'since (UTC)', of: ({ openedAt }) => moment(openedAt) },
    {
      head: 'closed (UTC)',
      of: ({ closedAt }) => (closedAt === null ? '' : moment(closedAt)),
      optional: true,
    },
    { head: 'by', of: ({ closedBy }) => closedBy ?? '', optional: true },
  ]);
  return tasks.length === limit ? `${list}\nThe first ${limit}; --limit shows more.` : list;
}

function closeCommand(register: Register): Command {
  const command = new Command('close')
    .description('it is done')
    .argument('<id>')
    .option('--by <name>', 'who says so (default: your user name)');
  return register<{ by?: string }>(command, (options, output, [id = '']) =>
    withContext(options, async (context) => {
      const store = await context.store();
      const by = options.by ?? userName();
      await closeTask(store, { id, by });
      output.result({ task: id, closedBy: by }, () => `Task ${id} is closed.`);
      return EXIT.ok;
    }),
  );
}
