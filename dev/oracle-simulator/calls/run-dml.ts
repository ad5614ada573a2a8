/** INSERT, UPDATE, DELETE, MERGE: once or for each row of an array of binds. */

import { OraError } from '../ora-error.ts';
import type { Cell, DmlResult } from '../types.ts';
import type { BatchError } from '../wire/end-of-call.ts';
import { bindRows, bindTypes, commitIfAsked, type Execution, finish } from './execution.ts';
import { DIRECTION, ROW_DATA, writeIoVector, writeReturnParameters } from './messages.ts';
import { outWriter } from './out-values.ts';
import type { Bind } from './parse-binds.ts';

export async function runDml(execution: Execution): Promise<void> {
  const { context, cursor, request } = execution;
  const { statement } = cursor;
  const kept = statement.binds.length - statement.returningBinds;
  const rows = bindRows(execution);
  const returning = cursor.binds.slice(kept);
  const result = await context.session.dml(statement, bindTypes(cursor.binds.slice(0, kept)), rows, {
    onError: request.wants.batchErrors ? 'collect' : 'stop',
    returning: bindTypes(returning),
  });
  const failed = result.errors.map(batchError);
  // As in Oracle, rows that failed keep the others from being committed.
  if (failed.length === 0) await commitIfAsked(execution);
  if (returning.length > 0) await writeReturned(execution, result, returning);
  const rowCount = result.rowCounts.reduce((sum, count) => sum + count, 0);
  const rowCounts = request.wants.rowCounts ? { rowCounts: result.rowCounts } : {};
  if (failed.length === 0) {
    finish(execution, { rowCount, ...rowCounts, rowid: result.rowid ?? null });
    return;
  }
  writeReturnParameters(context.writer, {
    cursorId: cursor.id,
    rowCounts: rowCounts.rowCounts ?? null,
  });
  context.endOfCall({
    error: new OraError(24381, 'error(s) in array DML'),
    cursorId: cursor.id,
    rowCount,
    batchErrors: failed,
  });
}

function batchError({ offset, error }: { readonly offset: number; readonly error: Error }): BatchError {
  if (error instanceof OraError) return { offset, error };
  throw error;
}

/** For each iteration, for each bind: the number of rows, then their values. */
async function writeReturned(
  { context, cursor, request }: Execution,
  result: DmlResult,
  returning: readonly Bind[],
): Promise<void> {
  const { writer, session } = context;
  const iterations = result.rowCounts.length;
  if (request.wants.ioVector) {
    const kept = cursor.binds.length - returning.length;
    const directions = cursor.binds.map((_, at) => (at < kept ? DIRECTION.in : DIRECTION.out));
    writeIoVector(writer, directions, { iterations });
  }
  const writers = returning.map((bind) => outWriter(bind, { session, tooLong: 'truncate' }));
  for (let iteration = 0; iteration < iterations; iteration++) {
    writer.uint8(ROW_DATA);
    const rows: readonly (readonly Cell[])[] = result.returned[iteration] ?? [];
    for (const [at, write] of writers.entries()) {
      writer.ub(rows.length);
      for (const row of rows) await write(writer, row[at] ?? null);
    }
  }
}
