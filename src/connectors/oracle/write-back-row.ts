/**
 * One mutation in its transaction: ledger row, row lock, comparison with the base, write, and the row as it is then.
 * The caller's savepoint takes back what a mutation without verdict 'applied' or 'duplicate' has done.
 */
import oracledb from 'oracledb';
import { encodeKey } from '../../domain/keys.ts';
import type { Mutation, Texts, Verdict } from '../write-contract.ts';
import {
  classifyOracleError,
  describeOracleError,
  oracleCode,
  oracleNumber,
  raisedText,
} from './error-table.ts';
import { insertLedgerRow, readOutcome, recordGeneratedKey } from './ledger.ts';
import { asText } from './session.ts';
import { sameValue } from './write-back-compare.ts';
import { readText } from './write-back-read.ts';
import { isLost } from './write-back-session.ts';
import {
  callProcedure,
  deleteRow,
  insertRow,
  keyParts,
  type Statement,
  selectRow,
  updateRow,
  valueParts,
} from './write-back-sql.ts';
import type { WriteTable } from './write-back-table.ts';
import { InvalidValue, type WriteColumn } from './write-back-values.ts';

export type RowWork = {
  readonly connection: oracledb.Connection;
  readonly table: WriteTable;
  readonly mutation: Mutation;
  readonly lockWaitSeconds: number;
};

/** Somebody else's lock is in the way: the same mutation may succeed in another transaction. */
export class RowBusy extends Error {
  readonly code: string;

  constructor(code: string, cause: unknown) {
    super(`The row is locked (${code})`, { cause });
    this.name = 'RowBusy';
    this.code = code;
  }
}

/**
 * A transaction that writes the same ledger row does not end: what becomes of the mutation is not known (C12).
 */
export class OutcomeUnknown extends Error {
  constructor(cause: unknown) {
    super('An open transaction still holds the mutation’s ledger row', { cause });
    this.name = 'OutcomeUnknown';
  }
}

/** The row or its table refuses the mutation. */
class Refused extends Error {
  readonly verdict: Verdict;

  constructor(verdict: Verdict) {
    super(verdict.kind);
    this.name = 'Refused';
    this.verdict = verdict;
  }
}

/** @throws RowBusy, OutcomeUnknown; the driver's errors where they are not the row's fault */
export async function applyMutation(work: RowWork): Promise<Verdict> {
  try {
    return await apply(work);
  } catch (error) {
    if (error instanceof Refused) return error.verdict;
    if (error instanceof InvalidValue) {
      return { kind: 'rejected', code: 'INVALID_VALUE', message: error.message };
    }
    return refusal(error);
  }
}

async function apply(work: RowWork): Promise<Verdict> {
  const { connection, mutation } = work;
  const statement = prepare(work);
  const { ledgerKey, operation, key } = mutation;
  const entry = await insertLedgerRow(connection, ledgerKey, { state: 'applied', operation, key }).catch(
    waitedOut,
  );
  if (entry === 'duplicate') return duplicate(work);
  if (operation !== 'insert') await checkBase(work, key as string);
  const written = await write(work, statement);
  if (key === null) await recordGeneratedKey(connection, ledgerKey, written);
  const row = operation === 'delete' ? null : await readRow(work, written);
  return { kind: 'applied', key: written, row };
}

export function waitedOut(error: unknown): never {
  if (!isLost(error) && ['timeout', 'transient'].includes(classifyOracleError(error)))
    throw new OutcomeUnknown(error);
  throw error;
}

/** Everything that can be refused without asking the database. @throws InvalidValue, Refused */
function prepare({ table, mutation }: RowWork): Statement | null {
  const { operation, key, origin } = mutation;
  if (key === null && operation !== 'insert') throw refused('INVALID_VALUE', `${operation} needs a key`);
  const values = withoutKey(table, mutation);
  const { originColumn, call } = table.spec;
  const tagged = originColumn === undefined ? values : { ...values, [originColumn]: origin };
  const parts = valueParts(table, tagged);
  if (call !== undefined) return callProcedure(table, mutation, parts);
  if (operation === 'delete') return deleteRow(table, key as string);
  // With nothing but its origin to change, the row stays as it is.
  if (operation === 'update') {
    return Object.keys(values).length === 0 ? null : updateRow(table, key as string, parts);
  }
  if (key === null) return insertRow(table, parts, 'generated');
  return insertRow(table, [...keyParts(table, key), ...parts], 'given');
}

/** Key columns among the values must say what the key says: a row's key never changes. */
function withoutKey(table: WriteTable, { key, values }: Mutation): Texts {
  const own = key === null ? null : keyParts(table, key);
  return Object.fromEntries(
    Object.entries(values).filter(([name, value]) => {
      const at = table.key.findIndex((column) => column.name === name);
      if (at === -1) return true;
      const given = own === null ? null : valueParts(table, { [name]: value })[0]?.bind.val;
      if (own === null ? value === null : given === own[at]?.bind.val) return false;
      throw refused('KEY_CHANGED', `${name} is part of the key, which cannot be changed`);
    }),
  );
}

/** @throws Refused when the row is gone or differs from the base; RowBusy */
async function checkBase(
  { connection, table, mutation, lockWaitSeconds }: RowWork,
  key: string,
): Promise<void> {
  const base = mutation.base ?? {};
  // The base may speak of columns that verdicts do not show.
  const seen = { ...table, rowColumns: [...new Set([...table.rowColumns, ...columnsOf(table, base)])] };
  const row = await fetchRow(connection, seen, selectRow(seen, key, lockWaitSeconds));
  if (row === null) throw new Refused({ kind: 'gone', key });
  const fields = differing(seen, base, row);
  if (fields.length > 0) throw new Refused({ kind: 'conflict', key, row, fields });
}

/** Columns of `expected` in which the row differs. */
function differing(table: WriteTable, expected: Texts, row: Texts): string[] {
  return columnsOf(table, expected)
    .filter((column) => !sameValue(column, expected[column.name] ?? null, row[column.name] ?? null))
    .map(({ name }) => name);
}

/** @throws InvalidValue */
function columnsOf(table: WriteTable, texts: Texts): WriteColumn[] {
  return Object.keys(texts).map((name) => {
    const column = table.columns.get(name);
    if (column === undefined || column.kind === null) {
      throw new InvalidValue(name, 'stands in the base and is no column that can be compared');
    }
    return column;
  });
}

/** @returns the row's key. @throws Refused */
async function write(work: RowWork, statement: Statement | null): Promise<string> {
  const { connection, table, mutation } = work;
  if (statement === null) return mutation.key as string;
  let result: oracledb.Result<unknown>;
  try {
    result = await connection.execute(statement.sql, statement.binds);
  } catch (error) {
    throw (await alreadyThere(work, error)) ?? error;
  }
  if (table.spec.call === undefined && result.rowsAffected !== 1) {
    throw refused('NOT_WRITTEN', `The database wrote ${result.rowsAffected ?? 0} rows instead of one`);
  }
  return mutation.key ?? generatedKey(table, result.outBinds as Record<string, unknown>);
}

const ORA_DUPLICATE = 1;

/** An insert whose key exists is a conflict with that row; any other unique value that exists refuses it. */
async function alreadyThere(work: RowWork, error: unknown): Promise<Refused | null> {
  const { connection, table, mutation } = work;
  if (mutation.operation !== 'insert' || mutation.key === null) return null;
  if (oracleNumber(error)?.number !== ORA_DUPLICATE) return null;
  const row = await fetchRow(connection, table, selectRow(table, mutation.key, null));
  if (row === null) return null;
  const shown = Object.entries(mutation.values).filter(([name]) => Object.hasOwn(row, name));
  const fields = differing(table, Object.fromEntries(shown), row);
  return new Refused({ kind: 'conflict', key: mutation.key, row, fields });
}

function generatedKey(table: WriteTable, outBinds: Record<string, unknown>): string {
  const parts = table.key.map((column: WriteColumn, i) => {
    const value = outBinds[`o${i + 1}`];
    // RETURNING gives a list, a procedure one value.
    const text = readText(column, Array.isArray(value) ? value[0] : value);
    if (text === null) {
      throw refused('NO_KEY', `Neither a sequence nor the table or procedure gave ${column.name}`);
    }
    return text;
  });
  return encodeKey(parts);
}

async function readRow({ connection, table }: RowWork, key: string): Promise<Texts | null> {
  return fetchRow(connection, table, selectRow(table, key, null));
}

async function fetchRow(
  connection: oracledb.Connection,
  table: WriteTable,
  { sql, binds }: Statement,
): Promise<Texts | null> {
  const { rows = [] } = await connection.execute<unknown[]>(sql, binds, {
    outFormat: oracledb.OUT_FORMAT_ARRAY,
    fetchTypeHandler: asText,
    maxRows: 2,
  });
  if (rows.length > 1) throw refused('KEY_NOT_UNIQUE', 'The key matches several rows');
  const [values] = rows;
  if (values === undefined) return null;
  return Object.fromEntries(table.rowColumns.map((column, i) => [column.name, readText(column, values[i])]));
}

/** The row of a mutation that the ledger has. */
async function duplicate(work: RowWork): Promise<Verdict> {
  const outcome = await readOutcome(work.connection, work.mutation.ledgerKey);
  // Between our insert and this look the row can only have gone by a purge.
  if (outcome === null) throw new RowBusy('LEDGER_PURGED', null);
  const row = outcome.state === 'applied' ? await readRow(work, outcome.key) : null;
  return { kind: 'duplicate', outcome, row };
}

function refused(code: string, message: string): Refused {
  return new Refused({ kind: 'rejected', code, message });
}

/** An error of the database: the row's verdict, or none of its fault. */
function refusal(error: unknown): Verdict {
  const code = oracleCode(error);
  if (code === null || isLost(error)) throw error;
  switch (classifyOracleError(error)) {
    case 'constraint':
    case 'data':
      return { kind: 'rejected', code, message: describeOracleError(error) };
    case 'raised':
      return { kind: 'rejected', code, message: raisedText(error) ?? '' };
    case 'transient':
    case 'timeout':
      throw new RowBusy(code, error);
    default:
      throw error;
  }
}
