/** `syncline oracle`: what there is to sync, scripts for a DBA, change capture, and what our statements cost. */
import { Command } from 'commander';
import { withPatience } from '../../connectors/check/patience.ts';
import type { EntitySpec } from '../../domain/entity.ts';
import { EXIT, SyncError } from '../../domain/errors.ts';
import { entitiesOf, unknown } from '../../service/names.ts';
import { wholeNumber } from '../arguments.ts';
import type { Register } from '../command.ts';
import { readConfig } from '../context.ts';
import { type OracleTools, withTools } from '../oracle-tools.ts';
import { table } from '../table.ts';
import { count, moment, shortened } from '../text.ts';
import { describeCommand, tablesCommand } from './oracle-discovery.ts';

type CaptureSpec = Parameters<OracleTools['captureStatus']>[0];

const PATIENCE_MS = 60_000;
const SQL_LENGTH = 100;

export function oracleCommand(register: Register): Command {
  const command = new Command('oracle').description('scripts and looks for sources of kind oracle');
  const capture = new Command('capture')
    .description('change capture by triggers, which sees deletes too')
    .addCommand(captureCommand(register, 'install'))
    .addCommand(captureCommand(register, 'remove'))
    .addCommand(captureStatusCommand(register));
  return command
    .addCommand(tablesCommand(register))
    .addCommand(describeCommand(register))
    .addCommand(grantsCommand(register))
    .addCommand(capture)
    .addCommand(topSqlCommand(register));
}

function grantsCommand(register: Register): Command {
  const command = new Command('grants')
    .description('print the grants that runs need, as a script for a DBA')
    .argument('[source]', 'needed where there are several');
  return register(command, (options, output, [name]) =>
    withTools(options, name, async (tools, settings, config) => {
      const entities = entitiesOf(config).filter(({ source }) => source === settings.name);
      const tables = tablesOf(entities);
      const captured = tablesOf(entities.filter(({ capture }) => capture));
      const script = tools.scripts.grants({ tables, captured });
      output.result({ source: settings.name, script }, () => script.trimEnd());
      return EXIT.ok;
    }),
  );
}

function tablesOf(entities: readonly EntitySpec[]): string[] {
  return [...new Set(entities.flatMap(({ read }) => (read.kind === 'table' ? [read.table] : [])))];
}

function captureCommand(register: Register, what: 'install' | 'remove'): Command {
  const command = new Command(what)
    .description(
      what === 'install'
        ? 'print the log table and trigger of an entity; run a full run afterwards'
        : 'print what takes log and trigger of an entity away',
    )
    .argument('<entity>')
    .option('--apply', 'do it, as the source’s user', false);
  return register<{ apply: boolean }>(command, (options, output, [name]) =>
    withEntity(options, name as string, async (tools, spec) => {
      const script =
        what === 'install' ? tools.scripts.captureInstall(spec) : tools.scripts.captureRemove(spec);
      if (options.apply) {
        const apply = what === 'install' ? tools.captureInstall : tools.captureRemove;
        await withPatience({ ms: PATIENCE_MS, what: `Capture of ${spec.table}` }, (signal) =>
          apply(spec, signal),
        );
      }
      const done = what === 'install' ? 'is captured' : 'is not captured any more';
      output.result({ table: spec.table, applied: options.apply, script }, () =>
        options.apply ? `${spec.table} ${done}.` : script.trimEnd(),
      );
      return EXIT.ok;
    }),
  );
}

function captureStatusCommand(register: Register): Command {
  const command = new Command('status')
    .description('whether log and trigger of an entity are there and work; exit 2 if not')
    .argument('<entity>');
  return register(command, (options, output, [name]) =>
    withEntity(options, name as string, async (tools, spec) => {
      const status = await withPatience({ ms: PATIENCE_MS, what: `Capture of ${spec.table}` }, (signal) =>
        tools.captureStatus(spec, signal),
      );
      output.result(status, () => {
        const { log } = status;
        const waiting =
          log === null
            ? ''
            : `; ${count(log.rows)} changes in the log${log.oldest === null ? '' : `, the oldest of ${moment(log.oldest)}`}`;
        return [
          `${spec.table}: ${status.state}${waiting}`,
          ...status.problems.map((problem) => `  ✗ ${problem}`),
        ].join('\n');
      });
      return status.state === 'installed' ? EXIT.ok : EXIT.differences;
    }),
  );
}

function topSqlCommand(register: Register): Command {
  const command = new Command('top-sql')
    .description('the statements of the source’s user that took longest, from V$SQL')
    .argument('[source]', 'needed where there are several')
    .option('--limit <n>', 'how many', '10')
    .option('--min-executions <n>', 'only those that ran so often', '10');
  return register<{ limit: string; minExecutions: string }>(command, (options, output, [name]) =>
    withTools(options, name, async (tools) => {
      const wanted = {
        limit: wholeNumber(options.limit, '--limit'),
        minExecutions: wholeNumber(options.minExecutions, '--min-executions'),
      };
      const found = await withPatience({ ms: PATIENCE_MS, what: 'V$SQL' }, (signal) =>
        tools.topSql(wanted, signal),
      );
      if (!found.available) {
        throw new SyncError('SOURCE_AUTH', {
          message: 'V$SQL is not granted to the source’s user',
          remedy: found.remedy,
        });
      }
      output.result(found.statements, () =>
        found.statements.length === 0
          ? `No statement ran ${wanted.minExecutions} times or more.`
          : table(found.statements, [
              { head: 'statement', of: (at) => shortened(at.text.replace(/\s+/g, ' '), SQL_LENGTH) },
              { head: 'executions', of: (at) => at.executions },
              { head: 'ms', of: (at) => Math.round(at.elapsedMs) },
              { head: 'ms each', of: (at) => Number(at.averageMs.toFixed(2)) },
              { head: 'buffer gets', of: (at) => at.bufferGets },
              { head: 'disk reads', of: (at) => at.diskReads },
            ]),
      );
      return EXIT.ok;
    }),
  );
}

async function withEntity<T>(
  options: { config: string },
  name: string,
  work: (tools: OracleTools, spec: CaptureSpec) => Promise<T>,
): Promise<T> {
  const entities = entitiesOf(await readConfig(options));
  const entity = entities.find((each) => each.entity === name);
  if (entity === undefined)
    throw unknown(
      'entity',
      name,
      entities.map((each) => each.entity),
    );
  return withTools(options, entity.source, (tools) =>
    work(tools, tools.captureSpec({ table: tableOf(entity), key: entity.key })),
  );
}

function tableOf({ entity, read }: EntitySpec): string {
  if (read.kind === 'table') return read.table;
  throw new SyncError('CONFIG_INVALID', {
    message: `${entity} reads by \`sql\`; capture works on the tables behind it`,
    remedy: 'Give each of them an entity with `read: { table }`, or use `changedAt` columns.',
  });
}
