/** Anonymous blocks of PL/SQL, once for each row of binds. */

import type { Cell } from '../types.ts';
import { bindRows, bindTypes, commitIfAsked, type Execution, finish } from './execution.ts';
import { DIRECTION, ROW_DATA, writeIoVector } from './messages.ts';
import { outWriter } from './out-values.ts';

export async function runBlock(execution: Execution): Promise<void> {
  const { context, cursor } = execution;
  const types = bindTypes(cursor.binds);
  const rows = bindRows(execution);
  const results: (readonly (Cell | undefined)[])[] = [];
  for (const row of rows) results.push(await context.session.block(cursor.statement, types, row));
  await commitIfAsked(execution);
  if (cursor.binds.length > 0) await writeOutBinds(execution, results);
  finish(execution, { rowCount: rows.length });
}

/**
 * Binds that the block assigned come back as "in and out": a client that was told "out" would not send their values
 * when it executes again, and whether the block reads them, too, is not known here.
 */
async function writeOutBinds(
  { context, cursor }: Execution,
  results: readonly (readonly (Cell | undefined)[])[],
): Promise<void> {
  const { writer, session } = context;
  const assigned = cursor.binds.map((_, at) => results.some((values) => values[at] !== undefined));
  const directions = assigned.map((isAssigned) => (isAssigned ? DIRECTION.both : DIRECTION.in));
  writeIoVector(writer, directions, { iterations: results.length });
  if (!assigned.includes(true)) return;
  const writers = cursor.binds.map((bind) => outWriter(bind, { session, tooLong: 'fail' }));
  for (const values of results) {
    writer.uint8(ROW_DATA);
    for (const [at, write] of writers.entries()) if (assigned[at]) await write(writer, values[at] ?? null);
  }
}
