/**
 * The ledger of applied mutations, in the schema of the sync user, written in the transaction of each change and before
 * it. C12: whether a transaction took effect is decided by inserting its ledger row again, which waits for it; reading
 * the ledger decides nothing.
 */
import oracledb from 'oracledb';
import type { LedgerOutcome, Mutation } from '../write-contract.ts';
import { oracleNumber } from './error-table.ts';

export const LEDGER_TABLE = 'SYNCLINE_LEDGER';
export const MAX_LEDGER_KEY_CHARS = 512;

/** To be run once as the sync user. */
export const LEDGER_DDL: readonly string[] = [
  `CREATE TABLE ${LEDGER_TABLE} (
  LEDGER_KEY VARCHAR2(${MAX_LEDGER_KEY_CHARS} CHAR) NOT NULL,
  OUTCOME VARCHAR2(4000) NOT NULL,
  RECORDED_AT TIMESTAMP(6) DEFAULT SYS_EXTRACT_UTC(SYSTIMESTAMP) NOT NULL,
  CONSTRAINT ${LEDGER_TABLE}_PK PRIMARY KEY (LEDGER_KEY)
)`,
  `CREATE INDEX ${LEDGER_TABLE}_AT ON ${LEDGER_TABLE} (RECORDED_AT)`,
];

const ORA_DUPLICATE = 1;

/** @returns 'duplicate' when the key is there, after waiting for the transaction that may be writing it. */
export async function insertLedgerRow(
  connection: oracledb.Connection,
  ledgerKey: string,
  outcome: LedgerRecord,
): Promise<'inserted' | 'duplicate'> {
  try {
    await connection.execute(`INSERT INTO ${LEDGER_TABLE} (LEDGER_KEY, OUTCOME) VALUES (:key, :outcome)`, {
      key: textBind(ledgerKey),
      outcome: textBind(JSON.stringify(outcome)),
    });
    return 'inserted';
  } catch (error) {
    if (oracleNumber(error)?.number === ORA_DUPLICATE) return 'duplicate';
    throw error;
  }
}

/** Many at once. @returns offsets of those that were not inserted, whatever the reason. */
export async function insertLedgerRows(
  connection: oracledb.Connection,
  rows: readonly { readonly ledgerKey: string; readonly record: LedgerRecord }[],
): Promise<number[]> {
  const { batchErrors = [] } = await connection.executeMany(
    `INSERT INTO ${LEDGER_TABLE} (LEDGER_KEY, OUTCOME) VALUES (:key, :outcome)`,
    rows.map(({ ledgerKey, record }) => ({ key: ledgerKey, outcome: JSON.stringify(record) })),
    { batchErrors: true, bindDefs: { key: KEY_DEF, outcome: OUTCOME_DEF } },
  );
  return batchErrors.map(({ offset }) => offset ?? 0);
}

export async function deleteLedgerRows(
  connection: oracledb.Connection,
  ledgerKeys: readonly string[],
): Promise<void> {
  if (ledgerKeys.length === 0) return;
  await connection.executeMany(
    `DELETE FROM ${LEDGER_TABLE} WHERE LEDGER_KEY = :key`,
    ledgerKeys.map((key) => ({ key })),
    { bindDefs: { key: KEY_DEF } },
  );
}

/** As `recordGeneratedKey`, for many. */
export async function recordGeneratedKeys(
  connection: oracledb.Connection,
  rows: readonly { readonly ledgerKey: string; readonly key: string }[],
): Promise<void> {
  if (rows.length === 0) return;
  await connection.executeMany(
    `UPDATE ${LEDGER_TABLE} SET OUTCOME = :outcome WHERE LEDGER_KEY = :key`,
    rows.map(({ ledgerKey, key }) => {
      const outcome: LedgerRecord = { state: 'applied', operation: 'insert', key };
      return { outcome: JSON.stringify(outcome), key: ledgerKey };
    }),
    { bindDefs: { outcome: OUTCOME_DEF, key: KEY_DEF } },
  );
}

const BYTES_PER_CHAR = 4;
const KEY_DEF = {
  dir: oracledb.BIND_IN,
  type: oracledb.DB_TYPE_VARCHAR,
  maxSize: MAX_LEDGER_KEY_CHARS * BYTES_PER_CHAR,
};
const OUTCOME_DEF = { ...KEY_DEF, maxSize: 4_000 };

/** What the row holds; `key` is null until a generated key is known. */
export type LedgerRecord =
  | { readonly state: 'applied'; readonly operation: Mutation['operation']; readonly key: string | null }
  | { readonly state: 'aborted' };

/** Completes the ledger row of an insert whose key the database gave. */
export async function recordGeneratedKey(
  connection: oracledb.Connection,
  ledgerKey: string,
  key: string,
): Promise<void> {
  const outcome: LedgerRecord = { state: 'applied', operation: 'insert', key };
  await connection.execute(`UPDATE ${LEDGER_TABLE} SET OUTCOME = :outcome WHERE LEDGER_KEY = :key`, {
    outcome: textBind(JSON.stringify(outcome)),
    key: textBind(ledgerKey),
  });
}

/** null: there is no such row that this session sees. */
export async function readOutcome(
  connection: oracledb.Connection,
  ledgerKey: string,
): Promise<LedgerOutcome | null> {
  const { rows = [] } = await connection.execute<[string]>(
    `SELECT OUTCOME FROM ${LEDGER_TABLE} WHERE LEDGER_KEY = :key`,
    { key: textBind(ledgerKey) },
    { outFormat: oracledb.OUT_FORMAT_ARRAY },
  );
  const text = rows[0]?.[0];
  return text === undefined ? null : (JSON.parse(text) as LedgerOutcome);
}

/** @returns rows deleted, at most `limit`. */
export async function deleteOldRows(
  connection: oracledb.Connection,
  { olderThanDays, limit }: { readonly olderThanDays: number; readonly limit: number },
): Promise<number> {
  const { rowsAffected = 0 } = await connection.execute(
    `DELETE FROM ${LEDGER_TABLE}
      WHERE RECORDED_AT < SYS_EXTRACT_UTC(SYSTIMESTAMP) - NUMTODSINTERVAL(:days, 'DAY') AND ROWNUM <= :most`,
    { days: olderThanDays, most: limit },
  );
  return rowsAffected;
}

function textBind(val: string): oracledb.BindParameter {
  return { dir: oracledb.BIND_IN, type: oracledb.DB_TYPE_VARCHAR, val };
}
