/**
 * One statement for many rows of binds, sent many at a time. Each row has a savepoint of its own: one that fails takes
 * nothing else with it, and none is executed twice, as triggers and sequences would show it.
 */

import { ArrayDmlError, type OraError } from '../ora-error.ts';
import type { DmlResult } from '../types.ts';
import type { Backend } from './backend.ts';
import { parametersOf } from './cells.ts';
import type { Core } from './core.ts';
import { type DmlRun, type PreparedDml, resultOf } from './dml-statement.ts';
import type { ErrorContext } from './error-rules.ts';
import { oracleError } from './errors.ts';
import { type Answer, type Command, PipelineError } from './pipeline.ts';
import { explainTooLong } from './too-long.ts';

const MOST_AT_ONCE = 256;
const FEWEST_AT_ONCE = 4;
/** SAVEPOINT, the statement, RELEASE. */
const COMMANDS_PER_ROW = 3;

const savepointName = 'oracle_row';
const guardStatement = 'oracle_row_guard';
const releaseStatement = 'oracle_row_release';
const rowStatement = 'oracle_row_statement';

/** Numbers that end the whole statement, whatever is to become of rows that fail: cancelled, killed, no connection. */
const fatal: ReadonlySet<number> = new Set([28, 1013, 3113]);

type Progress = {
  /** By iteration; null: it failed. */
  readonly answers: (Answer | null)[];
  readonly errors: { readonly offset: number; readonly error: OraError }[];
};

export type ArrayStatement = PreparedDml & { readonly context: ErrorContext };

/** @throws ArrayDmlError with 'stop' */
export async function arrayDml(core: Core, run: DmlRun, statement: ArrayStatement): Promise<DmlResult> {
  const { transaction } = core;
  await transaction.enter();
  const progress: Progress = { answers: [], errors: [] };
  try {
    await prepareRows(core, statement);
    await runRows(core, { run, statement, progress });
    await transaction.leave();
  } catch (error) {
    await transaction.undo();
    throw oracleError(error, statement.context);
  }
  const { answers, errors } = progress;
  try {
    const result = await resultOf(core, run, { prepared: statement, answers });
    const last = errors.at(-1);
    if (last !== undefined && (run.options.onError === 'stop' || fatal.has(last.error.number))) {
      throw new ArrayDmlError(last.error, result.rowCounts.slice(0, last.offset));
    }
    return { ...result, errors };
  } finally {
    await transaction.settle();
  }
}

const prepared = new WeakSet<Backend>();

async function prepareRows({ backend, transaction }: Core, { sql }: ArrayStatement): Promise<void> {
  const guards: Command[] = prepared.has(backend)
    ? []
    : [
        { prepare: guardStatement, text: `SAVEPOINT ${savepointName}` },
        { prepare: releaseStatement, text: `RELEASE SAVEPOINT ${savepointName}` },
      ];
  await transaction.within([...guards, { prepare: rowStatement, text: sql }]);
  prepared.add(backend);
}

type Job = { readonly run: DmlRun; readonly statement: ArrayStatement; readonly progress: Progress };

async function runRows(core: Core, job: Job): Promise<void> {
  const { run, progress } = job;
  let atOnce = MOST_AT_ONCE;
  while (progress.answers.length < run.rows.length) {
    const failed = await runSome(core, job, atOnce);
    if (failed === null) atOnce = Math.min(MOST_AT_ONCE, atOnce * 2);
    // What follows a row that fails was sent for nothing: where many fail, send few.
    else atOnce = Math.max(FEWEST_AT_ONCE, Math.floor(atOnce / 2));
    if (failed !== null && (run.options.onError === 'stop' || fatal.has(failed.number))) return;
  }
}

/** @returns what the first failed row failed with; the rows behind it are still to do. */
async function runSome(
  core: Core,
  { run, statement, progress }: Job,
  atOnce: number,
): Promise<OraError | null> {
  const offset = progress.answers.length;
  const rows = run.rows.slice(offset, offset + atOnce);
  const commands: Command[] = [];
  // Rows without fields are read with those of the first that came with them.
  const needsFields = run.plan.returning > 0 && !progress.answers.some((answer) => answer?.fields.length);
  for (const [index, row] of rows.entries()) {
    const values = await parametersOf(statement.params, { binds: run.binds, row }, core.lobs);
    const fields = needsFields && index === 0 ? { fields: 'wanted' as const } : {};
    commands.push(
      { run: guardStatement, values: [] },
      { run: rowStatement, values, ...fields },
      { run: releaseStatement, values: [] },
    );
  }
  try {
    keep(progress, await core.transaction.within(commands));
    return null;
  } catch (error) {
    if (!(error instanceof PipelineError)) throw error;
    keep(progress, error.answers);
    // Its savepoint is not there: nothing can be undone for this row alone.
    if (error.answers.length % COMMANDS_PER_ROW === 0) throw error;
    const failed = oracleError(error, statement.context);
    await core.transaction.undoTo(savepointName);
    const row = run.rows[progress.answers.length] ?? [];
    const reason = await explainTooLong(core, run, { error: failed, row });
    progress.errors.push({ offset: progress.answers.length, error: reason });
    progress.answers.push(null);
    return reason;
  }
}

function keep({ answers }: Progress, given: readonly Answer[]): void {
  for (let at = 1; at + 1 < given.length; at += COMMANDS_PER_ROW) answers.push(given[at] as Answer);
}
