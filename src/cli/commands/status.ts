/** `syncline status`: what runs now, how fresh each entity is, and what holds anything back. */
import { Command } from 'commander';
import { EXIT } from '../../domain/errors.ts';
import { gatherStatus } from '../../service/status.ts';
import type { Register } from '../command.ts';
import { withContext } from '../context.ts';
import { statusText } from '../status-text.ts';

export function statusCommand(register: Register): Command {
  const command = new Command('status').description(
    'what runs, how fresh the mirrors are, and what holds them back',
  );
  return register(command, (options, output) =>
    withContext(options, async (context) => {
      const status = await gatherStatus({ ...context, store: await context.store() });
      output.result(status, () => statusText(status));
      return EXIT.ok;
    }),
  );
}
