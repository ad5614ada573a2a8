/** `syncline skipped`: rows that `deduplicate` left out, each with the row that stands for it. */
import { Command } from 'commander';
import { EXIT } from '../../domain/errors.ts';
import { listSkipped } from '../../store/skipped.ts';
import { wholeNumber } from '../arguments.ts';
import type { Register } from '../command.ts';
import { withContext } from '../context.ts';
import { table } from '../output.ts';

export function skippedCommand(register: Register): Command {
  const command = new Command('skipped')
    .description('rows left out as duplicates')
    .argument('[entity]')
    .option('-n, --limit <n>', 'how many', '50');
  return register<{ limit: string }>(command, (options, output, [entity]) =>
    withContext(options, async (context) => {
      const filter = {
        limit: wholeNumber(options.limit, '--limit'),
        ...(entity !== undefined && { entity }),
      };
      const rows = await listSkipped((await context.store()).pool, filter);
      output.result(rows, () =>
        rows.length === 0
          ? 'No row is skipped.'
          : table(
              ['entity', 'key', 'survivor', 'time of the row', 'seen'],
              rows.map((row) => [
                row.entity,
                row.key,
                `${row.survivorEntity} ${row.survivorKey}`,
                row.at,
                row.seenAt,
              ]),
            ),
      );
      return EXIT.ok;
    }),
  );
}
