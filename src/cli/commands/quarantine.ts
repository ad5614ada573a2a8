/** `syncline quarantine`: rows that were set aside, and what to do with them. */
import { Command } from 'commander';
import { EXIT } from '../../domain/errors.ts';
import { entitiesOf, unknown } from '../../service/names.ts';
import { chooseQuarantined, readQuarantined } from '../../service/quarantine.ts';
import { listQuarantine, type QuarantinedRow, type QuarantineEntry } from '../../store/quarantine.ts';
import { usageError, wholeNumber } from '../arguments.ts';
import type { Register } from '../command.ts';
import { withContext } from '../context.ts';
import { table } from '../table.ts';
import { counted, moment, shortened } from '../text.ts';

const DETAIL_LENGTH = 80;

export function quarantineCommand(register: Register): Command {
  const command = new Command('quarantine').description('rows that were set aside');
  return command
    .addCommand(listCommand(register))
    .addCommand(showCommand(register))
    .addCommand(choiceCommand(register, RETRY))
    .addCommand(choiceCommand(register, DROP));
}

function listCommand(register: Register): Command {
  const command = new Command('list')
    .description('the newest first, without values')
    .option('--entity <name>', 'only of this entity')
    .option('-n, --limit <n>', 'how many', '50');
  return register<{ entity?: string; limit: string }>(command, (options, output) =>
    withContext(options, async (context) => {
      const { entity } = options;
      const limit = wholeNumber(options.limit, '--limit');
      const rows = await listQuarantine((await context.store()).pool, {
        limit,
        ...(entity !== undefined && { entity }),
      });
      const known = entitiesOf(context.config).map((spec) => spec.entity);
      if (rows.length === 0 && entity !== undefined && !known.includes(entity))
        throw unknown('entity', entity, known);
      output.result(rows, () => listText(rows, limit));
      return EXIT.ok;
    }),
  );
}

function listText(rows: readonly QuarantineEntry[], limit: number): string {
  const [first] = rows;
  if (first === undefined) return 'Nothing is in quarantine.';
  const list = table(rows, [
    { head: 'entity', of: (row) => row.entity },
    { head: 'key', of: (row) => row.key },
    { head: 'reason', of: (row) => row.reason },
    { head: 'severity', of: (row) => row.severity },
    { head: 'times', of: (row) => row.occurrences },
    { head: 'last seen (UTC)', of: (row) => moment(row.lastSeenAt) },
    { head: 'why', of: (row) => shortened(row.detail, DETAIL_LENGTH) },
  ]);
  const more = rows.length === limit ? [`The newest ${limit}; --limit shows more.`] : [];
  return [list, ...more, `\`syncline quarantine show ${first.entity} <key>\` shows a row's values.`].join(
    '\n',
  );
}

function showCommand(register: Register): Command {
  const command = new Command('show')
    .description('one row with its values')
    .argument('<entity>')
    .argument('<key>');
  return register(command, (options, output, [entity, key]) =>
    withContext(options, async (context) => {
      const store = await context.store();
      const row = await readQuarantined(store, { entity: entity as string, key: key as string });
      output.result(row, () => rowText(row));
      return EXIT.ok;
    }),
  );
}

function rowText(row: QuarantinedRow): string {
  return [
    `${row.entity} ${row.key}: ${row.reason} (${row.severity})`,
    row.detail,
    `${counted(row.occurrences, 'time')} from ${moment(row.firstSeenAt)} to ${moment(row.lastSeenAt)} UTC, last in run ${row.runId}`,
    '',
    table(Object.entries(row.payload), [
      { head: 'column', of: ([name]) => name },
      { head: 'value', of: ([, value]) => value ?? 'NULL' },
    ]),
  ].join('\n');
}

type Choice = {
  readonly name: 'retry' | 'drop';
  readonly what: string;
  readonly done: (rows: number, entity: string, pipeline: string) => string;
};

const RETRY: Choice = {
  name: 'retry',
  what: 'read rows again from the source, at the next run',
  done: (rows, entity, pipeline) =>
    `The next run reads ${counted(rows, 'row')} of ${entity} again: \`syncline run ${pipeline}\` starts one.`,
};

const DROP: Choice = {
  name: 'drop',
  what: 'forget rows; they come back if a run meets them again',
  done: (rows, entity) => `Forgot ${counted(rows, 'row')} of ${entity}.`,
};

function choiceCommand(register: Register, { name, what, done }: Choice): Command {
  const command = new Command(name)
    .description(what)
    .argument('<entity>')
    .argument('[keys...]')
    .option('--all', 'every row of the entity', false);
  return register<{ all: boolean }>(command, (options, output, [entity = '', ...keys]) =>
    withContext(options, async (context) => {
      if (keys.length === 0 && !options.all)
        throw usageError('Name keys, or say --all', '`syncline quarantine list` shows the keys.');
      if (keys.length > 0 && options.all)
        throw usageError('Name keys, or say --all, not both', 'Leave one of the two out.');
      const store = await context.store();
      const rows = await chooseQuarantined(store, { act: name, entity, keys: options.all ? null : keys });
      if (rows < keys.length) output.note(`${counted(keys.length - rows, 'key')} of those are not there.`);
      const spec = entitiesOf(context.config).find((one) => one.entity === entity);
      output.result({ entity, rows }, () => done(rows, entity, spec?.pipeline ?? '<pipeline>'));
      return EXIT.ok;
    }),
  );
}
