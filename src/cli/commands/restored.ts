/** `syncline restored`: the store came from a backup, or moved to another cluster; devices have to be told (C8). */
import { Command } from 'commander';
import { EXIT } from '../../domain/errors.ts';
import { storeError } from '../../store/migrate.ts';
import { openStore } from '../../store/open.ts';
import { rewriteVersions } from '../../store/restored.ts';
import { usageError } from '../arguments.ts';
import type { Register } from '../command.ts';
import { readConfig } from '../context.ts';
import { counted } from '../text.ts';

export function restoredCommand(register: Register): Command {
  const command = new Command('restored')
    .description(
      'after a restore, a move or a point-in-time recovery of the store: give all rows new versions',
    )
    .option('--yes', 'workers and gateways are stopped; devices will fetch all again', false);
  return register<{ yes: boolean }>(command, async (options, output) => {
    if (!options.yes) {
      throw usageError(
        'Every device fetches everything again after this',
        'Stop workers and gateways, then write `syncline restored --yes`.',
      );
    }
    const config = await readConfig(options);
    const store = await openStore({ ...config.store, applicationName: 'syncline/restored' });
    try {
      const rewritten = await rewriteVersions(store, ({ table, rows }) =>
        output.note(`${table}: ${counted(rows, 'row')}`),
      );
      output.result(
        rewritten,
        () =>
          `New versions, of incarnation ${rewritten.incarnation}: ${counted(rewritten.rows, 'row')} of ${counted(rewritten.mirrors, 'mirror')}. Start workers and gateways.`,
      );
      return EXIT.ok;
    } catch (error) {
      throw storeError(error);
    } finally {
      await store.close();
    }
  });
}
