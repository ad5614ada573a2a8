/** `syncline dev`: a Temporal server, a store when none is configured, a worker, and the gateway that is configured, until Ctrl-C. */
import { Command } from 'commander';
import { EXIT } from '../../domain/errors.ts';
import { portNumber } from '../arguments.ts';
import type { Register } from '../command.ts';

export function devCommand(register: Register): Command {
  const command = new Command('dev')
    .description(
      'start a local Temporal server with its Web UI, a store if none is set, a worker, and the gateway if one is configured',
    )
    .option('--ui-port <port>', 'port of the Temporal Web UI', '8233')
    .option('--port <port>', 'port of the Temporal server', '7233');
  return register<{ uiPort: string; port: string }>(command, async (options, output) => {
    const ports = {
      server: portNumber(options.port, '--port'),
      ui: portNumber(options.uiPort, '--ui-port'),
    };
    // The local stack is no part of the product's own code: loaded only here.
    const { runDev } = await import('../../../dev/dev-command.ts');
    await runDev({ configPath: options.config, ports, say: output.note });
    return EXIT.ok;
  });
}
