/**
 * One mutation in its transaction: ledger row, row lock, comparison with the base, write, and the row as it is then.
 * The caller's savepoint takes back what a mutation without verdict 'applied' or 'duplicate' has done.
 */
import type oracledb from 'oracledb';
import { encodeKey } from '../../domain/keys.ts';
import { Refused, RowBusy, refused } from '../write-back/outcomes.ts';
import type { Mutation, Texts, Verdict } from '../write-contract.ts';
import { oracleNumber } from './error-table.ts';
import { insertLedgerRow, readOutcome, recordGeneratedKey } from './ledger.ts';
import { differing, fetchRow, withBase } from './write-back-fetch.ts';
import { prepare } from './write-back-prepare.ts';
import { readText } from './write-back-read.ts';
import { type Statement, selectRow } from './write-back-sql.ts';
import type { WriteTable } from './write-back-table.ts';
import { InvalidValue } from './write-back-values.ts';
import { refusal, waitedOut } from './write-back-verdict.ts';

export type RowWork = {
  readonly connection: oracledb.Connection;
  readonly table: WriteTable;
  readonly mutation: Mutation;
  readonly lockWaitSeconds: number;
};

/** @throws RowBusy, OutcomeUnknown; the driver's errors where they are not the row's fault */
export async function applyMutation(work: RowWork): Promise<Verdict> {
  try {
    return await apply(work);
  } catch (error) {
    return refusedBy(error) ?? refusal(error);
  }
}

async function apply(work: RowWork): Promise<Verdict> {
  const { connection, mutation } = work;
  const statement = prepare(work.table, mutation);
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

/** What was refused without the database's doing; null: something else happened. */
export function refusedBy(error: unknown): Verdict | null {
  if (error instanceof Refused) return error.verdict;
  if (!(error instanceof InvalidValue)) return null;
  return { kind: 'rejected', code: 'INVALID_VALUE', message: error.message };
}

/** @throws Refused when the row is gone or differs from the base; RowBusy */
async function checkBase(
  { connection, table, mutation, lockWaitSeconds }: RowWork,
  key: string,
): Promise<void> {
  const seen = withBase(table, mutation);
  const row = await fetchRow(connection, seen, selectRow(seen, key, lockWaitSeconds));
  if (row === null) throw new Refused({ kind: 'gone', key });
  const fields = differing(seen, mutation.base ?? {}, row);
  if (fields.length > 0) throw new Refused({ kind: 'conflict', key, row, fields });
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

export function generatedKey(table: WriteTable, outBinds: Record<string, unknown>): string {
  const parts = table.key.map((column, i) => {
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

/** The row of a mutation that the ledger has. */
async function duplicate(work: RowWork): Promise<Verdict> {
  const outcome = await readOutcome(work.connection, work.mutation.ledgerKey);
  // Between our insert and this look the row can only have gone by a purge.
  if (outcome === null) throw new RowBusy('LEDGER_PURGED', null);
  const row = outcome.state === 'applied' ? await readRow(work, outcome.key) : null;
  return { kind: 'duplicate', outcome, row };
}
