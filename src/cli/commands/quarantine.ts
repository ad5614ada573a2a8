/** `syncline quarantine`: rows that were set aside, and what to do with them. */
import { Command } from 'commander';
import { EXIT, SyncError } from '../../domain/errors.ts';
import {
  dropQuarantine,
  listQuarantine,
  type QuarantineEntry,
  retryQuarantine,
  showQuarantine,
} from '../../store/quarantine.ts';
import { wholeNumber } from '../arguments.ts';
import type { Register } from '../command.ts';
import { withContext } from '../context.ts';
import { table } from '../output.ts';

export function quarantineCommand(register: Register): Command {
  return new Command('quarantine')
    .description('rows that were set aside')
    .addCommand(listCommand(register))
    .addCommand(showCommand(register))
    .addCommand(
      choiceCommand(register, {
        name: 'retry',
        what: 'read the rows again from the source at the next run',
        act: retryQuarantine,
      }),
    )
    .addCommand(choiceCommand(register, { name: 'drop', what: 'forget the rows', act: dropQuarantine }));
}

function listCommand(register: Register): Command {
  const command = new Command('list')
    .description('the newest first')
    .option('--entity <name>', 'only of this entity')
    .option('-n, --limit <n>', 'how many', '50');
  return register<{ entity?: string; limit: string }>(command, (options, output) =>
    withContext(options, async (context) => {
      const filter = {
        limit: wholeNumber(options.limit, '--limit'),
        ...(options.entity && { entity: options.entity }),
      };
      const rows = await listQuarantine((await context.store()).pool, filter);
      output.result(rows, () => (rows.length === 0 ? 'Nothing is in quarantine.' : listText(rows)));
      return EXIT.ok;
    }),
  );
}

function listText(rows: readonly QuarantineEntry[]): string {
  return table(
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
  );
}

function showCommand(register: Register): Command {
  const command = new Command('show')
    .description('one row with its values')
    .argument('<entity>')
    .argument('<key>');
  return register(command, (options, output, [entity, key]) =>
    withContext(options, async (context) => {
      const row = await showQuarantine((await context.store()).pool, {
        entity: entity as string,
        key: key as string,
      });
      if (row === null) throw notThere(entity, key);
      output.result(row, () => JSON.stringify(row, null, 2));
      return EXIT.ok;
    }),
  );
}

type Choice = { readonly name: string; readonly what: string; readonly act: typeof dropQuarantine };

function choiceCommand(register: Register, { name, what, act }: Choice): Command {
  const command = new Command(name)
    .description(what)
    .argument('<entity>')
    .argument('[keys...]')
    .option('--all', 'every row of the entity', false);
  return register<{ all: boolean }>(command, (options, output, [entity, ...keys]) =>
    withContext(options, async (context) => {
      if (keys.length === 0 && !options.all) {
        throw new SyncError('CONFIG_UNKNOWN', {
          message: 'Name keys, or say --all',
          remedy: '`syncline quarantine list` shows the keys.',
        });
      }
      const chosen = { entity: entity as string, keys: options.all ? null : keys };
      const rows = await act((await context.store()).pool, chosen);
      output.result({ entity, rows }, () => `${name}: ${rows} rows of ${entity}`);
      return rows > 0 ? EXIT.ok : EXIT.failure;
    }),
  );
}

function notThere(entity: string | undefined, key: string | undefined): SyncError {
  return new SyncError('CONFIG_UNKNOWN', {
    message: `Row ${key} of ${entity} is not in quarantine`,
    remedy: '`syncline quarantine list` shows what is.',
  });
}
