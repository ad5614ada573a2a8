/** What executions of all kinds of statements have in common. */

import { ArrayDmlError, OraError } from '../ora-error.ts';
import type { BindType, Cell } from '../types.ts';
import type { CallContext } from '../wire/call-context.ts';
import type { Cursor } from './cursors.ts';
import { writeReturnParameters } from './messages.ts';
import { type Bind, unsupportedType } from './parse-binds.ts';
import type { ExecuteRequest } from './parse-execute.ts';

/** An execution: a cursor, and what its client wants with it now. */
export type Execution = {
  readonly context: CallContext;
  readonly cursor: Cursor;
  readonly request: ExecuteRequest;
};

/**
 * Does the work; an error of it becomes the reply, whatever was written of another one. A client that is told the
 * cursor's number with an error closes it, or executes it again.
 * @returns null when it failed
 */
export async function answering<T>(
  context: CallContext,
  call: { readonly cursor: Cursor | null; readonly request?: ExecuteRequest },
  work: () => Promise<T>,
): Promise<T | null> {
  try {
    return await work();
  } catch (error) {
    if (!(error instanceof OraError)) throw error;
    context.writer.truncate(context.replyStart);
    const cursorId = call.cursor?.id ?? 0;
    const rowCounts = error instanceof ArrayDmlError ? error.rowCounts : [];
    // From these a client tells which iteration failed; JDBC tells it from the good ones.
    if (error instanceof ArrayDmlError && call.request?.wants.rowCounts === true) {
      writeReturnParameters(context.writer, { cursorId, rowCounts });
    }
    const rowCount = rowCounts.reduce((sum, count) => sum + count, 0);
    context.endOfCall({ error, cursorId, rowCount, goodIterations: rowCounts.length });
    return null;
  }
}

/** Commit on success: a client's autocommit. A query that locked nothing has nothing to commit. */
export async function commitIfAsked({ context, cursor, request }: Execution): Promise<void> {
  if (!request.wants.commit) return;
  const { kind } = cursor.statement;
  if (kind === 'dml' || kind === 'block' || context.session.inTransaction) await context.commit();
}

/** The end of a reply without an error. */
export function finish(
  { context, cursor }: Execution,
  outcome: {
    readonly rowCount: number;
    readonly rowCounts?: readonly number[];
    readonly rowid?: string | null;
  },
): void {
  writeReturnParameters(context.writer, { cursorId: cursor.id, rowCounts: outcome.rowCounts ?? null });
  context.endOfCall({
    cursorId: cursor.id,
    rowCount: outcome.rowCount,
    rowid: outcome.rowid ?? null,
  });
}

/** Binds as the engine takes them. All of them are supported: `checkBinds` saw to that. */
export function bindTypes(binds: readonly Bind[]): readonly BindType[] {
  return binds.map(({ type, dataType }) => {
    if (type === null) throw unsupportedType(dataType);
    return type;
  });
}

/** Values of each iteration; an empty row for a statement without binds. */
export function bindRows({ request }: Execution): readonly (readonly Cell[])[] {
  if (request.rows.length > 0) return request.rows.map(({ cells }) => cells);
  return Array.from({ length: request.iterations }, () => []);
}
