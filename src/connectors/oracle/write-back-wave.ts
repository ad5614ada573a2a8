/**
 * The fast way for mutations of one kind, of different rows of one table: each step once for all of them. Only what
 * goes smoothly is done here; every other mutation leaves no trace and is left to be applied on its own, which finds
 * out what is wrong with it.
 */
import oracledb from 'oracledb';
import { decodeKey } from '../../domain/keys.ts';
import { isKeyEnough, keyRow } from '../write-back/known-rows.ts';
import type { Placed, WaveResult } from '../write-back/units.ts';
import type { Texts, Verdict } from '../write-contract.ts';
import { deleteLedgerRows, insertLedgerRows, recordGeneratedKeys } from './ledger.ts';
import { keyIdentity } from './write-back-compare.ts';
import { differing, fetchRows, withBase } from './write-back-fetch.ts';
import { prepare } from './write-back-prepare.ts';
import { generatedKey, type RowWork, refusedBy } from './write-back-row.ts';
import { isLost } from './write-back-session.ts';
import { type Statement, selectRows } from './write-back-sql.ts';
import type { WriteTable } from './write-back-table.ts';
import type { Bind } from './write-back-values.ts';

/** What applying mutations has in hand. */
type WaveWork = Pick<RowWork, 'connection' | 'lockWaitSeconds'>;

type Candidate = Placed & { readonly statement: Statement | null };

/** A mutation that was written, and the key of its row. */
type Written = { readonly candidate: Candidate; readonly key: string };

const SAVEPOINT = 'SYNCLINE_WAVE';
const WAVE_WAIT_SECONDS = 1;

/** @throws the driver's errors after which the session or the transaction is of no use */
export async function applyWave(
  work: WaveWork,
  table: WriteTable,
  wave: readonly Placed[],
): Promise<WaveResult> {
  const verdicts = new Map<number, Verdict>();
  const candidates: Candidate[] = [];
  for (const placed of wave) {
    try {
      candidates.push({ ...placed, statement: prepare(table, placed.mutation) });
    } catch (error) {
      const verdict = refusedBy(error);
      if (verdict === null) throw error;
      verdicts.set(placed.at, verdict);
    }
  }
  await work.connection.execute(`SAVEPOINT ${SAVEPOINT}`);
  const applied = await attempt(work, table, candidates).catch(async (error: unknown) => {
    if (isLost(error)) throw error;
    await work.connection.execute(`ROLLBACK TO SAVEPOINT ${SAVEPOINT}`);
    return new Map<number, Verdict>();
  });
  for (const [at, verdict] of applied) verdicts.set(at, verdict);
  return { verdicts, left: wave.filter(({ at }) => !verdicts.has(at)) };
}

async function attempt(
  work: WaveWork,
  table: WriteTable,
  candidates: readonly Candidate[],
): Promise<Map<number, Verdict>> {
  const { connection } = work;
  const simple = candidates.filter(({ statement }) => statement === null || !hasLob(statement));
  if (simple.length === 0) return new Map();
  const entered = await enterLedger(connection, simple);
  const matching = await lockMatching(work, table, entered);
  const written = await writeAll(connection, table, matching);
  const done = new Set(written.map(({ candidate }) => candidate));
  const undone = entered.filter((candidate) => !done.has(candidate));
  await deleteLedgerRows(
    connection,
    undone.map(({ mutation }) => mutation.ledgerKey),
  );
  await recordGeneratedKeys(
    connection,
    written
      .filter(({ candidate }) => candidate.mutation.key === null)
      .map(({ candidate, key }) => ({ ledgerKey: candidate.mutation.ledgerKey, key })),
  );
  return readBack(connection, table, written);
}

/** LOBs of many rows would all stand in memory at once. */
function hasLob({ binds }: Statement): boolean {
  return Object.values(binds).some(({ type, val }) => val !== null && String(type).endsWith('LOB'));
}

async function enterLedger(
  connection: oracledb.Connection,
  candidates: readonly Candidate[],
): Promise<Candidate[]> {
  const failed = new Set(
    await insertLedgerRows(
      connection,
      candidates.map(({ mutation: { ledgerKey, operation, key } }) => ({
        ledgerKey,
        record: { state: 'applied', operation, key },
      })),
    ),
  );
  return candidates.filter((_, i) => !failed.has(i));
}

/** Those whose rows are there and equal to their bases, under the rows' locks. */
async function lockMatching(
  { connection, lockWaitSeconds }: WaveWork,
  table: WriteTable,
  candidates: readonly Candidate[],
): Promise<readonly Candidate[]> {
  const [first] = candidates;
  if (first === undefined || first.mutation.operation === 'insert') return candidates;
  const seen = candidates.reduce((wide, { mutation }) => withBase(wide, mutation), table);
  const keys = candidates.map(({ mutation }) => mutation.key as string);
  // One locked row among them is waited for on its own afterwards.
  const briefly = Math.min(lockWaitSeconds, WAVE_WAIT_SECONDS);
  const rows = await rowsByKey(connection, seen, { keys, lockWaitSeconds: briefly });
  return candidates.filter(({ mutation }, i) => {
    const row = rows.get(identityOf(table, keys[i] as string));
    return row !== undefined && differing(seen, mutation.base ?? {}, row).length === 0;
  });
}

async function rowsByKey(
  connection: oracledb.Connection,
  table: WriteTable,
  { keys, lockWaitSeconds }: { readonly keys: readonly string[]; readonly lockWaitSeconds: number | null },
): Promise<Map<string, Texts>> {
  const rows = await fetchRows(connection, table, selectRows(table, keys, lockWaitSeconds));
  if (rows.length > keys.length) throw new Error('A key matches several rows');
  const texts = (row: Texts): (string | null)[] => table.key.map(({ name }) => row[name] ?? null);
  return new Map(rows.map((row) => [keyIdentity(table.key, texts(row)), row]));
}

function identityOf(table: WriteTable, key: string): string {
  return keyIdentity(table.key, decodeKey(key, table.key.length));
}

/** Statements of one text together. Inserts keep their order: a row may name the one before it as its parent. */
async function writeAll(
  connection: oracledb.Connection,
  table: WriteTable,
  candidates: readonly Candidate[],
): Promise<Written[]> {
  const written: Written[] = candidates
    .filter(({ statement }) => statement === null)
    .map((candidate) => ({ candidate, key: candidate.mutation.key as string }));
  for (const alike of groupsOf(candidates.filter(({ statement }) => statement !== null))) {
    const result = await executeAlike(connection, alike);
    const failed = new Set((result.batchErrors ?? []).map(({ offset }) => offset));
    for (const [i, candidate] of alike.entries()) {
      if (failed.has(i) || result.dmlRowCounts?.[i] !== 1) continue;
      const outBinds = (result.outBinds as Record<string, unknown>[] | undefined)?.[i] ?? {};
      written.push({ candidate, key: candidate.mutation.key ?? generatedKey(table, outBinds) });
    }
  }
  return written;
}

function groupsOf(candidates: readonly Candidate[]): Candidate[][] {
  const groups: Candidate[][] = [];
  for (const candidate of candidates) {
    const same = ([other]: Candidate[]): boolean => other?.statement?.sql === candidate.statement?.sql;
    const isInsert = candidate.mutation.operation === 'insert';
    const last = groups.at(-1);
    const group = isInsert ? (last !== undefined && same(last) ? last : undefined) : groups.find(same);
    if (group === undefined) groups.push([candidate]);
    else group.push(candidate);
  }
  return groups;
}

async function executeAlike(
  connection: oracledb.Connection,
  alike: readonly Candidate[],
): Promise<oracledb.Results<unknown>> {
  const statements = alike.map(({ statement }) => statement as Statement);
  const { sql, binds } = statements[0] as Statement;
  const names = Object.keys(binds);
  const bindDefs = Object.fromEntries(names.map((name) => [name, bindDef(statements, name)]));
  const given = names.filter((name) => binds[name]?.dir === oracledb.BIND_IN);
  const rows = statements.map((statement) =>
    Object.fromEntries(given.map((name) => [name, statement.binds[name]?.val])),
  );
  return connection.executeMany(sql, rows, { bindDefs, batchErrors: true, dmlRowCounts: true });
}

/** As large as the largest value. */
function bindDef(statements: readonly Statement[], name: string): oracledb.BindDefinition {
  const { dir, type, maxSize } = (statements[0] as Statement).binds[name] as Bind;
  const sizes = statements.map(({ binds }) => sizeOf(binds[name]?.val));
  return { dir, type, maxSize: maxSize ?? Math.max(1, ...sizes) } as oracledb.BindDefinition;
}

function sizeOf(value: unknown): number {
  if (Buffer.isBuffer(value)) return value.length;
  // In the national character set a character takes two bytes or four.
  return typeof value === 'string' ? Math.max(Buffer.byteLength(value), 2 * value.length) : 0;
}

async function readBack(
  connection: oracledb.Connection,
  table: WriteTable,
  written: readonly Written[],
): Promise<Map<number, Verdict>> {
  const kept = written.filter(({ candidate }) => candidate.mutation.operation !== 'delete');
  const keys = kept.map(({ key }) => key);
  const rows =
    keys.length === 0
      ? new Map<string, Texts>()
      : isKeyEnough(table, written[0]?.candidate.mutation.operation)
        ? new Map(keys.map((key) => [identityOf(table, key), keyRow(table, key)]))
        : await rowsByKey(connection, table, { keys, lockWaitSeconds: null });
  return new Map(
    written.map(({ candidate, key }) => {
      const row = rows.get(identityOf(table, key)) ?? null;
      return [candidate.at, { kind: 'applied', key, row }];
    }),
  );
}
