/** What the command line prints: results on stdout (tables or one JSON document), everything else on stderr. */
import Table from 'cli-table3';
import { ERRORS, EXIT, type ExitCode, isSyncError } from '../domain/errors.ts';
import { redact } from '../domain/redact.ts';

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
      const text = options.json ? JSON.stringify(value, null, 2) : human();
      if (text !== '') process.stdout.write(`${redact(text)}\n`);
    },
    note: (text) => {
      process.stderr.write(`${redact(text)}\n`);
    },
  };
}

export type Cell = string | number | null | undefined;

/** A plain table: header, rule, rows. Numbers are set to the right. */
export function table(head: readonly string[], rows: readonly (readonly Cell[])[]): string {
  const numeric = head.map((_, at) => rows.length > 0 && rows.every((row) => typeof row[at] === 'number'));
  const grid = new Table({
    head: [...head],
    style: { head: [], border: [], compact: true },
    colAligns: numeric.map((right) => (right ? 'right' : 'left')),
    chars: { mid: '', 'left-mid': '', 'mid-mid': '', 'right-mid': '' },
  });
  for (const row of rows)
    grid.push(row.map((cell) => (typeof cell === 'number' ? count(cell) : (cell ?? '–'))));
  return grid.toString();
}

export function count(value: number): string {
  return value.toLocaleString('en-US');
}

/** Prints the error with the next thing to do, and gives the process's exit code. */
export function reportError(error: unknown, options: { json: boolean }): ExitCode {
  const known = isSyncError(error);
  const code = known ? error.code : 'INTERNAL';
  const message = error instanceof Error ? error.message : String(error);
  const remedy = known ? error.remedy : ERRORS.INTERNAL.remedy;
  const text = options.json
    ? JSON.stringify({ error: { code, message, remedy } }, null, 2)
    : `${code}: ${message}\n  → ${remedy}`;
  process.stderr.write(`${redact(text)}\n`);
  return known ? ERRORS[error.code].exit : EXIT.failure;
}
