/** Several commands sent to PostgreSQL at once, their answers collected; node-postgres runs it as one query. */

import type pg from 'pg';

export type Value = string | Buffer | null;

export type Command =
  /** Executes a text with its values; `fields: 'wanted'` when it gives rows of unknown columns. */
  | {
      readonly text: string;
      readonly values?: readonly Value[];
      readonly fields?: 'wanted';
      /** First of its group: a cancel request waits until it is done. */
      readonly cancel?: 'never';
    }
  /** Makes `text` known by a name; gives nothing. */
  | { readonly prepare: string; readonly text: string }
  /** Executes what was prepared. */
  | { readonly run: string; readonly values: readonly Value[]; readonly fields?: 'wanted' }
  /** The columns that a text would give, without executing it. Alone in its group. */
  | { readonly describe: string };

/** What one command gave; values as PostgreSQL's text. */
export type Answer = {
  readonly fields: readonly pg.FieldDef[];
  readonly rows: readonly (readonly (string | null)[])[];
  readonly rowCount: number;
};

/** PostgreSQL refused a command; those behind it were not executed. */
export class PipelineError extends Error {
  /** Answers of the commands before it. */
  readonly answers: readonly Answer[];

  constructor(cause: Error, answers: readonly Answer[]) {
    super(cause.message, { cause });
    this.answers = answers;
  }
}

type Open = { fields: pg.FieldDef[]; rows: (string | null)[][]; rowCount: number };

type Settle = {
  resolve(answers: readonly Answer[]): void;
  reject(error: Error): void;
  /** The first command is done, told at once when it is one that nothing may cancel. */
  begun(): void;
};

/** In the shape that node-postgres calls. One error at most comes back, as one Sync ends the group. */
export function createPipeline(commands: readonly Command[], settle: Settle): pg.Submittable {
  const answers: Answer[] = [];
  let open: Open = { fields: [], rows: [], rowCount: 0 };
  const next = (): void => {
    answers.push(open);
    if (answers.length === 1) settle.begun();
    open = { fields: [], rows: [], rowCount: 0 };
  };
  const handlers = {
    submit(connection: pg.Connection): void {
      connection.stream.cork();
      for (const command of commands) send(connection, command);
      connection.sync();
      connection.stream.uncork();
    },
    handleRowDescription(message: { fields: pg.FieldDef[] }): void {
      open.fields = message.fields;
    },
    handleDataRow(message: { fields: (string | null)[] }): void {
      open.rows.push(message.fields);
    },
    handleCommandComplete(message: { text: string }): void {
      open.rowCount = affected(message.text);
      next();
    },
    handleEmptyQuery: next,
    handleReadyForQuery(): void {
      settle.resolve(commands.every(isSilent) ? [open] : answers);
    },
    handleError(error: Error): void {
      settle.reject(new PipelineError(error, answers));
    },
  };
  return handlers;
}

function isSilent(command: Command): boolean {
  return 'prepare' in command || 'describe' in command;
}

function send(connection: pg.Connection, command: Command): void {
  if ('describe' in command) {
    connection.parse({ name: '', text: command.describe, types: [] }, false);
    connection.describe({ type: 'S', name: '' }, false);
    return;
  }
  if ('prepare' in command) {
    connection.close({ type: 'S', name: command.prepare }, false);
    connection.parse({ name: command.prepare, text: command.text, types: [] }, false);
    return;
  }
  const statement = 'run' in command ? command.run : '';
  if ('text' in command) connection.parse({ name: '', text: command.text, types: [] }, false);
  connection.bind({ statement, values: [...(command.values ?? [])] }, false);
  if ('fields' in command) connection.describe({ type: 'P' }, false);
  connection.execute({}, false);
  if ('cancel' in command) connection.flush();
}

/** `INSERT 0 5`, `UPDATE 5`, `FETCH 5`: the number at the end. */
function affected(tag: string): number {
  const number = /\d+$/.exec(tag);
  return number === null ? 0 : Number(number[0]);
}
