/**
 * One mutation in its transaction: ledger row, row lock, comparison with the base, write, and the row as it is then.
 * The caller's savepoint takes back what a mutation without verdict 'applied' or 'duplicate' has done.
 */
import type pg from 'pg';
import { Refused, RowBusy, refused } from '../write-back/outcomes.ts';
import type { Mutation, Texts, Verdict } from '../write-contract.ts';
import { insertLedgerRows, readOutcomes, recordGeneratedKeys } from './ledger.ts';
import { callProcedure } from './write-back-call.ts';
import { fetchRow, fetchRows, keyOf, queryArrays } from './write-back-fetch.ts';
import { type Prepared, prepare } from './write-back-prepare.ts';
import { deleteRows, insertRows, keyTexts, updateRows } from './write-back-sql.ts';
import type { WriteTable } from './write-back-table.ts';
import { refusal, waitedOut } from './write-back-verdict.ts';

/** What applying a mutation has in hand. */
export type RowWork = {
  readonly client: pg.PoolClient;
  readonly lockWaitMs: number;
  /** How long a transaction that has the same ledger row is waited for. */
  readonly ledgerWaitMs: number;
  /** SQLSTATEs whose text is for the writer. */
  readonly raised: readonly string[];
  readonly rollBack: () => Promise<void>;
};

/** @throws RowBusy, OutcomeUnknown; the driver's errors where they are not the row's fault */
export async function applyMutation(work: RowWork, table: WriteTable, mutation: Mutation): Promise<Verdict> {
  try {
    return await apply(work, table, mutation);
  } catch (error) {
    if (error instanceof Refused) return error.verdict;
    return refusal(error, work.raised);
  }
}

async function apply(work: RowWork, table: WriteTable, mutation: Mutation): Promise<Verdict> {
  const { client } = work;
  const prepared = prepare(table, mutation);
  const { ledgerKey, operation, key } = mutation;
  await waitAtMost(client, work.ledgerWaitMs);
  const record = { state: 'applied', operation, key } as const;
  const entered = await insertLedgerRows(client, [{ ledgerKey, record }]).catch(waitedOut);
  if (entered.size === 0) return duplicate(work, table, mutation);
  await waitAtMost(client, work.lockWaitMs);
  if (operation !== 'insert') await lockAndCompare(work, table, prepared);
  const written = await write(work, table, prepared);
  if (key === null) await recordGeneratedKeys(client, [{ ledgerKey, key: written }]);
  const row = operation === 'delete' ? null : await fetchRow(client, table, keyTexts(table, written));
  return { kind: 'applied', key: written, row };
}

/** 0 would switch the limit off. */
async function waitAtMost(client: pg.PoolClient, waitMs: number): Promise<void> {
  await client.query(`SET LOCAL lock_timeout = ${Math.max(Math.ceil(waitMs), 1)}`);
}

/** @throws Refused when the row is gone or differs from the base */
async function lockAndCompare(
  { client, lockWaitMs }: RowWork,
  table: WriteTable,
  { mutation, row, compared }: Prepared,
): Promise<void> {
  const key = mutation.key as string;
  const found = await fetchRows(client, table, {
    wanted: [{ key: row.key as readonly string[], base: mutation.base, compared }],
    lock: {
      strength: mutation.operation === 'delete' ? 'UPDATE' : 'NO KEY UPDATE',
      others: lockWaitMs === 0 ? 'NOWAIT' : 'wait',
    },
  });
  const current = found.get(0);
  if (current === undefined) throw new Refused({ kind: 'gone', key });
  if (current.differing.length > 0) {
    throw new Refused({ kind: 'conflict', key, row: current.row, fields: current.differing });
  }
}

/** @returns the row's key. @throws Refused */
async function write(work: RowWork, table: WriteTable, prepared: Prepared): Promise<string> {
  const { mutation, row, columns } = prepared;
  const { operation, key } = mutation;
  if (table.spec.call !== undefined) return callProcedure(work.client, table, prepared);
  if (operation === 'insert') return insert(work, table, prepared);
  if (operation === 'update' && columns.length === 0) return key as string;
  const statement =
    operation === 'update'
      ? updateRows(table, columns, [row])
      : deleteRows(table, [row.key as readonly string[]]);
  const written = await queryArrays(work.client, statement);
  if (written.length !== 1) throw notWritten(written.length);
  return key as string;
}

async function insert(work: RowWork, table: WriteTable, { mutation, row, columns }: Prepared) {
  const { key } = mutation;
  let returned: (string | null)[][];
  try {
    returned = await queryArrays(work.client, insertRows(table, columns, [row]));
  } catch (error) {
    throw (await alreadyThere(work, table, { mutation, error })) ?? error;
  }
  if (returned.length !== 1) throw notWritten(returned.length);
  return key ?? keyOf(table, returned[0] ?? []);
}

export function notWritten(rows: number): Refused {
  return refused('NOT_WRITTEN', `The database wrote ${rows} rows instead of one`);
}

const UNIQUE_VIOLATION = '23505';

/** An insert whose key exists is a conflict with that row; any other unique value that exists refuses it. */
async function alreadyThere(
  work: RowWork,
  table: WriteTable,
  { mutation, error }: { readonly mutation: Mutation; readonly error: unknown },
): Promise<Refused | null> {
  const { key, values } = mutation;
  if (key === null || (error as { code?: string }).code !== UNIQUE_VIOLATION) return null;
  // After an error nothing can be read before the transaction is taken back to its savepoint.
  await work.rollBack();
  const shown = prepare(table, { ...mutation, operation: 'update', base: values });
  const wanted = [{ key: keyTexts(table, key), base: values, compared: shown.compared }];
  const found = (await fetchRows(work.client, table, { wanted, lock: null })).get(0);
  if (found === undefined) return null;
  return new Refused({ kind: 'conflict', key, row: found.row, fields: found.differing });
}

/** The row of a mutation that the ledger has. */
async function duplicate(work: RowWork, table: WriteTable, { ledgerKey }: Mutation): Promise<Verdict> {
  const outcome = (await readOutcomes(work.client, [ledgerKey])).get(ledgerKey);
  // Between our insert and this look the row can only have gone by a purge.
  if (outcome === undefined) throw new RowBusy('LEDGER_PURGED', null);
  let row: Texts | null = null;
  if (outcome.state === 'applied') row = await fetchRow(work.client, table, keyTexts(table, outcome.key));
  return { kind: 'duplicate', outcome, row };
}
