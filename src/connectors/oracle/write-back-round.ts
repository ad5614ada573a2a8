/**
 * One transaction over units of mutations: single ones, or groups that are applied all or not at all. What meets a lock
 * is left for the next transaction, with all that depends on it, so that it holds up nothing else.
 */
import type oracledb from 'oracledb';
import type { Mutation, Verdict } from '../write-contract.ts';
import { oracleNumber } from './error-table.ts';
import { applyMutation, RowBusy } from './write-back-row.ts';
import type { WriteTable } from './write-back-table.ts';

/** A mutation and its place in the batch. */
export type Placed = { readonly at: number; readonly mutation: Mutation };
export type Unit = readonly Placed[];

export type RoundWork = {
  readonly connection: oracledb.Connection;
  readonly tables: ReadonlyMap<string, WriteTable>;
  readonly lockWaitSeconds: number;
};

export type RoundResult = {
  readonly verdicts: ReadonlyMap<number, Verdict>;
  /** Units that met a lock, or depend on one that did, with the number that said so. */
  readonly busy: readonly { readonly unit: Unit; readonly code: string }[];
};

/** Mutations of one group that stand side by side make a unit. */
export function unitsOf(mutations: readonly Mutation[]): Unit[] {
  const units: Placed[][] = [];
  for (const [at, mutation] of mutations.entries()) {
    const before = units.at(-1);
    const sameGroup = mutation.group !== undefined && before?.[0]?.mutation.group === mutation.group;
    if (before !== undefined && sameGroup) before.push({ at, mutation });
    else units.push([{ at, mutation }]);
  }
  return units;
}

const SAVEPOINT = 'SYNCLINE_UNIT';

/** Does everything but commit. @throws the driver's errors, after which the transaction is of no use */
export async function applyUnits(work: RoundWork, units: readonly Unit[]): Promise<RoundResult> {
  const verdicts = new Map<number, Verdict>();
  const busy: { unit: Unit; code: string }[] = [];
  const waiting = new Set<string>();
  for (const unit of units) {
    if (unit.some(({ mutation }) => waiting.has(rowOf(mutation)))) {
      busy.push({ unit, code: busy.at(-1)?.code ?? '' });
      continue;
    }
    const outcome = await applyUnit(work, unit, { somethingWaits: busy.length > 0 });
    if ('code' in outcome) {
      busy.push({ unit, code: outcome.code });
      for (const { mutation } of unit) waiting.add(rowOf(mutation));
      continue;
    }
    for (const [at, verdict] of outcome.verdicts) verdicts.set(at, verdict);
  }
  return { verdicts, busy };
}

function rowOf({ entity, key, ledgerKey }: Mutation): string {
  return JSON.stringify(key === null ? [entity, null, ledgerKey] : [entity, key]);
}

type UnitOutcome = { readonly verdicts: ReadonlyMap<number, Verdict> } | { readonly code: string };

async function applyUnit(
  work: RoundWork,
  unit: Unit,
  { somethingWaits }: { readonly somethingWaits: boolean },
): Promise<UnitOutcome> {
  const { connection } = work;
  await connection.execute(`SAVEPOINT ${SAVEPOINT}`);
  const verdicts = new Map<number, Verdict>();
  try {
    for (const { at, mutation } of unit) {
      const verdict = await applyMutation({
        ...work,
        mutation,
        table: work.tables.get(mutation.entity) as WriteTable,
      });
      if (somethingWaits && missesRelative(verdict)) return await back(connection, { code: verdict.code });
      verdicts.set(at, verdict);
      if (isWritten(verdict)) continue;
      return await back(connection, { verdicts: failed(unit, verdicts) });
    }
    return { verdicts };
  } catch (error) {
    if (error instanceof RowBusy) return await back(connection, { code: error.code });
    throw error;
  }
}

async function back<T>(connection: oracledb.Connection, outcome: T): Promise<T> {
  await connection.execute(`ROLLBACK TO SAVEPOINT ${SAVEPOINT}`);
  return outcome;
}

function isWritten({ kind }: Verdict): boolean {
  return kind === 'applied' || kind === 'duplicate';
}

const RELATIVES = new Set(['ORA-02291', 'ORA-02292']);

/** A parent that is not there yet, or a child that still is: perhaps what waits for a lock is the one. */
function missesRelative(verdict: Verdict): verdict is Extract<Verdict, { kind: 'rejected' }> {
  return verdict.kind === 'rejected' && RELATIVES.has(verdict.code);
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

const ORA_ROLLED_BACK = 2091;

/** COMMIT found a deferred constraint violated, and rolled everything back. */
export function isDeferredViolation(error: unknown): boolean {
  return (
    error instanceof Error &&
    error.message.includes(`ORA-0${ORA_ROLLED_BACK}`) &&
    oracleNumber(error) !== null
  );
}
