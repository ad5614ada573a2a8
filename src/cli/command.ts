/** What every subcommand is made of. */
import type { Command } from 'commander';
import type { ExitCode } from '../domain/errors.ts';
import type { Output } from './output.ts';

export type GlobalOptions = { readonly config: string; readonly json: boolean };

/** A subcommand's work: parsed options in, exit code out. */
export type Action<Options> = (
  options: Options & GlobalOptions,
  output: Output,
  args: readonly string[],
) => Promise<ExitCode>;

/** Gives a command its work: --config, --json, output and the reporting of errors come with it. */
export type Register = <Options>(command: Command, action: Action<Options>) => Command;
