/** `syncline-oracle-sim`: the Oracle simulator as a server of its own. Ctrl-C or SIGTERM ends it. */

import { Command, InvalidArgumentError, Option } from 'commander';
import { startPostgres } from '../postgres.ts';
import { createDatabase } from './database.ts';
import { faultGrammar, parseFault } from './fault-text.ts';
import type { FaultRule } from './faults.ts';
import { type SimulatorUser, startOracleSimulator } from './start.ts';

type Options = {
  readonly port: number;
  readonly host: string;
  readonly databaseUrl?: string;
  readonly user?: readonly SimulatorUser[];
  readonly service?: readonly string[];
  readonly fault?: readonly FaultRule[];
};

const DATABASE = 'oracle_simulator';
const defaultUser: SimulatorUser = { name: 'HR', password: 'hr' };

const program = new Command('syncline-oracle-sim')
  .description(
    'An Oracle database for development and tests, simulated on PostgreSQL. It speaks Oracle Net; what it proves and what not: dev/oracle-simulator/README.md.',
  )
  .option('--port <port>', 'port to listen on; 0: any free one', portNumber, 1521)
  .option('--host <address>', 'address to listen on', '127.0.0.1')
  .option(
    '--database-url <url>',
    "a superuser's URL of a PostgreSQL 18 database with encoding UTF8 and collation C; without it an embedded PostgreSQL is started, whose data goes when this ends",
  )
  .addOption(
    new Option('--user <name/password>', 'a user to make, repeatable; default: HR/hr').argParser(
      collected(userOf),
    ),
  )
  .addOption(
    new Option('--service <name>', 'a service name to answer to, repeatable; default: FREEPDB1').argParser(
      collected((text) => text),
    ),
  )
  .addOption(
    new Option('--fault <fault>', `something to go wrong, repeatable: ${faultGrammar}`).argParser(
      collected(faultOf),
    ),
  )
  .action((options: Options) => serve(options));

await program.parseAsync();

async function serve(options: Options): Promise<void> {
  const postgres = await startPostgres({
    log: say,
    ...(options.databaseUrl === undefined ? {} : { configured: options.databaseUrl }),
  });
  try {
    const url = options.databaseUrl ?? (await createDatabase(postgres.url, DATABASE)).url;
    const users = options.user ?? [defaultUser];
    const simulator = await startOracleSimulator({
      postgresUrl: url,
      host: options.host,
      port: options.port,
      users,
      ...(options.service === undefined ? {} : { services: options.service }),
      onDefect: (error) =>
        process.stderr.write(`defect: ${error instanceof Error ? error.stack : String(error)}\n`),
    });
    for (const fault of options.fault ?? []) simulator.faults.add(fault);
    say(`oracle: ${simulator.connectString}`);
    for (const { name } of users) say(`user: ${name}`);
    try {
      await untilEnded();
    } finally {
      await simulator.stop();
    }
  } finally {
    await postgres.stop();
  }
  say('ended');
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

/** The listening port keeps the process alive. */
async function untilEnded(): Promise<void> {
  await new Promise<void>((resolve) => {
    process.once('SIGINT', () => resolve());
    process.once('SIGTERM', () => resolve());
  });
}

function collected<T>(
  parse: (text: string) => T,
): (text: string, before: readonly T[] | undefined) => readonly T[] {
  return (text, before = []) => [...before, parse(text)];
}

/** Names are folded as Oracle folds them. */
function userOf(text: string): SimulatorUser {
  const [, name, password] = /^([^/]+)\/(.+)$/s.exec(text) ?? [];
  if (name === undefined || password === undefined) throw new InvalidArgumentError('Expected name/password.');
  return { name: /^".+"$/.test(name) ? name.slice(1, -1) : name.toUpperCase(), password };
}

function faultOf(text: string): FaultRule {
  try {
    return parseFault(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
}

function portNumber(text: string): number {
  const port = Number(text);
  if (!Number.isInteger(port) || port < 0 || port > 65_535)
    throw new InvalidArgumentError('Expected a port number.');
  return port;
}
