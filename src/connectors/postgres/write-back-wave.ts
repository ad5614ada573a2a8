/**
 * The fast way for mutations of one kind, of different rows of one table: each step once for all of them. What fails as
 * a whole is done again by halves; what is left alone in the end is applied on its own, which finds out what is wrong
 * with it.
 */
import { isKeyEnough, keyRow } from '../write-back/known-rows.ts';
import { Refused } from '../write-back/outcomes.ts';
import type { Placed, WaveResult } from '../write-back/units.ts';
import type { LedgerOutcome, Texts, Verdict } from '../write-contract.ts';
import { deleteLedgerRows, insertLedgerRows, readOutcomes, recordGeneratedKeys } from './ledger.ts';
import { fetchRows, keyOf, queryArrays } from './write-back-fetch.ts';
import { type Prepared, prepare } from './write-back-prepare.ts';
import type { RowWork } from './write-back-row.ts';
import { deleteRows, insertRows, keyTexts, updateRows } from './write-back-sql.ts';
import type { WriteTable } from './write-back-table.ts';
import { isContention, isRowFault } from './write-back-verdict.ts';

type Candidate = Placed & Prepared;
/** A mutation that was written, and the key of its row. */
type Written = { readonly candidate: Candidate; readonly key: string };

/** One locked row is waited for on its own afterwards. */
const WAVE_WAIT_MS = 1_000;
/** Larger rows would all stand in memory at once. */
const MAX_ROW_CHARS = 100_000;

export type WaveWork = Pick<RowWork, 'client'> & {
  /** A new savepoint in the place of the one before, and how long locks are waited for behind it. */
  readonly savepoint: (lockWaitMs: number) => Promise<void>;
  readonly rollBack: () => Promise<void>;
};

/** @throws the driver's errors after which the session or the transaction is of no use, or that every row would meet */
export async function applyWave(
  work: WaveWork,
  table: WriteTable,
  wave: readonly Placed[],
): Promise<WaveResult> {
  const verdicts = new Map<number, Verdict>();
  const candidates: Candidate[] = [];
  const ledgerKeys = new Set<string>();
  for (const placed of wave) {
    const candidate = prepareOr(table, placed, verdicts);
    if (candidate === null || sizeOf(candidate) > MAX_ROW_CHARS) continue;
    // The second of one ledger key learns on its own what became of the first.
    if (!ledgerKeys.has(placed.mutation.ledgerKey)) candidates.push(candidate);
    ledgerKeys.add(placed.mutation.ledgerKey);
  }
  await byHalves(work, table, { candidates, verdicts });
  return { verdicts, left: wave.filter(({ at }) => !verdicts.has(at)) };
}

function prepareOr(table: WriteTable, placed: Placed, verdicts: Map<number, Verdict>): Candidate | null {
  try {
    return { ...placed, ...prepare(table, placed.mutation) };
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    verdicts.set(placed.at, error.verdict);
    return null;
  }
}

function sizeOf({ row, mutation }: Candidate): number {
  const texts = [...row.values, ...Object.values(mutation.base ?? {})];
  return texts.reduce((sum, text) => sum + (text?.length ?? 0), 0);
}

type Part = { readonly candidates: readonly Candidate[]; readonly verdicts: Map<number, Verdict> };

async function byHalves(work: WaveWork, table: WriteTable, { candidates, verdicts }: Part): Promise<void> {
  // A single one is not worth trying twice.
  if (candidates.length < 2) return;
  await work.savepoint(WAVE_WAIT_MS);
  try {
    for (const [at, verdict] of await attempt(work, table, candidates)) verdicts.set(at, verdict);
  } catch (error) {
    if (!(error instanceof Refused || isRowFault(error) || isContention(error))) throw error;
    await work.rollBack();
    // Each part that holds a locked row would wait for it once more.
    if (isContention(error)) return;
    const middle = Math.ceil(candidates.length / 2);
    await byHalves(work, table, { candidates: candidates.slice(0, middle), verdicts });
    await byHalves(work, table, { candidates: candidates.slice(middle), verdicts });
  }
}

async function attempt(
  work: WaveWork,
  table: WriteTable,
  candidates: readonly Candidate[],
): Promise<Map<number, Verdict>> {
  const { client } = work;
  const verdicts = new Map<number, Verdict>();
  const inserted = await insertLedgerRows(
    client,
    candidates.map(({ mutation: { ledgerKey, operation, key } }) => ({
      ledgerKey,
      record: { state: 'applied', operation, key },
    })),
  );
  const entered = candidates.filter(({ mutation }) => inserted.has(mutation.ledgerKey));
  const known = candidates.filter(({ mutation }) => !inserted.has(mutation.ledgerKey));
  for (const [at, verdict] of await duplicates(work, table, known)) verdicts.set(at, verdict);
  const matching = await lockMatching(work, table, { candidates: entered, verdicts });
  const written = await writeAll(work, table, matching);
  const done = new Set(written.map(({ candidate }) => candidate));
  await deleteLedgerRows(
    client,
    entered.filter((candidate) => !done.has(candidate)).map(({ mutation }) => mutation.ledgerKey),
  );
  await recordGeneratedKeys(
    client,
    written
      .filter(({ candidate }) => candidate.mutation.key === null)
      .map(({ candidate, key }) => ({ ledgerKey: candidate.mutation.ledgerKey, key })),
  );
  for (const [at, verdict] of await readBack(work, table, written)) verdicts.set(at, verdict);
  return verdicts;
}

/** Verdicts of those that the ledger has; one that was purged meanwhile has none. */
async function duplicates(
  { client }: WaveWork,
  table: WriteTable,
  known: readonly Candidate[],
): Promise<Map<number, Verdict>> {
  if (known.length === 0) return new Map();
  const outcomes = await readOutcomes(
    client,
    known.map(({ mutation }) => mutation.ledgerKey),
  );
  const applied = known.flatMap((candidate) => {
    const outcome = outcomes.get(candidate.mutation.ledgerKey);
    return outcome?.state === 'applied' ? [{ candidate, key: outcome.key }] : [];
  });
  const rows = await rowsOf(client, table, applied);
  return new Map(
    known.flatMap(({ at, mutation }) => {
      const outcome: LedgerOutcome | undefined = outcomes.get(mutation.ledgerKey);
      return outcome === undefined
        ? []
        : [[at, { kind: 'duplicate', outcome, row: rows.get(at) ?? null }] as const];
    }),
  );
}

/**
 * Those whose rows are there and equal to their bases, under the rows' locks; conflicts get their verdicts. Rows that
 * are gone or locked by others are left to themselves. Locks are taken in the order of keys, the same in every batch.
 */
async function lockMatching(
  { client }: WaveWork,
  table: WriteTable,
  { candidates, verdicts }: Part,
): Promise<readonly Candidate[]> {
  const [first] = candidates;
  if (first === undefined || first.mutation.operation === 'insert') return candidates;
  const inOrder = candidates.toSorted((a, b) => (String(a.mutation.key) < String(b.mutation.key) ? -1 : 1));
  const found = await fetchRows(client, table, {
    wanted: inOrder.map(({ mutation, row, compared }) => ({
      key: row.key as readonly string[],
      base: mutation.base,
      compared,
    })),
    lock: {
      strength: first.mutation.operation === 'delete' ? 'UPDATE' : 'NO KEY UPDATE',
      others: 'SKIP LOCKED',
    },
  });
  return inOrder.filter(({ at, mutation }, i) => {
    const current = found.get(i);
    if (current === undefined) return false;
    if (current.differing.length === 0) return true;
    const { row, differing: fields } = current;
    verdicts.set(at, { kind: 'conflict', key: mutation.key as string, row, fields });
    return false;
  });
}

/** Those that set the same columns together. Inserts keep their order: a row may name the one before it as its parent. */
async function writeAll(
  work: WaveWork,
  table: WriteTable,
  candidates: readonly Candidate[],
): Promise<Written[]> {
  const written: Written[] = [];
  for (const alike of groupsOf(candidates)) written.push(...(await writeAlike(work, table, alike)));
  return written;
}

function groupsOf(candidates: readonly Candidate[]): Candidate[][] {
  const groups: Candidate[][] = [];
  const shape = ({ columns, row }: Candidate): string =>
    JSON.stringify([row.key === null, columns.map(({ name }) => name)]);
  for (const candidate of candidates) {
    const isInsert = candidate.mutation.operation === 'insert';
    const same = ([other]: Candidate[]): boolean => other !== undefined && shape(other) === shape(candidate);
    const last = groups.at(-1);
    const group = isInsert ? (last !== undefined && same(last) ? last : undefined) : groups.find(same);
    if (group === undefined) groups.push([candidate]);
    else group.push(candidate);
  }
  return groups;
}

async function writeAlike(
  { client }: WaveWork,
  table: WriteTable,
  alike: readonly Candidate[],
): Promise<Written[]> {
  const { mutation, columns } = alike[0] as Candidate;
  const rows = alike.map(({ row }) => row);
  if (mutation.operation === 'insert') {
    // Without any column, one statement makes one row: such mutations are applied on their own.
    if (columns.length === 0 && mutation.key === null) return [];
    const returned = await queryArrays(client, insertRows(table, columns, rows));
    // A trigger has kept some of the rows away, and nobody knows which.
    if (returned.length !== rows.length) throw new Refused({ kind: 'rejected', code: '', message: '' });
    return alike.map((candidate, i) => ({
      candidate,
      key: candidate.mutation.key ?? keyOf(table, returned[i] ?? []),
    }));
  }
  const withKeys = alike.map((candidate) => ({ candidate, key: candidate.mutation.key as string }));
  if (mutation.operation === 'update' && columns.length === 0) return withKeys;
  const written = await queryArrays(
    client,
    mutation.operation === 'update'
      ? updateRows(table, columns, rows)
      : deleteRows(
          table,
          rows.map(({ key }) => key as readonly string[]),
        ),
  );
  const places = new Set(written.map(([n]) => Number(n)));
  return withKeys.filter((_, i) => places.has(i));
}

async function readBack(
  { client }: WaveWork,
  table: WriteTable,
  written: readonly Written[],
): Promise<Map<number, Verdict>> {
  const kept = written.filter(({ candidate }) => candidate.mutation.operation !== 'delete');
  const rows = isKeyEnough(table, written[0]?.candidate.mutation.operation)
    ? new Map(kept.map(({ candidate: { at }, key }) => [at, keyRow(table, key)]))
    : await rowsOf(client, table, kept);
  return new Map(
    written.map(({ candidate: { at }, key }) => [at, { kind: 'applied', key, row: rows.get(at) ?? null }]),
  );
}

/** By the places of their mutations. */
async function rowsOf(
  client: WaveWork['client'],
  table: WriteTable,
  which: readonly Written[],
): Promise<Map<number, Texts>> {
  if (which.length === 0) return new Map();
  const found = await fetchRows(client, table, {
    wanted: which.map(({ key }) => ({ key: keyTexts(table, key), base: null, compared: [] })),
    lock: null,
  });
  return new Map([...found].map(([i, { row }]) => [(which[i] as Written).candidate.at, row]));
}
