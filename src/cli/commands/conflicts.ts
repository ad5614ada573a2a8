/** `syncline conflicts`: changes that wait for a human, and what humans say to them. */
import { Command } from 'commander';
import { EXIT } from '../../domain/errors.ts';
import { entitiesOf, unknown } from '../../service/names.ts';
import { type ConflictRow, listConflicts, listEvents, readConflict } from '../../store/conflicts.ts';
import { usageError, wholeNumber } from '../arguments.ts';
import type { Register } from '../command.ts';
import { conflictText, momentOf, shownConflict } from '../conflict-text.ts';
import { withContext } from '../context.ts';
import { table } from '../table.ts';
import { shortened } from '../text.ts';
import { assignCommand, commentCommand, resolveCommand, withdrawCommand } from './conflict-messages.ts';

export function conflictsCommand(register: Register): Command {
  return new Command('conflicts')
    .description('changes that wait for a decision')
    .addCommand(listCommand(register))
    .addCommand(showCommand(register))
    .addCommand(resolveCommand(register))
    .addCommand(assignCommand(register))
    .addCommand(commentCommand(register))
    .addCommand(withdrawCommand(register));
}

type ListOptions = { open?: boolean; closed?: boolean; entity?: string; limit: string };

function listCommand(register: Register): Command {
  const command = new Command('list')
    .description('the newest first, without values')
    .option('--open', 'only those that wait (the default)')
    .option('--closed', 'only those that are over')
    .option('--entity <name>', 'only of this entity')
    .option('-n, --limit <n>', 'how many', '50');
  return register<ListOptions>(command, (options, output) =>
    withContext(options, async (context) => {
      const { entity = null, open, closed } = options;
      if (open && closed) throw usageError('Say --open or --closed, not both', 'Leave one of the two out.');
      const limit = wholeNumber(options.limit, '--limit');
      const state = closed ? 'closed' : 'open';
      const rows = await listConflicts((await context.store()).pool, { state, entity, limit });
      const known = entitiesOf(context.config).map((spec) => spec.entity);
      if (rows.length === 0 && entity !== null && !known.includes(entity))
        throw unknown('entity', entity, known);
      output.result(rows.map(lineOf), () => listText(rows, { state, limit }));
      return EXIT.ok;
    }),
  );
}

/** A list says what clashes; values are for `show`. */
function lineOf(row: ConflictRow) {
  const { id, entity, state, round, device, user, assignedTo, workflowId, clash, outcome } = row;
  const fields = fieldsOf(row);
  return {
    ...{ id, entity, row: row.row, state, round, fields, reason: clash.reason, role: clash.role },
    ...{ device, user, assignedTo, workflowId, outcome },
    openedAt: new Date(row.openedAtMs).toISOString(),
    closedAt: row.closedAtMs === null ? null : new Date(row.closedAtMs).toISOString(),
  };
}

function fieldsOf({ clash, client }: ConflictRow): readonly string[] {
  return clash.clash?.fields.length ? clash.clash.fields : Object.keys(client);
}

function listText(rows: readonly ConflictRow[], { state, limit }: { state: string; limit: number }): string {
  const [first] = rows;
  if (first === undefined) return state === 'open' ? 'No conflict waits.' : 'No conflict is closed.';
  const list = table(rows, [
    { head: 'conflict', of: ({ id }) => id },
    { head: 'entity', of: ({ entity }) => entity },
    { head: 'row', of: ({ row }) => row },
    { head: 'fields', of: (row) => shortened(fieldsOf(row).join(', '), 40) },
    { head: 'round', of: ({ round }) => round },
    { head: 'change by', of: ({ user, device }) => user ?? device },
    { head: 'assigned to', of: ({ assignedTo }) => assignedTo ?? '', optional: true },
    { head: 'since (UTC)', of: ({ openedAtMs }) => momentOf(openedAtMs) },
    { head: 'why', of: ({ clash }) => shortened(clash.reason, 60) },
  ]);
  const more = rows.length === limit ? [`The newest ${limit}; --limit shows more.`] : [];
  return [list, ...more, `\`syncline conflicts show ${first.id}\` shows both sides.`].join('\n');
}

function showCommand(register: Register): Command {
  const command = new Command('show')
    .description('one conflict: both sides’ values, its history, who may decide')
    .argument('<id>');
  return register(command, (options, output, [id]) =>
    withContext(options, async (context) => {
      const { pool } = await context.store();
      const row = await readConflict(pool, id as string);
      const conflict = shownConflict(row, await listEvents(pool, row.id), context.config);
      output.result(conflict, () => conflictText(conflict));
      return EXIT.ok;
    }),
  );
}
