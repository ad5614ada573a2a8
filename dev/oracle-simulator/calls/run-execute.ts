/** Executing a statement, by what kind it is of, and what the reply says of it. */

import { OraError } from '../ora-error.ts';
import type { CallContext } from '../wire/call-context.ts';
import { type Cursor, replaceStatement } from './cursors.ts';
import { answering, commitIfAsked, type Execution, finish } from './execution.ts';
import { unsupportedType } from './parse-binds.ts';
import type { ExecuteRequest } from './parse-execute.ts';
import { runBlock } from './run-block.ts';
import { runDml } from './run-dml.ts';
import { defineColumns, describeOnly, fetchRequested, runQuery } from './run-query.ts';
import { transactionEnd } from './statement-shape.ts';

export async function runExecute(context: CallContext, request: ExecuteRequest): Promise<void> {
  const cursor = await answering(context, { cursor: null }, () => cursorOf(context, request));
  if (cursor === null) return;
  await answering(context, { cursor, request }, () => perform({ context, cursor, request }));
}

async function cursorOf(context: CallContext, request: ExecuteRequest): Promise<Cursor> {
  const { cursors } = context;
  const { sql, statement, cursorId } = request;
  if (sql === null || statement === null) return cursors.get(cursorId);
  await context.strike({ at: 'parse', sql });
  if (statement instanceof OraError) throw statement;
  const cursor = cursorId === 0 ? undefined : cursors.find(cursorId);
  if (cursor === undefined) return cursors.open(statement);
  await replaceStatement(cursor, statement);
  return cursor;
}

async function perform(execution: Execution): Promise<void> {
  const { cursor, request } = execution;
  if (request.binds !== null) cursor.binds = request.binds;
  if (request.wants.execute) cursor.wantsRowCounts = request.wants.rowCounts;
  if (request.defines !== null) await defineColumns(execution, request.defines);
  if (!request.wants.execute) {
    if (request.wants.describe) await describeOnly(execution);
    else if (request.wants.fetch === 'asked') await fetchRequested(execution);
    else finish(execution, { rowCount: cursor.rowsSent });
    return;
  }
  checkBinds(cursor, request);
  await execution.context.strike({ at: 'execute', sql: cursor.statement.text });
  switch (cursor.statement.kind) {
    case 'query':
      await runQuery(execution);
      break;
    case 'dml':
      await runDml(execution);
      break;
    case 'block':
      await runBlock(execution);
      break;
    case 'other':
      await runOther(execution);
      break;
  }
}

async function runOther(execution: Execution): Promise<void> {
  const { context, cursor } = execution;
  const end = transactionEnd(cursor.statement);
  if (end === 'commit') await context.commit();
  else if (end === 'rollback') await context.rollback();
  else await context.session.other(cursor.statement);
  await commitIfAsked(execution);
  finish(execution, { rowCount: 0 });
}

function checkBinds(cursor: Cursor, request: ExecuteRequest): void {
  const wanted = cursor.statement.binds.length;
  if (cursor.binds.length < wanted) throw new OraError(1008, 'not all variables bound');
  if (cursor.binds.length > wanted) throw new OraError(1006, 'bind variable does not exist');
  for (const { type, dataType, isArray } of cursor.binds) {
    if (type === null) throw unsupportedType(dataType);
    if (isArray) throw new OraError(3115, 'unsupported network datatype or representation (PL/SQL arrays)');
  }
  for (const { error } of request.rows) if (error !== null) throw error;
}
