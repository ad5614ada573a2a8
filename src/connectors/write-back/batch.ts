/** A batch of mutations, applied exactly once whatever happens to the connection (C12). */
import { setTimeout as pause } from 'node:timers/promises';
import { SyncError } from '../../domain/errors.ts';
import type { Mutation, Verdict, WriteEntity, WriteOptions } from '../write-contract.ts';
import type { WriteDialect, WriteSession, WrittenTable } from './dialect.ts';
import { CommitUnheard, DeferredViolation, OutcomeUnknown } from './outcomes.ts';
import { applyUnits, type RoundResult } from './round.ts';
import { type Unit, unitsOf } from './units.ts';

const LOCK_WAIT_MS = 5_000;
const LOCK_TRIES = 3;
/** Before rows that were locked are tried again. */
const LOCK_PAUSE_MS = 100;
/** Pauses before a lost session's work is done again on a new one. */
const RECONNECT_MS = [100, 500, 2_000];

export async function writeBatch<Table extends WrittenTable>(
  dialect: WriteDialect<Table>,
  mutations: readonly Mutation[],
  options: WriteOptions,
): Promise<readonly Verdict[]> {
  checkBatch(dialect, mutations, options);
  const batch: Batch<Table> = { dialect, options, unheard: new Set(), verdicts: new Map() };
  let units = unitsOf(mutations);
  for (let tries = options.lockTries ?? LOCK_TRIES; units.length > 0; tries--) {
    const { busy } = await inTransaction(batch, units);
    units = busy.map(({ unit }) => unit);
    if (tries > 1 && units.length > 0) {
      await pause(LOCK_PAUSE_MS, undefined, { signal: options.signal });
      continue;
    }
    for (const { unit, code } of busy) {
      for (const { at } of unit) batch.verdicts.set(at, { kind: 'busy', code });
    }
    break;
  }
  return mutations.map((_, at) => batch.verdicts.get(at) as Verdict);
}

/** Does again, on a new session, what was lost with its session: the ledger keeps that from happening twice. */
export async function untilHeard<T>(
  { isLost }: { isLost(error: unknown): boolean },
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  for (let lost = 0; ; lost++) {
    try {
      return await work();
    } catch (error) {
      const again = RECONNECT_MS[lost];
      if (again === undefined || !isLost(error)) throw error;
      await pause(again, undefined, { signal });
    }
  }
}

/** What leaves a write target: SyncErrors, and the reason of a signal that stopped the work. */
export async function asSyncErrors<T>(
  dialect: Pick<WriteDialect<WrittenTable>, 'sourceName' | 'asSyncError'>,
  signal: AbortSignal,
  work: () => Promise<T>,
): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted) throw signal.reason;
    if (error instanceof SyncError) throw error;
    if (error instanceof OutcomeUnknown || error instanceof CommitUnheard) {
      throw unknownOutcome(dialect, error);
    }
    throw dialect.asSyncError(error);
  }
}

type Batch<Table extends WrittenTable> = {
  readonly dialect: WriteDialect<Table>;
  readonly options: WriteOptions;
  /** Ledger keys of changes whose COMMIT was not answered. */
  readonly unheard: Set<string>;
  /** Verdicts of committed transactions. */
  readonly verdicts: Map<number, Verdict>;
};

function checkBatch<Table extends WrittenTable>(
  { maxLedgerKeyChars }: WriteDialect<Table>,
  mutations: readonly Mutation[],
  { entities }: WriteOptions,
): void {
  for (const { ledgerKey, entity } of mutations) {
    if (!Object.hasOwn(entities, entity)) {
      throw new SyncError('CONFIG_UNKNOWN', { message: `There is no entity ${entity} to write to` });
    }
    if (ledgerKey === '' || ledgerKey.length > maxLedgerKeyChars) {
      throw new SyncError('INTERNAL', {
        message: `A ledger key has 1 to ${maxLedgerKeyChars} characters, not ${ledgerKey.length}`,
      });
    }
  }
}

/**
 * The units in one transaction; when its session is lost, all of them again in a new one: what was committed unheard is
 * found in the ledger.
 */
async function inTransaction<Table extends WrittenTable>(
  batch: Batch<Table>,
  units: readonly Unit[],
): Promise<RoundResult> {
  try {
    return await untilHeard(batch.dialect, batch.options.signal, () => attempt(batch, units));
  } catch (error) {
    if (error instanceof DeferredViolation) return inParts(batch, units, error);
    throw asUnknown(batch, error);
  }
}

async function attempt<Table extends WrittenTable>(
  batch: Batch<Table>,
  units: readonly Unit[],
): Promise<RoundResult> {
  const { dialect, options } = batch;
  const needs = { signal: options.signal, lockWaitMs: options.lockWaitMs ?? LOCK_WAIT_MS };
  const result = await dialect.inSession(needs, async (session) => {
    const tables = await describeTables(session, units, options);
    const apply = (): Promise<RoundResult> => applyUnits({ session, dialect, tables }, units);
    const applied = await (session.around?.([...tables.values()], apply) ?? apply());
    // A statement that was stopped may have looked like a locked row.
    options.signal.throwIfAborted();
    await session.commit().catch((error: unknown) => {
      if (!(error instanceof DeferredViolation)) noteUnheard(batch, units, applied);
      throw error;
    });
    return applied;
  });
  for (const { at, mutation } of units.flat()) {
    const verdict = result.verdicts.get(at);
    if (verdict !== undefined) batch.verdicts.set(at, ownVerdict(batch, mutation, verdict));
  }
  return result;
}

async function describeTables<Table extends WrittenTable>(
  session: WriteSession<Table>,
  units: readonly Unit[],
  { entities }: WriteOptions,
): Promise<Map<string, Table>> {
  const tables = new Map<string, Table>();
  for (const { mutation } of units.flat()) {
    const { entity } = mutation;
    if (tables.has(entity)) continue;
    tables.set(entity, await session.describe(entities[entity] as WriteEntity));
  }
  return tables;
}

function noteUnheard<Table extends WrittenTable>(
  { unheard }: Batch<Table>,
  units: readonly Unit[],
  { verdicts }: RoundResult,
): void {
  for (const { at, mutation } of units.flat()) {
    if (verdicts.get(at)?.kind === 'applied') unheard.add(mutation.ledgerKey);
  }
}

/** What the ledger has of this very call's own doing is no duplicate. */
function ownVerdict<Table extends WrittenTable>(
  { unheard }: Batch<Table>,
  { ledgerKey }: Mutation,
  verdict: Verdict,
): Verdict {
  if (verdict.kind !== 'duplicate' || verdict.outcome.state !== 'applied') return verdict;
  if (!unheard.has(ledgerKey)) return verdict;
  return { kind: 'applied', key: verdict.outcome.key, row: verdict.row };
}

/** Deferred constraints are checked by COMMIT: alone, every unit learns what it did wrong. */
async function inParts<Table extends WrittenTable>(
  batch: Batch<Table>,
  units: readonly Unit[],
  error: DeferredViolation,
): Promise<RoundResult> {
  const busy: RoundResult['busy'][number][] = [];
  if (units.length > 1) {
    const middle = Math.ceil(units.length / 2);
    for (const part of [units.slice(0, middle), units.slice(middle)]) {
      busy.push(...(await inTransaction(batch, part)).busy);
    }
    return { verdicts: new Map(), busy };
  }
  const verdict = batch.dialect.refusal(error.cause);
  for (const { at } of units.flat()) batch.verdicts.set(at, verdict);
  return { verdicts: new Map(), busy };
}

/** An answer to COMMIT that was missed stays missed, whatever has kept us from asking the ledger since. */
function asUnknown<Table extends WrittenTable>({ dialect, unheard }: Batch<Table>, error: unknown): unknown {
  if (unheard.size === 0) return error;
  const known = error instanceof SyncError ? error : dialect.asSyncError(error);
  return known.retryable || dialect.isLost(error) ? unknownOutcome(dialect, error) : error;
}

/** C12: the caller may repeat the work, with the same ledger keys. */
function unknownOutcome({ sourceName }: { readonly sourceName: string }, cause: unknown): SyncError {
  return new SyncError('SOURCE_UNAVAILABLE', {
    message: `Source ${sourceName}: it is not known yet whether the last transaction took effect`,
    cause,
    details: { outcome: 'unknown', class: 'connection' },
    remedy:
      'Nothing is lost: the same mutations are sent again and the ledger decides, once the source answers.',
  });
}
