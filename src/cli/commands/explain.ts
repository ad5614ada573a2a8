/** `syncline explain <entity> <key>`: one row's life, from the source's read to the last verdict. */
import { Command } from 'commander';
import { EVERYTHING } from '../../domain/access/scope.ts';
import { EXIT } from '../../domain/errors.ts';
import { parseHlc } from '../../domain/upload/hlc.ts';
import { ALL_OTHER_FIELDS } from '../../domain/upload/versions.ts';
import { type Explained, explain } from '../../service/explain.ts';
import { entityOf } from '../../service/names.ts';
import type { RowReads } from '../../store/row-story.ts';
import { wholeNumber } from '../arguments.ts';
import type { Register } from '../command.ts';
import { withContext } from '../context.ts';
import { table } from '../table.ts';
import { moment, shortened } from '../text.ts';

export function explainCommand(register: Register): Command {
  const command = new Command('explain')
    .description('how a row came to be as it is: reads, changes, verdicts, conflicts; without values')
    .argument('<entity>')
    .argument('<key>', 'its key, or the id that its device gave it')
    .option('-n, --limit <n>', 'how many lines of its history, the latest', '100');
  return register<{ limit: string }>(command, (options, output, [entity = '', name = '']) =>
    withContext(options, async (context) => {
      const limit = wholeNumber(options.limit, '--limit');
      const spec = entityOf(context.config, entity);
      const explained = await explain(await context.store(), spec, { name, limit, scope: EVERYTHING });
      output.result(explained, () => explainedText(explained, limit));
      return EXIT.ok;
    }),
  );
}

function explainedText({ entity, key, ids, row, reads, history }: Explained, limit: number): string {
  const others = ids.filter((id) => id !== key);
  const alias = others.length === 0 ? '' : ` (on devices: ${others.join(', ')})`;
  return [
    `${entity} ${key}${alias}`,
    ...rowLines(row),
    ...readLines(reads),
    ...(row === null ? [] : stampLines(row)),
    '',
    history.length === 0
      ? 'Nobody but the source has changed it.'
      : table(history, [
          { head: 'when (UTC)', of: ({ at }) => moment(at) },
          { head: '', of: ({ kind }) => kind },
          { head: 'what', of: ({ what }) => shortened(what, 100) },
          { head: 'by', of: ({ by }) => by ?? '', optional: true },
          { head: 'workflow', of: ({ workflowId }) => workflowId ?? '', optional: true },
        ]),
    ...(history.length === limit ? [`The latest ${limit} lines; --limit shows more.`] : []),
  ].join('\n');
}

function rowLines(row: Explained['row']): string[] {
  if (row === null) return ['  mirror       has no such row'];
  const state = row.deletedAt === null ? 'there' : `deleted ${moment(row.deletedAt)} UTC`;
  const last = [row.modifiedBy, row.origin === null ? null : `device ${row.origin}`].filter((part) => part);
  const who = last.length === 0 ? 'as the source has it' : `last written by ${last.join(', ')}`;
  const when = row.modifiedAt === null ? '' : ` ${moment(row.modifiedAt)} UTC`;
  return [`  mirror       ${state}, version ${row.version}; ${who}${when}`];
}

function readLines({ lastRun, watermark, refresh, quarantined }: RowReads): string[] {
  const run =
    lastRun === null
      ? 'no run yet'
      : `${lastRun.mode} run ${lastRun.runId}, ${lastRun.status}${lastRun.finishedAt === null ? '' : ` ${moment(lastRun.finishedAt)} UTC`} (${lastRun.workflowId})`;
  return [
    `  last read    ${run}`,
    ...(watermark === null
      ? []
      : [`  checkpoint   changes up to ${moment(watermark)} UTC are in the mirror`]),
    ...(refresh === null ? [] : [`  next run     reads it again: ${refresh}`]),
    ...(quarantined === null ? [] : [`  quarantine   ${shortened(quarantined, 150)}`]),
  ];
}

/** Which fields were changed on their own, and when by the clock of whoever changed them. */
function stampLines({ stamps }: NonNullable<Explained['row']>): string[] {
  const entries = Object.entries(stamps).filter(([, { hlc }]) => hlc !== null);
  if (entries.length === 0) return [];
  const lines = entries.map(([name, { hlc, xid }]) => {
    const clock = parseHlc(hlc as string);
    return {
      name: name === ALL_OTHER_FIELDS ? '(all others)' : name,
      at: clock === null ? '' : moment(new Date(clock.ms).toISOString()),
      node: clock?.node ?? '',
      xid,
    };
  });
  return [
    '',
    table(lines, [
      { head: 'field', of: ({ name }) => name },
      { head: 'changed (UTC, by its clock)', of: ({ at }) => at },
      { head: 'clock of', of: ({ node }) => node },
      { head: 'version', of: ({ xid }) => xid },
    ]),
  ];
}
