/** `syncline backups`: rows that business rules kept before they were replaced, and how to bring them back. */
import { Command } from 'commander';
import { EXIT } from '../../domain/errors.ts';
import { restoreBackup } from '../../service/backups.ts';
import { type Backup, listBackups } from '../../store/backups.ts';
import { collect, wholeNumber } from '../arguments.ts';
import type { Register } from '../command.ts';
import { serviceContext, withContext } from '../context.ts';
import { table } from '../table.ts';
import { moment } from '../text.ts';
import { verdictsExit, verdictsText } from '../verdicts-text.ts';
import { userName } from '../who.ts';

const DEVICE = 'cli';

export function backupsCommand(register: Register): Command {
  return new Command('backups')
    .description('rows that business rules kept before they were replaced')
    .addCommand(listCommand(register))
    .addCommand(restoreCommand(register));
}

function listCommand(register: Register): Command {
  const command = new Command('list')
    .description('the newest first, without values')
    .option('--entity <name>', 'only of this entity')
    .option('-n, --limit <n>', 'how many', '50');
  return register<{ entity?: string; limit: string }>(command, (options, output) =>
    withContext(options, async (context) => {
      const limit = wholeNumber(options.limit, '--limit');
      const { entity = null } = options;
      const backups = await listBackups((await context.store()).pool, { entity, limit });
      output.result(backups, () => listText(backups, limit));
      return EXIT.ok;
    }),
  );
}

function listText(backups: readonly Backup[], limit: number): string {
  const [first] = backups;
  if (first === undefined) return 'No row was kept.';
  const list = table(backups, [
    { head: 'backup', of: ({ id }) => id },
    { head: 'entity', of: ({ entity }) => entity },
    { head: 'key', of: ({ key }) => key },
    { head: 'rule', of: ({ rule }) => rule },
    { head: 'kept (UTC)', of: ({ at }) => moment(at) },
    {
      head: 'restored (UTC)',
      of: ({ restoredAt }) => (restoredAt === null ? '' : moment(restoredAt)),
      optional: true,
    },
    { head: 'by', of: ({ restoredBy }) => restoredBy ?? '', optional: true },
  ]);
  const more = backups.length === limit ? [`The newest ${limit}; --limit shows more.`] : [];
  return [list, ...more, `\`syncline backups restore ${first.id}\` brings its values back.`].join('\n');
}

type RestoreOptions = { user?: string; permission: string[] };

function restoreCommand(register: Register): Command {
  const command = new Command('restore')
    .description(
      'write the kept values of writable columns again, as a change that is decided like any other',
    )
    .argument('<id>')
    .option('--user <name>', 'who asks for it (default: your user name)')
    .option('--permission <name>', 'what the user may do, for business rules (repeatable)', collect, []);
  return register<RestoreOptions>(command, (options, output, [id = '']) =>
    withContext(options, async (context) => {
      const verdicts = await restoreBackup(await serviceContext(context), {
        ...{ id, device: DEVICE },
        user: options.user ?? userName(),
        permissions: options.permission,
      });
      output.result({ backup: id, mutations: verdicts }, () => verdictsText(verdicts));
      return verdictsExit(verdicts);
    }),
  );
}
