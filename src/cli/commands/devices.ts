/** `syncline devices`: who sends changes, and who may not any more. */
import { Command } from 'commander';
import { EXIT } from '../../domain/errors.ts';
import { revokeDevice } from '../../service/devices.ts';
import { type Device, listDevices } from '../../store/devices.ts';
import { wholeNumber } from '../arguments.ts';
import type { Register } from '../command.ts';
import { withContext } from '../context.ts';
import { table } from '../table.ts';
import { moment } from '../text.ts';
import { userName } from '../who.ts';

export function devicesCommand(register: Register): Command {
  return new Command('devices')
    .description('devices that send changes')
    .addCommand(listCommand(register))
    .addCommand(revokeCommand(register));
}

function listCommand(register: Register): Command {
  const command = new Command('list')
    .description('those that sent last come first')
    .option('-n, --limit <n>', 'how many', '50');
  return register<{ limit: string }>(command, (options, output) =>
    withContext(options, async (context) => {
      const limit = wholeNumber(options.limit, '--limit');
      const devices = await listDevices((await context.store()).pool, { limit });
      output.result(devices, () => listText(devices, limit));
      return EXIT.ok;
    }),
  );
}

function listText(devices: readonly Device[], limit: number): string {
  if (devices.length === 0) return 'No device has sent anything.';
  const list = table(devices, [
    { head: 'device', of: ({ id }) => id },
    { head: 'user', of: ({ user }) => user ?? '', optional: true },
    { head: 'app', of: ({ appVersion }) => appVersion ?? '', optional: true },
    { head: 'last sent (UTC)', of: ({ lastPushAt }) => (lastPushAt === null ? 'never' : moment(lastPushAt)) },
    { head: 'waiting', of: ({ waiting }) => waiting, optional: true },
    {
      head: 'revoked (UTC)',
      of: ({ revokedAt }) => (revokedAt === null ? '' : moment(revokedAt)),
      optional: true,
    },
    { head: 'by', of: ({ revokedBy }) => revokedBy ?? '', optional: true },
  ]);
  return devices.length === limit ? `${list}\nThe first ${limit}; --limit shows more.` : list;
}

function revokeCommand(register: Register): Command {
  const command = new Command('revoke')
    .description(
      'refuse whatever a device sends from now on, and what is not applied yet of what it sent before',
    )
    .argument('<id>')
    .option('--by <name>', 'who says so (default: your user name)');
  return register<{ by?: string }>(command, (options, output, [id]) =>
    withContext(options, async (context) => {
      const by = options.by ?? userName();
      await revokeDevice(await context.store(), { id: id as string, by });
      output.result({ device: id, revokedBy: by }, () => `Device ${id} may not send changes any more.`);
      return EXIT.ok;
    }),
  );
}
