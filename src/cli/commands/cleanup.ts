/** `syncline cleanup`: removes tombstones that devices had time enough to hear of. */
import { Command } from 'commander';
import { EXIT } from '../../domain/errors.ts';
import { type CleanedUp, cleanUpFeed } from '../../store/feed-clean-up.ts';
import { daysArgument } from '../arguments.ts';
import type { Register } from '../command.ts';
import { withContext } from '../context.ts';
import { table } from '../table.ts';

const DAY_MS = 86_400_000;
const DEFAULT_DAYS = 30;

export function cleanupCommand(register: Register): Command {
  const command = new Command('cleanup')
    .description(
      'remove tombstones that devices had time enough to hear of; who was away longer fetches all again',
    )
    .option('--days <n>', 'of which age (default: gateway.tombstones.keep, else 30)')
    .option('--dry-run', 'count only', false);
  return register<{ days?: string; dryRun: boolean }>(command, (options, output) =>
    withContext(options, async ({ config, store }) => {
      const set = (config.gateway?.tombstones.keptMs ?? DEFAULT_DAYS * DAY_MS) / DAY_MS;
      const days = options.days === undefined ? set : daysArgument(options.days, '--days');
      const specs = Object.values(config.pipelines).flatMap(({ entities }) => Object.values(entities));
      const mode = options.dryRun ? 'count' : 'remove';
      const cleaned = await cleanUpFeed(await store(), specs, { keptMs: days * DAY_MS, mode });
      output.result({ days, dryRun: options.dryRun, entities: cleaned }, () => text(cleaned, { days, mode }));
      return EXIT.ok;
    }),
  );
}

function text(cleaned: readonly CleanedUp[], how: { days: number; mode: 'count' | 'remove' }): string {
  if (cleaned.length === 0) return 'No entity with `feed` has a mirror yet.';
  const list = table(cleaned, [
    { head: 'entity', of: ({ entity }) => entity },
    { head: 'tombstones', of: ({ tombstones }) => String(tombstones) },
    { head: 'exits', of: ({ exits }) => String(exits) },
  ]);
  const said = how.mode === 'count' ? 'Would be removed, as' : 'Removed, as';
  return `${list}\n${said} older than ${how.days} days.`;
}
