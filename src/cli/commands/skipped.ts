/** `syncline skipped`: rows that `deduplicate` left out, each with the row that stands for it. */
import { Command } from 'commander';
import { EXIT } from '../../domain/errors.ts';
import { entitiesOf, unknown } from '../../service/names.ts';
import { listSkipped } from '../../store/skipped.ts';
import { wholeNumber } from '../arguments.ts';
import type { Register } from '../command.ts';
import { withContext } from '../context.ts';
import { table } from '../table.ts';
import { moment } from '../text.ts';

export function skippedCommand(register: Register): Command {
  const command = new Command('skipped')
    .description('rows that deduplicate left out, with the row that stands for each')
    .argument('[entity]')
    .option('-n, --limit <n>', 'how many', '50');
  return register<{ limit: string }>(command, (options, output, [entity]) =>
    withContext(options, async (context) => {
      const limit = wholeNumber(options.limit, '--limit');
      const rows = await listSkipped((await context.store()).pool, {
        limit,
        ...(entity !== undefined && { entity }),
      });
      const known = entitiesOf(context.config).map((spec) => spec.entity);
      if (rows.length === 0 && entity !== undefined && !known.includes(entity))
        throw unknown('entity', entity, known);
      output.result(rows, () =>
        rows.length === 0
          ? 'No row is left out as a duplicate.'
          : table(rows, [
              { head: 'entity', of: (row) => row.entity },
              { head: 'key', of: (row) => row.key },
              { head: 'stands for it', of: (row) => `${row.survivorEntity} ${row.survivorKey}` },
              { head: 'time of the row', of: (row) => moment(row.at) },
              { head: 'seen (UTC)', of: (row) => moment(row.seenAt) },
            ]),
      );
      return EXIT.ok;
    }),
  );
}
