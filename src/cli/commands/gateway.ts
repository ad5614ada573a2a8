/** `syncline gateway`: serves devices, approvers and operators over HTTP until it is told to stop. */
import { Command } from 'commander';
import { EXIT } from '../../domain/errors.ts';
import { portNumber } from '../arguments.ts';
import type { Register } from '../command.ts';
import { readConfig } from '../context.ts';

type Options = { host?: string; port?: string };

export function gatewayCommand(register: Register): Command {
  const command = new Command('gateway')
    .description('serve devices, approvers and operators over HTTP; start as many as you like')
    .option('--host <address>', "listen there, instead of the configuration's gateway.host")
    .option('--port <port>', "listen at this port, instead of the configuration's gateway.port");
  return register<Options>(command, async (options) => {
    const { host, port } = options;
    const wanted = {
      ...(host !== undefined && { host }),
      ...(port !== undefined && { port: portNumber(port, '--port') }),
    };
    const config = await readConfig(options);
    // Brings an HTTP server along, which other commands do without.
    const { startGateway } = await import('../../gateway/start.ts');
    const gateway = await startGateway({ config, ...wanted });
    await gateway.done;
    return EXIT.ok;
  });
}
