/** Queries: execution, description, definition of columns, and rows in pages. */

import { OraError } from '../ora-error.ts';
import type { Cell, Column, Query } from '../types.ts';
import { DEFAULT_FORMATS, type NlsFormats } from '../values/oracle-text.ts';
import type { CallContext } from '../wire/call-context.ts';
import { type CellWriter, cellWriter, needsDefine } from './cell-writers.ts';
import { type Cursor, endQuery } from './cursors.ts';
import { wireTypeOf } from './data-types.ts';
import { writeDescribe } from './describe.ts';
import { answering, bindTypes, commitIfAsked, type Execution, finish } from './execution.ts';
import { ROW_DATA, writeReturnParameters, writeRowHeader } from './messages.ts';
import type { Bind, BindRow } from './parse-binds.ts';
import type { FetchRequest } from './parse-execute.ts';
import { sessionFormats } from './session-formats.ts';

export async function runQuery(execution: Execution): Promise<void> {
  const { context, cursor, request } = execution;
  await endQuery(cursor);
  const row: BindRow | undefined = request.rows[0];
  const query = await context.session.query(cursor.statement, bindTypes(cursor.binds), row?.cells ?? []);
  cursor.query = query;
  cursor.rowsSent = 0;
  // Clients read values as they were told what they are: tell them whenever that is news.
  if (request.statement !== null || !sameColumns(cursor.columns, query.columns)) {
    cursor.defines = keptDefines(cursor, query.columns);
    cursor.columns = query.columns;
    writeDescribe(context.writer, query.columns, context.client);
  }
  cursor.writers = await writersOf(context, cursor);
  await commitIfAsked(execution);
  if (sendsRowsNow(execution)) await sendPage(execution, request.prefetchRows);
  else finish(execution, { rowCount: 0 });
}

/** Not before the client has defined LOBs; not unasked to a client that may want to read LONGs piece by piece. */
function sendsRowsNow({ cursor, request }: Execution): boolean {
  const columns = cursor.columns ?? [];
  if (columns.some(needsDefine) && cursor.defines === null) return false;
  if (request.wants.fetch === 'implied') return !columns.some(({ type }) => type.name.startsWith('LONG'));
  return request.wants.fetch === 'asked';
}

/** The columns of a statement that is not executed. */
export async function describeOnly(execution: Execution): Promise<void> {
  const { context, cursor } = execution;
  if (cursor.statement.kind === 'query') {
    const columns = await context.session.describe(cursor.statement, bindTypes(cursor.binds));
    cursor.columns = columns;
    cursor.defines = null;
    writeDescribe(context.writer, columns, context.client);
  }
  finish(execution, { rowCount: 0 });
}

/** What the client wants the columns of the query as from now on. */
export async function defineColumns(
  { context, cursor, request }: Execution,
  defines: readonly Bind[],
): Promise<void> {
  if (cursor.columns !== null && defines.length < cursor.columns.length) {
    throw new OraError(1007, 'variable not in select list');
  }
  cursor.defines = defines;
  // With an execution in the same request the columns are known only then.
  if (cursor.columns !== null && !request.wants.execute) cursor.writers = await writersOf(context, cursor);
}

/** Rows for an execute request that does not execute: it has defined columns, or only fetches. */
export async function fetchRequested(execution: Execution): Promise<void> {
  await sendPage(execution, execution.request.prefetchRows);
}

/** Function 5. */
export async function runFetch(context: CallContext, { cursorId, count }: FetchRequest): Promise<void> {
  const cursor = context.cursors.find(cursorId);
  await answering(context, { cursor: cursor ?? null }, async () => {
    const { error } = await sendRows({ context, cursor: context.cursors.get(cursorId) }, count);
    context.endOfCall({ error, cursorId, rowCount: cursor?.rowsSent ?? 0 });
  });
}

async function sendPage({ context, cursor }: Execution, count: number): Promise<void> {
  const { error } = await sendRows({ context, cursor }, count);
  writeReturnParameters(context.writer, { cursorId: cursor.id, rowCounts: null });
  context.endOfCall({ error, cursorId: cursor.id, rowCount: cursor.rowsSent });
}

/** @returns the error that says that there are no more rows: only when there are fewer than asked for. */
async function sendRows(
  { context, cursor }: { readonly context: CallContext; readonly cursor: Cursor },
  count: number,
): Promise<{ readonly error: OraError | null }> {
  if (cursor.query === null && !cursor.drained) throw new OraError(1002, 'fetch out of sequence');
  await context.strike({ at: 'fetch', sql: cursor.statement.text, rowsSent: cursor.rowsSent });
  const rows = cursor.query === null ? [] : await fetchRows(cursor, cursor.query, count);
  if (rows.length > 0) writeRowHeader(context.writer, { columns: cursor.writers.length, rows: count });
  const { writers } = cursor;
  for (const row of rows) {
    context.writer.uint8(ROW_DATA);
    for (let at = 0; at < writers.length; at++) {
      const pending = (writers[at] as CellWriter)(context.writer, row[at] ?? null);
      if (pending !== undefined) await pending;
    }
  }
  cursor.rowsSent += rows.length;
  if (rows.length >= count) return { error: null };
  cursor.drained = false;
  return { error: new OraError(1403, 'no data found') };
}

/** The query ends with its last row, and with an error. */
async function fetchRows(cursor: Cursor, query: Query, count: number): Promise<readonly (readonly Cell[])[]> {
  try {
    const { rows, done } = await query.fetch(count);
    if (done || rows.length < count) {
      await endQuery(cursor);
      cursor.drained = true;
    }
    return rows;
  } catch (error) {
    await endQuery(cursor).catch(() => undefined);
    throw error;
  }
}

async function writersOf(context: CallContext, cursor: Cursor): Promise<readonly CellWriter[]> {
  const columns = cursor.columns ?? [];
  const formats = await formatsFor(context, cursor);
  return columns.map((column, at) =>
    cellWriter(column, cursor.defines?.[at] ?? null, { session: context.session, formats }),
  );
}

/** Formats matter only to dates that are wanted as something else. */
async function formatsFor({ session }: CallContext, { columns, defines }: Cursor): Promise<NlsFormats> {
  const converted = columns?.some(({ type }, at) => {
    const define = defines?.[at];
    const dated = type.name === 'DATE' || type.name.startsWith('TIMESTAMP');
    return dated && define != null && define.dataType !== wireTypeOf(type.name).dataType;
  });
  return converted === true ? await sessionFormats(session) : DEFAULT_FORMATS;
}

/**
 * Other columns than before: what the client defined is void, with one exception. Drivers define LOBs once in the
 * life of a statement and go on reading them so.
 */
function keptDefines(cursor: Cursor, columns: readonly Column[]): Cursor['defines'] {
  const { defines, columns: before } = cursor;
  if (defines === null) return null;
  if (before === null) return defines;
  const kept = columns.map((column, at) => {
    if (!needsDefine(column)) return null;
    if (before[at]?.type.name === column.type.name) return defines[at] ?? null;
    const other = before.findIndex(({ type }) => type.name === column.type.name);
    return other < 0 ? null : (defines[other] ?? null);
  });
  const lobsAreDefined = columns.every((column, at) => !needsDefine(column) || kept[at] !== null);
  return lobsAreDefined && kept.some((define) => define !== null) ? kept : null;
}

function sameColumns(before: readonly Column[] | null, now: readonly Column[]): boolean {
  if (before === null || before.length !== now.length) return false;
  return now.every((column, at) => {
    const old = before[at] as Column;
    return (
      column === old ||
      (column.name === old.name &&
        column.nullable === old.nullable &&
        column.type.name === old.type.name &&
        column.type.precision === old.type.precision &&
        column.type.scale === old.type.scale &&
        column.type.length === old.type.length &&
        column.type.unit === old.type.unit)
    );
  });
}
