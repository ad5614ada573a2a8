/**
 * The ledger of applied mutations, in a schema of its own in the source, written in the transaction of each change and
 * before it. C12: whether a transaction took effect is decided by inserting its ledger row again, which waits for it;
 * reading the ledger decides nothing.
 */
import type pg from 'pg';
import { SyncError } from '../../domain/errors.ts';
import type { LedgerOutcome, Mutation } from '../write-contract.ts';

export const LEDGER_SCHEMA = 'syncline_target';
export const LEDGER_TABLE = `${LEDGER_SCHEMA}.ledger`;
export const MAX_LEDGER_KEY_CHARS = 512;

/** To be run once by an owner of the database. docs/postgres.md shows the same. */
export const LEDGER_DDL: readonly string[] = [
  `CREATE SCHEMA ${LEDGER_SCHEMA}`,
  `CREATE TABLE ${LEDGER_TABLE} (
  ledger_key text COLLATE "C" NOT NULL CHECK (char_length(ledger_key) <= ${MAX_LEDGER_KEY_CHARS}),
  outcome jsonb NOT NULL,
  recorded_at timestamptz NOT NULL DEFAULT clock_timestamp(),
  CONSTRAINT ledger_pk PRIMARY KEY (ledger_key)
)`,
  `CREATE INDEX ledger_recorded_at ON ${LEDGER_TABLE} (recorded_at)`,
];

/** What the row holds; `key` is null until a generated key is known. */
export type LedgerRecord =
  | { readonly state: 'applied'; readonly operation: Mutation['operation']; readonly key: string | null }
  | { readonly state: 'aborted' };

export type LedgerRow = { readonly ledgerKey: string; readonly record: LedgerRecord };

/**
 * In the order of keys, so that two batches of the same mutations wait for each other and not in a circle. Waits for
 * transactions that may be writing the same keys: ON CONFLICT decides only when they have ended, as a plain
 * INSERT does, but leaves the transaction of use. @returns the keys that were not there
 */
export async function insertLedgerRows(
  client: pg.PoolClient,
  rows: readonly LedgerRow[],
): Promise<Set<string>> {
  try {
    const { rows: inserted } = await client.query<{ ledger_key: string }>(
      `INSERT INTO ${LEDGER_TABLE} (ledger_key, outcome)
       SELECT key, outcome::jsonb FROM unnest($1::text[], $2::text[]) AS entry (key, outcome) ORDER BY key COLLATE "C"
       ON CONFLICT (ledger_key) DO NOTHING RETURNING ledger_key`,
      columnsOf(rows),
    );
    return new Set(inserted.map(({ ledger_key }) => ledger_key));
  } catch (error) {
    throw isMissing(error) ? noLedger(error) : error;
  }
}

export async function deleteLedgerRows(client: pg.PoolClient, ledgerKeys: readonly string[]): Promise<void> {
  if (ledgerKeys.length === 0) return;
  await client.query(`DELETE FROM ${LEDGER_TABLE} WHERE ledger_key = ANY ($1::text[])`, [ledgerKeys]);
}

/** Completes ledger rows of inserts whose keys the database gave. */
export async function recordGeneratedKeys(
  client: pg.PoolClient,
  rows: readonly { readonly ledgerKey: string; readonly key: string }[],
): Promise<void> {
  if (rows.length === 0) return;
  await client.query(
    `UPDATE ${LEDGER_TABLE} AS ledger SET outcome = entry.outcome::jsonb
       FROM unnest($1::text[], $2::text[]) AS entry (key, outcome) WHERE ledger.ledger_key = entry.key`,
    columnsOf(
      rows.map(({ ledgerKey, key }) => ({
        ledgerKey,
        record: { state: 'applied', operation: 'insert', key },
      })),
    ),
  );
}

/** Outcomes by ledger key, of those that this session sees. */
export async function readOutcomes(
  client: pg.PoolClient,
  ledgerKeys: readonly string[],
): Promise<Map<string, LedgerOutcome>> {
  const { rows } = await client.query<{ ledger_key: string; outcome: string }>(
    `SELECT ledger_key, outcome FROM ${LEDGER_TABLE} WHERE ledger_key = ANY ($1::text[])`,
    [ledgerKeys],
  );
  return new Map(
    rows.map(({ ledger_key, outcome }) => [ledger_key, JSON.parse(outcome) as LedgerOutcome] as const),
  );
}

/** @returns rows deleted, at most `limit`. */
export async function deleteOldRows(
  client: pg.PoolClient,
  { olderThanDays, limit }: { readonly olderThanDays: number; readonly limit: number },
): Promise<number> {
  const { rowCount } = await client.query(
    `DELETE FROM ${LEDGER_TABLE} WHERE ledger_key IN (
       SELECT ledger_key FROM ${LEDGER_TABLE}
        WHERE recorded_at < clock_timestamp() - make_interval(secs => $1::float8 * 86400)
        ORDER BY recorded_at LIMIT $2 FOR UPDATE SKIP LOCKED)`,
    [olderThanDays, limit],
  );
  return rowCount ?? 0;
}

function columnsOf(rows: readonly LedgerRow[]): string[][] {
  return [rows.map(({ ledgerKey }) => ledgerKey), rows.map(({ record }) => JSON.stringify(record))];
}

function isMissing(error: unknown): boolean {
  return ['42P01', '3F000'].includes((error as { code?: string }).code ?? '');
}

function noLedger(cause: unknown): SyncError {
  return new SyncError('SOURCE_QUERY', {
    message: `The source has no table ${LEDGER_TABLE}, which write-back needs`,
    cause,
    details: { scope: 'entity' },
    remedy:
      'Have an owner of the source’s database run what `syncline write-back script` prints (docs/postgres.md).',
  });
}
