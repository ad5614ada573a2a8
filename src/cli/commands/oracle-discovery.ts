/** `syncline oracle tables` and `describe`: what a source has, and an entry of the configuration for it. */
import { Command } from 'commander';
import { withPatience } from '../../connectors/check/patience.ts';
import { EXIT } from '../../domain/errors.ts';
import { nameList } from '../arguments.ts';
import type { Register } from '../command.ts';
import { type OracleTools, withTools } from '../oracle-tools.ts';
import { table } from '../table.ts';
import { counted, shortened } from '../text.ts';

type Relation = Awaited<ReturnType<OracleTools['relations']>>[number];
type Description = Awaited<ReturnType<OracleTools['describe']>>;

/** Dictionaries of large databases are slow. */
const PATIENCE_MS = 180_000;
const COMMENT_LENGTH = 60;

export function tablesCommand(register: Register): Command {
  const command = new Command('tables')
    .description(
      'tables and views that the source’s user may read: rows, key, columns with the time of the last change',
    )
    .argument('[source]', 'needed where there are several')
    .option('--schema <name>', 'of one schema; left out: of all but Oracle’s own')
    .option('--like <pattern>', 'names as LIKE has them, in any case', '%');
  return register<{ schema?: string; like: string }>(command, (options, output, [name]) =>
    withTools(options, name, async (tools) => {
      const filter = { schema: schemaName(options.schema), name: { like: options.like } };
      const found = await withPatience({ ms: PATIENCE_MS, what: 'The data dictionary' }, (signal) =>
        tools.relations(filter, signal),
      );
      output.result(found, () => relationsText(found));
      return EXIT.ok;
    }),
  );
}

/** As SQL reads names. */
function schemaName(text: string | undefined): string | null {
  if (text === undefined) return null;
  return /^".*"$/.test(text) ? text.slice(1, -1) : text.toUpperCase();
}

function relationsText(found: readonly Relation[]): string {
  if (found.length === 0)
    return 'There is nothing that the source’s user may read and that has such a name. Oracle shows what is granted only.';
  const tables = table(found, [
    { head: 'table', of: ({ schema, name }) => `${schema}.${name}` },
    { head: '', of: ({ kind }) => (kind === 'view' ? 'view' : ''), optional: true },
    { head: 'rows', of: ({ estimatedRows }) => estimatedRows },
    { head: 'key', of: ({ key }) => key?.join(', ') },
    { head: 'changed at', of: changedAtText },
    { head: 'comment', of: ({ comment }) => shortened(comment ?? '', COMMENT_LENGTH), optional: true },
  ]);
  return `${tables}\n\n\`syncline oracle describe <table>\` shows columns; with --as-config, an entry for the configuration.`;
}

function changedAtText({ changedAt }: Pick<Relation, 'changedAt'>): string | null {
  if (changedAt.length === 0) return null;
  return changedAt.map(({ column, isIndexed }) => `${column}${isIndexed ? '' : ' (no index)'}`).join(', ');
}

export function describeCommand(register: Register): Command {
  const command = new Command('describe')
    .description('columns of a table or view with the mirror’s types, keys, and what plan would refuse')
    .argument('<table>', 'HR.EMPLOYEES, as `read.table` has it')
    .argument('[source]', 'needed where there are several')
    .option('--as-config', 'print an entry for `entities` of the configuration', false)
    .option('--key <columns>', 'for --as-config: columns that identify a row, with commas between them');
  return register<{ asConfig: boolean; key?: string }>(command, (options, output, [relation, name]) =>
    withTools(options, name, async (tools) => {
      const key = options.key === undefined ? null : nameList(options.key, '--key');
      const found = await withPatience({ ms: PATIENCE_MS, what: 'The data dictionary' }, (signal) =>
        tools.describe(relation as string, signal),
      );
      if (options.asConfig) {
        const entity = tools.scripts.entity(found, key);
        output.result({ entity }, () => entity.trimEnd());
      } else output.result(found, () => descriptionText(found));
      return EXIT.ok;
    }),
  );
}

function descriptionText(found: Description): string {
  const { schema, name, kind, estimatedRows, comment, columns, key, references, problems } = found;
  const rows = estimatedRows === null ? '' : `, about ${counted(estimatedRows, 'row')}`;
  const changed = changedAtText(found);
  return [
    `${schema}.${name}: ${kind}${rows}${comment === null ? '' : `; ${comment}`}`,
    table(columns, [
      { head: 'column', of: (at) => at.name },
      { head: 'type', of: (at) => at.sourceType },
      { head: 'mirror', of: (at) => at.mirrorType },
      { head: '', of: (at) => (at.nullable ? '' : 'not null'), optional: true },
      { head: 'comment', of: (at) => shortened(at.comment ?? '', COMMENT_LENGTH), optional: true },
    ]),
    `key: ${key?.join(', ') ?? 'none'}`,
    ...(changed === null ? [] : [`changed at: ${changed}`]),
    ...references.map((each) => `${each.columns.join(', ')} → ${each.to}`),
    ...problems.map((problem) => `✗ ${problem}`),
    ...columns.flatMap((at) => (at.problem === null ? [] : [`✗ ${at.name}: ${at.problem}`])),
  ].join('\n');
}
