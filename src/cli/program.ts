/** The `syncline` command: one file per subcommand, all with --config and --json. */
import { Command, CommanderError } from 'commander';
import { EXIT, type ExitCode } from '../domain/errors.ts';
import { usageError } from './arguments.ts';
import type { GlobalOptions, Register } from './command.ts';
import { backupsCommand } from './commands/backups.ts';
import { checkCommand } from './commands/check.ts';
import { cleanupCommand } from './commands/cleanup.ts';
import { conflictsCommand } from './commands/conflicts.ts';
import { devCommand } from './commands/dev.ts';
import { devicesCommand } from './commands/devices.ts';
import { explainCommand } from './commands/explain.ts';
import { gatewayCommand } from './commands/gateway.ts';
import { historyCommand } from './commands/history.ts';
import { initCommand } from './commands/init.ts';
import { oracleCommand } from './commands/oracle.ts';
import { planCommand } from './commands/plan.ts';
import { quarantineCommand } from './commands/quarantine.ts';
import { restoredCommand } from './commands/restored.ts';
import { runCommand } from './commands/run.ts';
import { scheduleCommand } from './commands/schedule.ts';
import { skippedCommand } from './commands/skipped.ts';
import { statusCommand } from './commands/status.ts';
import { steerCommand } from './commands/steer.ts';
import { tasksCommand } from './commands/tasks.ts';
import { tokenCommand } from './commands/token.ts';
import { uploadCommand } from './commands/upload.ts';
import { workerCommand } from './commands/worker.ts';
import { writeBackCommand } from './commands/write-back.ts';
import { createOutput, reportError } from './output.ts';

const EXIT_CODES = `
Exit codes: 0 ok, 1 failure, 2 differences, 3 configuration, 4 connectivity, 5 conflicts pending, 130 interrupted.
Every error says what to do next.`;

const COMMANDS = [
  initCommand,
  checkCommand,
  planCommand,
  runCommand,
  steerCommand('pause'),
  steerCommand('resume'),
  steerCommand('cancel'),
  statusCommand,
  historyCommand,
  quarantineCommand,
  skippedCommand,
  scheduleCommand,
  uploadCommand,
  conflictsCommand,
  explainCommand,
  tasksCommand,
  backupsCommand,
  cleanupCommand,
  restoredCommand,
  devicesCommand,
  writeBackCommand,
  oracleCommand,
  workerCommand,
  gatewayCommand,
  tokenCommand,
  devCommand,
];

/** Runs one command line. @returns the exit code; nothing here ends the process. */
export async function runProgram(argv: readonly string[], version: string): Promise<ExitCode> {
  let exit: ExitCode = EXIT.ok;
  const register: Register = (command, action) =>
    command.action(async (...parsed: unknown[]) => {
      const commander = parsed.at(-1) as Command;
      const options = commander.optsWithGlobals<GlobalOptions>();
      exit = await action(options as never, createOutput(options), commander.args);
    });
  try {
    await program(register, version).parseAsync(argv, { from: 'user' });
    return exit;
  } catch (error) {
    // Help and version end the parsing as errors do; without a command, the help has been shown as the answer.
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.config;
    return reportError(error, { json: argv.includes('--json') });
  }
}

function program(register: Register, version: string): Command {
  const root = new Command('syncline')
    .description('Keeps PostgreSQL mirrors of operational databases fresh, as Temporal workflows.')
    .option('-c, --config <file>', 'configuration file, or the folder that holds it', 'syncline.config.ts')
    .option('--json', 'print one JSON document on stdout', false)
    .version(version)
    .addHelpText('after', EXIT_CODES);
  for (const make of COMMANDS) root.addCommand(make(register));
  settle(root, 'syncline');
  return root;
}

/** Mistakes become errors of ours: commander would print them its own way and end the process. */
function settle(command: Command, path: string): void {
  command
    .configureHelp({ showGlobalOptions: true })
    .configureOutput({ outputError: () => undefined })
    .exitOverride((error) => {
      if (error.exitCode === 0 || error.code === 'commander.help') throw error;
      const message = error.message.replace(/^error: /, '').replace(/\n\((.*)\)$/s, ' ($1)');
      throw usageError(message, `\`${path} --help\` shows what it takes.`);
    });
  for (const sub of command.commands) settle(sub, `${path} ${sub.name()}`);
}
