/** The `syncline` command: one file per subcommand, all with --config and --json. */
import { Command, CommanderError } from 'commander';
import { EXIT, type ExitCode } from '../domain/errors.ts';
import type { GlobalOptions, Register } from './command.ts';
import { checkCommand } from './commands/check.ts';
import { devCommand } from './commands/dev.ts';
import { historyCommand } from './commands/history.ts';
import { initCommand } from './commands/init.ts';
import { planCommand } from './commands/plan.ts';
import { quarantineCommand } from './commands/quarantine.ts';
import { runCommand } from './commands/run.ts';
import { scheduleCommand } from './commands/schedule.ts';
import { skippedCommand } from './commands/skipped.ts';
import { statusCommand } from './commands/status.ts';
import { steerCommand } from './commands/steer.ts';
import { workerCommand } from './commands/worker.ts';
import { createOutput, reportError } from './output.ts';

const EXIT_CODES = `
Exit codes: 0 ok, 1 failure, 2 differences, 3 configuration, 4 connectivity, 5 conflicts pending, 130 interrupted.`;

/** Runs one command line. @returns the exit code; nothing here ends the process. */
export async function runProgram(argv: readonly string[], version: string): Promise<ExitCode> {
  let exit: ExitCode = EXIT.ok;
  const register: Register = (command, action) =>
    command
      .option('-c, --config <file>', 'configuration file', 'syncline.config.ts')
      .option('--json', 'print one JSON document on stdout', false)
      .action(async (...parsed: unknown[]) => {
        const commander = parsed.at(-1) as Command;
        const options = commander.opts() as GlobalOptions;
        try {
          exit = await action(options as never, createOutput(options), commander.args);
        } catch (error) {
          exit = reportError(error, options);
        }
      });

  const program = new Command('syncline')
    .description('Keeps PostgreSQL mirrors of operational databases fresh, as Temporal workflows.')
    .version(version)
    .exitOverride()
    .addHelpText('after', EXIT_CODES);
  for (const add of [
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
    workerCommand,
    devCommand,
  ]) {
    program.addCommand(add(register));
  }

  try {
    await program.parseAsync(['node', 'syncline', ...argv]);
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? EXIT.ok : EXIT.config;
  }
  return exit;
}
