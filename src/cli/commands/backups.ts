/** `syncline backups`: rows that business rules kept before they were replaced, and how to bring them back. */
import { randomUUID } from 'node:crypto';
import { Command } from 'commander';
import type { EntitySpec } from '../../domain/entity.ts';
import { EXIT, SyncError } from '../../domain/errors.ts';
import type { WireMutation } from '../../domain/upload/wire.ts';
import { entitiesOf, unknown } from '../../service/names.ts';
import { type Backup, type KeptRow, listBackups, noteRestored, readBackup } from '../../store/backups.ts';
import { type MirrorRow, readMirrorRow } from '../../store/mirror-row.ts';
import { collect, wholeNumber } from '../arguments.ts';
import type { Register } from '../command.ts';
import { withContext } from '../context.ts';
import { sendUpload } from '../send-upload.ts';
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
      const { pool } = await context.store();
      const backup = await readBackup(pool, id);
      if (backup === null) throw notThere(id);
      const spec = writtenEntity(entitiesOf(context.config), backup.entity);
      const mutation = restoring(backup, spec, await readMirrorRow(pool, spec, backup.key));
      const user = options.user ?? userName();
      const verdicts = await sendUpload(context, {
        device: DEVICE,
        key: mutation.mutation as string,
        user,
        permissions: options.permission,
        mutations: [mutation],
      });
      const status = verdicts[0]?.verdict?.status;
      if (status === 'applied' || status === 'merged') await noteRestored(pool, { id, by: user });
      output.result({ backup: id, mutations: verdicts }, () => verdictsText(verdicts));
      return verdictsExit(verdicts);
    }),
  );
}

function notThere(id: string): SyncError {
  return new SyncError('CONFIG_UNKNOWN', {
    message: `There is no backup ${id}`,
    remedy: '`syncline backups list` shows all there are.',
  });
}

function writtenEntity(specs: readonly EntitySpec[], name: string): EntitySpec & { upload: object } {
  const spec = specs.find(({ entity }) => entity === name);
  if (spec === undefined)
    throw unknown(
      'entity',
      name,
      specs.map(({ entity }) => entity),
    );
  if (spec.upload !== null) return spec as EntitySpec & { upload: object };
  throw new SyncError('CONFIG_UNKNOWN', {
    message: `${name} takes no changes any more: its configuration has no \`upload\``,
    remedy: 'Give the entity `upload` again, or write the values in the source.',
  });
}

/**
 * From the row as it is now, so that nothing clashes but what changes from here on. A row that is gone is made again,
 * with its key.
 */
function restoring(backup: KeptRow, spec: EntitySpec, now: MirrorRow | null): WireMutation {
  const isThere = now !== null && now.deletedAt === null;
  const writable = new Set([
    ...(spec.upload?.writable ?? []),
    ...spec.localColumns.map(({ name }) => name),
    ...(isThere ? [] : (now?.keyColumns ?? [])),
  ]);
  const values = Object.fromEntries(Object.entries(backup.values).filter(([name]) => writable.has(name)));
  const base = isThere
    ? Object.fromEntries(Object.keys(values).map((name) => [name, now.values[name] ?? null]))
    : null;
  return {
    mutation: `restore/${backup.id}/${randomUUID()}`,
    entity: backup.entity,
    row: backup.row,
    operation: isThere ? 'update' : 'insert',
    values,
    ...(base !== null && { base: { values: base } }),
  };
}
