/** What the command line prints: results on stdout (text or one JSON document), everything else on stderr. */
import { ERRORS, EXIT, type ExitCode, isSyncError } from '../domain/errors.ts';
import { redact } from '../domain/redact.ts';
import { escaped, harmless } from './text.ts';

export type Output = {
  readonly json: boolean;
  /** The command's result: printed as it is with --json, by `human` otherwise. */
  result(value: unknown, human: () => string): void;
  /** A remark for the person at the terminal; never part of the result. */
  note(text: string): void;
};

export function createOutput(options: { json: boolean }): Output {
  return {
    json: options.json,
    result: (value, human) => {
      const text = options.json ? jsonText(value) : harmless(redact(human()));
      process.stdout.write(`${text}\n`);
    },
    note: (text) => {
      process.stderr.write(`${harmless(redact(text))}\n`);
    },
  };
}

const SECRET_NAME = /password|passwd|secret|token|api[_-]?key|credential/i;

/** Redacted value by value: in the finished text, a secret could take a quote along and leave no JSON. */
export function jsonText(value: unknown): string {
  const text = JSON.stringify(
    value,
    (name, part: unknown) => {
      if (typeof part !== 'string') return part;
      return SECRET_NAME.test(name) ? '[redacted]' : redact(part);
    },
    2,
  );
  // JSON itself escapes only those below U+0020.
  return text.replace(/[\u007F-\u009F]/g, escaped);
}

/** Prints the error with the next thing to do, and gives the process's exit code. */
export function reportError(error: unknown, options: { json: boolean }): ExitCode {
  const known = isSyncError(error);
  const code = known ? error.code : 'INTERNAL';
  const message = known ? error.message : describeUnknown(error);
  const remedy = known ? error.remedy : ERRORS.INTERNAL.remedy;
  const text = options.json
    ? jsonText({ error: { code, message, remedy } })
    : harmless(redact(`${code}: ${message}\n  → ${remedy}`));
  process.stderr.write(`${text}\n`);
  return known ? ERRORS[error.code].exit : EXIT.failure;
}

/** Whoever reports a defect needs where it happened. */
function describeUnknown(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const [, ...frames] = (error.stack ?? '').split('\n    at ');
  return [error.message || error.name, ...frames.slice(0, 5)].join('\n    at ');
}

/** Several parts of a command went wrong: what cannot be reached comes first, then what has to be corrected. */
export function worstExit(codes: readonly ExitCode[]): ExitCode {
  const order = [EXIT.connectivity, EXIT.config, EXIT.failure, EXIT.differences, EXIT.conflicts];
  return order.find((code) => codes.includes(code)) ?? EXIT.ok;
}
