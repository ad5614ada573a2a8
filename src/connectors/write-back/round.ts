/**
 * One transaction over units of mutations: single ones, or groups that are applied all or not at all. What meets a lock
 * is left for the next transaction, with all that depends on it, so that it holds up nothing else.
 */
import { SyncError } from '../../domain/errors.ts';
import type { Mutation, Verdict } from '../write-contract.ts';
import type { WriteDialect, WriteSession, WrittenTable } from './dialect.ts';
import { RowBusy } from './outcomes.ts';
import { type Placed, rowOf, type Unit } from './units.ts';

export type RoundResult = {
  readonly verdicts: ReadonlyMap<number, Verdict>;
  /** Units that met a lock, or depend on one that did, with the code that said so. */
  readonly busy: readonly { readonly unit: Unit; readonly code: string }[];
};

export type RoundWork<Table extends WrittenTable> = {
  readonly session: WriteSession<Table>;
  readonly dialect: Pick<WriteDialect<Table>, 'wave' | 'relativeCodes'>;
  /** By their entities. */
  readonly tables: ReadonlyMap<string, Table>;
};

/** Does everything but commit. @throws the driver's errors, after which the transaction is of no use */
export async function applyUnits<Table extends WrittenTable>(
  work: RoundWork<Table>,
  units: readonly Unit[],
): Promise<RoundResult> {
  const round: Round<Table> = { work, verdicts: new Map(), busy: [], waiting: new Set() };
  for (let at = 0; at < units.length; ) {
    const wave = waveAt(round, units, at);
    at += Math.max(wave.length, 1);
    if (wave.length === 0) {
      await takeUnit(round, units[at - 1] as Unit);
      continue;
    }
    const table = work.tables.get(wave[0]?.mutation.entity as string) as Table;
    const { verdicts, left } = await work.session.applyWave(table, wave);
    for (const [place, verdict] of verdicts) round.verdicts.set(place, verdict);
    for (const placed of left) await takeUnit(round, [placed]);
  }
  return round;
}

type Round<Table extends WrittenTable> = {
  readonly work: RoundWork<Table>;
  readonly verdicts: Map<number, Verdict>;
  readonly busy: { readonly unit: Unit; readonly code: string }[];
  /** Rows that a unit in `busy` is to write: what comes behind must wait too. */
  readonly waiting: Set<string>;
};

async function takeUnit<Table extends WrittenTable>(round: Round<Table>, unit: Unit): Promise<void> {
  const { work, verdicts, busy, waiting } = round;
  const blocked = unit.some(({ mutation }) => waiting.has(rowOf(mutation)));
  const outcome: UnitOutcome = blocked
    ? { code: busy.at(-1)?.code ?? '' }
    : await applyUnit(work, unit, { somethingWaits: busy.length > 0 });
  if ('verdicts' in outcome) {
    for (const [at, verdict] of outcome.verdicts) verdicts.set(at, verdict);
    return;
  }
  busy.push({ unit, code: outcome.code });
  for (const { mutation } of unit) waiting.add(rowOf(mutation));
}

/** Units from here on that may be applied together; none when they are too few. Rows that wait are left out. */
function waveAt<Table extends WrittenTable>(
  { work, waiting }: Round<Table>,
  units: readonly Unit[],
  from: number,
): Placed[] {
  const { min, max } = work.dialect.wave;
  const wave: Placed[] = [];
  const rows = new Set<string>();
  for (let at = from; at < units.length && wave.length < max; at++) {
    const [placed] = units[at] as Unit;
    if (placed === undefined || units[at]?.length !== 1 || placed.mutation.group !== undefined) break;
    const { mutation } = placed;
    const first = wave[0]?.mutation ?? mutation;
    if (mutation.entity !== first.entity || mutation.operation !== first.operation) break;
    if (work.tables.get(mutation.entity)?.spec.call !== undefined) break;
    const row = rowOf(mutation);
    if (rows.has(row) || waiting.has(row)) break;
    rows.add(row);
    wave.push(placed);
  }
  return wave.length < min ? [] : wave;
}

type UnitOutcome = { readonly verdicts: ReadonlyMap<number, Verdict> } | { readonly code: string };

async function applyUnit<Table extends WrittenTable>(
  work: RoundWork<Table>,
  unit: Unit,
  { somethingWaits }: { readonly somethingWaits: boolean },
): Promise<UnitOutcome> {
  const { session, tables } = work;
  await session.savepoint();
  const back = async (outcome: UnitOutcome): Promise<UnitOutcome> => {
    await session.rollBackToSavepoint();
    return outcome;
  };
  const verdicts = new Map<number, Verdict>();
  try {
    const keys = new Map<string, string>();
    for (const { at, mutation } of unit) {
      const verdict = await session.apply(
        tables.get(mutation.entity) as Table,
        withTakenKeys(mutation, keys),
      );
      if (somethingWaits && missesRelative(work, verdict)) return await back({ code: verdict.code });
      verdicts.set(at, verdict);
      const key = writtenKey(verdict);
      if (key !== null) {
        keys.set(mutation.ledgerKey, key);
        continue;
      }
      return await back({ verdicts: failed(unit, verdicts) });
    }
    return { verdicts };
  } catch (error) {
    if (error instanceof RowBusy) return await back({ code: error.code });
    throw error;
  }
}

/** null: not written. A mutation that somebody gave up will never be: its group is not either. */
function writtenKey(verdict: Verdict): string | null {
  if (verdict.kind === 'duplicate') {
    return verdict.outcome.state === 'applied' ? verdict.outcome.key : null;
  }
  return verdict.kind === 'applied' ? verdict.key : null;
}

/** @param keys of rows that the group has written so far, by ledger key. */
function withTakenKeys(mutation: Mutation, keys: ReadonlyMap<string, string>): Mutation {
  const { takes } = mutation;
  if (takes === undefined) return mutation;
  const taken = Object.entries(takes).map(([column, ledgerKey]) => {
    const key = keys.get(ledgerKey);
    if (key !== undefined) return [column, key];
    throw new SyncError('INTERNAL', { message: `Nothing before ${mutation.ledgerKey} makes ${ledgerKey}` });
  });
  return { ...mutation, values: { ...mutation.values, ...Object.fromEntries(taken) } };
}

/** A parent that is not there yet, or a child that still is: perhaps what waits for a lock is the one. */
function missesRelative<Table extends WrittenTable>(
  { dialect }: RoundWork<Table>,
  verdict: Verdict,
): verdict is Extract<Verdict, { kind: 'rejected' }> {
  return verdict.kind === 'rejected' && dialect.relativeCodes.has(verdict.code);
}

/** The last verdict is the reason why the rest of its group was not applied. */
function failed(unit: Unit, verdicts: ReadonlyMap<number, Verdict>): Map<number, Verdict> {
  const reason = [...verdicts.keys()].at(-1);
  return new Map(
    unit.map(({ at }) => {
      const own = verdicts.get(at);
      const kept = own !== undefined && (at === reason || own.kind === 'duplicate');
      return [at, kept ? own : GROUP_FAILED];
    }),
  );
}

const GROUP_FAILED: Verdict = {
  kind: 'rejected',
  code: 'GROUP_FAILED',
  message: 'Another change of the same group was not applied',
};
