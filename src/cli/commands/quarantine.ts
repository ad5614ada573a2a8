/** `syncline quarantine`: rows that were set aside, and what to do with them. */
import { Command } from 'commander';
import { EXIT, SyncError } from '../../domain/errors.ts';
import { dropQuarantine, listQuarantine, retryQuarantine, showQuarantine } from '../../store/quarantine.ts';
import { withContext } from '../context.ts';
import { table } from '../output.ts';
import type { Register } from '../program.ts';

export function quarantineCommand(register: Register): Command {
  const quarantine = new Command('quarantine').description('rows that were set aside');
  quarantine.addCommand(
    register<{ entity?: string; limit: string }>(
      new Command('list')
        .description('the newest first')
        .option('--entity <name>', 'only of this entity')
        .option('-n, --limit <n>', 'how many', '50'),
      (options, output) =>
        withContext(options, async (context) => {
          const filter = { limit: Number(options.limit), ...(options.entity && { entity: options.entity }) };
          const rows = await listQuarantine((await context.store()).pool, filter);
          output.result(rows, () =>
            rows.length === 0
              ? 'Nothing is in quarantine.'
              : table(
                  ['entity', 'key', 'reason', 'severity', 'times', 'last seen', 'why'],
                  rows.map((row) => [
                    row.entity,
                    row.key,
                    row.reason,
                    row.severity,
                    row.occurrences,
                    row.lastSeenAt,
                    row.detail,
                  ]),
                ),
          );
          return EXIT.ok;
        }),
    ),
  );
  quarantine.addCommand(
    register(
      new Command('show').description('one row with its values').argument('<entity>').argument('<key>'),
      (options, output, [entity, key]) =>
        withContext(options, async (context) => {
          const row = await showQuarantine((await context.store()).pool, {
            entity: entity as string,
            key: key as string,
          });
          if (row === null) throw notThere(entity, key);
          output.result(row, () => JSON.stringify(row, null, 2));
          return EXIT.ok;
        }),
    ),
  );
  const acts = [
    { name: 'retry', what: 'read the rows again from the source at the next run', act: retryQuarantine },
    { name: 'drop', what: 'forget the rows', act: dropQuarantine },
  ] as const;
  for (const { name, what, act } of acts) {
    quarantine.addCommand(
      register<{ all: boolean }>(
        new Command(name)
          .description(what)
          .argument('<entity>')
          .argument('[keys...]')
          .option('--all', 'every row of the entity', false),
        (options, output, [entity, ...keys]) =>
          withContext(options, async (context) => {
            if (keys.length === 0 && !options.all) {
              throw new SyncError('CONFIG_UNKNOWN', {
                message: 'Name keys, or say --all',
                remedy: '`syncline quarantine list` shows the keys.',
              });
            }
            const rows = await act((await context.store()).pool, {
              entity: entity as string,
              keys: options.all ? null : keys,
            });
            output.result({ entity, rows }, () => `${name}: ${rows} rows of ${entity}`);
            return rows > 0 ? EXIT.ok : EXIT.failure;
          }),
      ),
    );
  }
  return quarantine;
}

function notThere(entity: string | undefined, key: string | undefined): SyncError {
  return new SyncError('CONFIG_UNKNOWN', {
    message: `Row ${key} of ${entity} is not in quarantine`,
    remedy: '`syncline quarantine list` shows what is.',
  });
}
