/** `syncline conflicts resolve|assign|comment|withdraw`: what a person at the terminal says to a conflict. */
import { Command } from 'commander';
import type { Who } from '../../domain/approval/approval.ts';
import type { ApprovalMessage } from '../../domain/approval/messages.ts';
import { EXIT, type ExitCode } from '../../domain/errors.ts';
import { parseJsonStrictly } from '../../service/exact-json.ts';
import { type SaidAnswer, sayToConflict } from '../../service/say-to-conflict.ts';
import { collect, usageError, wholeNumber } from '../arguments.ts';
import type { GlobalOptions, Register } from '../command.ts';
import { withContext } from '../context.ts';
import type { Output } from '../output.ts';
import { userName } from '../who.ts';

type Speaker = { as?: string; role: string[] };

/** Whoever may write to the store may say who he is: that right is the proof. */
function speaking(command: Command): Command {
  return command
    .option('--as <name>', 'who says so (default: your user name)')
    .option('--role <name>', 'a role that you have (repeatable)', collect, []);
}

function whoOf({ as, role }: Speaker): Who {
  const name = as ?? userName();
  return { name, roles: role, via: 'cli', user: name };
}

type ResolveOptions = Speaker & { decision: string; field: string[]; round?: string; comment?: string };

const DECISIONS = ['client', 'server', 'merged'];

const RESOLVE_HELP = `
--field name=value gives a text, a number or a date; --field name:=json gives JSON, and null: --field ended_on:=null`;

export function resolveCommand(register: Register): Command {
  const command = speaking(
    new Command('resolve')
      .description('decide a conflict, and wait until it is written; exit 5 if it opens again')
      .argument('<id>')
      .requiredOption('--decision <side>', DECISIONS.join(', '))
      .option('--field <name=value>', 'a value of a merged decision (repeatable)', collect, [])
      .option('--round <n>', 'the round that you looked at (default: the current one)')
      .option('--comment <text>', 'why; kept with the conflict'),
  ).addHelpText('after', RESOLVE_HELP);
  return register<ResolveOptions>(command, (options, output, [id]) => {
    const { decision, comment } = options;
    if (!DECISIONS.includes(decision)) {
      throw usageError(`There is no decision "${decision}"`, `Write one of ${DECISIONS.join(', ')}.`);
    }
    const fields = fieldsOf(options.field);
    const given = options.round === undefined ? undefined : wholeNumber(options.round, '--round');
    return say(options, output, {
      id: id as string,
      message: 'decide',
      input: (round) => ({
        decision,
        round: given ?? round,
        ...(fields !== null && { fields }),
        ...(comment !== undefined && { comment }),
      }),
    });
  });
}

/** @returns null when none was given. */
export function fieldsOf(given: readonly string[]): Record<string, unknown> | null {
  if (given.length === 0) return null;
  const entries = given.map(fieldOf);
  const twice = entries.find(([name], i) => entries.findIndex(([other]) => other === name) !== i);
  if (twice !== undefined) throw usageError(`--field ${twice[0]} is given twice`, 'Give one value a field.');
  return Object.fromEntries(entries);
}

function fieldOf(given: string): [string, unknown] {
  const at = given.indexOf('=');
  if (at <= 0) throw usageError(`--field ${given} has no value`, 'Write --field name=value.');
  const [name, value] = [given.slice(0, at), given.slice(at + 1)];
  if (!name.endsWith(':')) return [name, value];
  try {
    return [name.slice(0, -1), parseJsonStrictly(value)];
  } catch {
    throw usageError(
      `--field ${name}= is followed by no JSON`,
      'Quote it for the shell: --field \'x:=["a"]\'.',
    );
  }
}

export function assignCommand(register: Register): Command {
  const command = speaking(
    new Command('assign')
      .description('ask one person')
      .argument('<id>')
      .requiredOption('--to <name>', 'whom')
      .option('--comment <text>', 'why; kept with the conflict'),
  );
  return register<Speaker & { to: string; comment?: string }>(command, (options, output, [id]) =>
    say(options, output, {
      id: id as string,
      message: 'assign',
      input: () => ({ to: options.to, ...(options.comment && { comment: options.comment }) }),
    }),
  );
}

export function commentCommand(register: Register): Command {
  const command = speaking(
    new Command('comment').description('say something about it').argument('<id>').argument('<text>'),
  );
  return register<Speaker>(command, (options, output, [id, text]) =>
    say(options, output, { id: id as string, message: 'comment', input: () => ({ text }) }),
  );
}

export function withdrawCommand(register: Register): Command {
  const command = speaking(
    new Command('withdraw')
      .description('take the change back; the server’s row stays')
      .argument('<id>')
      .option('--reason <text>', 'why; kept with the conflict'),
  );
  return register<Speaker & { reason?: string }>(command, (options, output, [id]) =>
    say(options, output, {
      id: id as string,
      message: 'withdraw',
      input: () => (options.reason === undefined ? {} : { reason: options.reason }),
    }),
  );
}

type Said = {
  readonly id: string;
  readonly message: ApprovalMessage;
  readonly input: (round: number) => unknown;
};

function say(options: Speaker & GlobalOptions, output: Output, said: Said): Promise<ExitCode> {
  return withContext(options, async (context) => {
    const [store, client] = [await context.store(), await context.temporal()];
    const answer = await sayToConflict({ store, client }, { ...said, who: whoOf(options) });
    output.result({ conflict: said.id, ...answer }, () => answerText(said, answer));
    const waits = said.message === 'decide' && answer.status !== 'applied';
    return waits ? EXIT.conflicts : EXIT.ok;
  });
}

function answerText({ id, message }: Said, { status, round, why }: SaidAnswer): string {
  if (status === 'applied') return `Conflict ${id} is decided, and the decision is written.`;
  if (status === 'withdrawn') return `The change of conflict ${id} is withdrawn; the server’s row stays.`;
  if (message === 'decide') {
    return `The decision could not be written: ${why ?? 'the row changed'}.
Conflict ${id} is open again, in round ${round}. \`syncline conflicts show ${id}\` shows both sides as they are now.`;
  }
  return `Conflict ${id} has heard it; it still waits for a decision, in round ${round}.`;
}
