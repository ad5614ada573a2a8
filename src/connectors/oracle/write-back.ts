/**
 * Writing back to Oracle: batches of mutations, each with its verdict, applied exactly once whatever happens to the
 * connection (C12).
 */
import { setTimeout as pause } from 'node:timers/promises';
import type oracledb from 'oracledb';
import { SyncError } from '../../domain/errors.ts';
import type {
  LedgerOutcome,
  Mutation,
  Verdict,
  WriteEntity,
  WriteOptions,
  WriteTarget,
} from '../write-contract.ts';
import { describeOracleError, isDeferredViolation, oracleCode, oracleError } from './error-table.ts';
import { deleteOldRows, insertLedgerRow, MAX_LEDGER_KEY_CHARS, readOutcome } from './ledger.ts';
import type { OracleSource } from './session.ts';
import { orderEntities } from './write-back-order.ts';
import { applyUnits, type RoundResult } from './write-back-round.ts';
import { CommitUnheard, inWriteSession, isLost, type WriteSessionOptions } from './write-back-session.ts';
import { describeTable, type WriteTable } from './write-back-table.ts';
import { type Unit, unitsOf } from './write-back-units.ts';
import { OutcomeUnknown, waitedOut } from './write-back-verdict.ts';

const CALL_TIMEOUT_MS = 30_000;
const LOCK_WAIT_MS = 5_000;
const LOCK_TRIES = 3;
/** Before rows that were locked are tried again. */
const LOCK_PAUSE_MS = 100;
/** Pauses before a lost session's work is done again on a new one. */
const RECONNECT_MS = [100, 500, 2_000];
const PURGE_ROWS = 10_000;

type Target = { readonly source: OracleSource; readonly callTimeoutMs: number };

/** `callTimeoutMs`: how long one call may take, and a ledger row is waited for. Default: 30 s. */
export function oracleWriteTarget(
  source: OracleSource,
  options: { readonly callTimeoutMs?: number } = {},
): WriteTarget {
  const callTimeoutMs = options.callTimeoutMs ?? Math.min(CALL_TIMEOUT_MS, source.options.callTimeoutMs);
  const target: Target = { source, callTimeoutMs };
  return {
    name: source.settings.name,
    kind: 'oracle',
    writeBatch: (mutations, options) =>
      asSyncErrors(target, options.signal, () => writeBatch(target, mutations, options)),
    settle: (ledgerKey, signal) => asSyncErrors(target, signal, () => settle(target, ledgerKey, signal)),
    entityOrder: (entities, signal) =>
      asSyncErrors(target, signal, () =>
        inWriteSession(target.source, { signal, callTimeoutMs }, (connection) =>
          orderEntities(connection, entities),
        ),
      ),
    purgeLedger: (olderThanDays, signal) =>
      asSyncErrors(target, signal, () => purge(target, olderThanDays, signal)),
  };
}

async function writeBatch(
  target: Target,
  mutations: readonly Mutation[],
  options: WriteOptions,
): Promise<readonly Verdict[]> {
  checkBatch(mutations, options);
  const batch: Batch = { target, options, unheard: new Set(), verdicts: new Map() };
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

type Batch = {
  readonly target: Target;
  readonly options: WriteOptions;
  /** Ledger keys of changes whose COMMIT was not answered. */
  readonly unheard: Set<string>;
  /** Verdicts of committed transactions. */
  readonly verdicts: Map<number, Verdict>;
};

function checkBatch(mutations: readonly Mutation[], { entities }: WriteOptions): void {
  for (const { ledgerKey, entity } of mutations) {
    if (!Object.hasOwn(entities, entity)) {
      throw new SyncError('CONFIG_UNKNOWN', { message: `There is no entity ${entity} to write to` });
    }
    if (ledgerKey === '' || ledgerKey.length > MAX_LEDGER_KEY_CHARS) {
      throw new SyncError('INTERNAL', {
        message: `A ledger key has 1 to ${MAX_LEDGER_KEY_CHARS} characters, not ${ledgerKey.length}`,
      });
    }
  }
}

/**
 * The units in one transaction; when its session is lost, all of them again in a new one: what was committed unheard is
 * found in the ledger.
 */
async function inTransaction(batch: Batch, units: readonly Unit[]): Promise<RoundResult> {
  for (let lost = 0; ; lost++) {
    try {
      return await attempt(batch, units);
    } catch (error) {
      if (isDeferredViolation(error)) return oneByOne(batch, units, error);
      const again = RECONNECT_MS[lost];
      if (again === undefined || !isLost(error)) throw asUnknown(batch, error);
      await pause(again, undefined, { signal: batch.options.signal });
    }
  }
}

function within({ callTimeoutMs }: Target, signal: AbortSignal): WriteSessionOptions {
  return { signal, callTimeoutMs };
}

async function attempt(batch: Batch, units: readonly Unit[]): Promise<RoundResult> {
  const { target, options } = batch;
  const lockWaitSeconds = Math.ceil((options.lockWaitMs ?? LOCK_WAIT_MS) / 1_000);
  const result = await inWriteSession(target.source, within(target, options.signal), async (connection) => {
    const tables = await describeTables(connection, units, options);
    const apply = (): Promise<RoundResult> => applyUnits({ connection, tables, lockWaitSeconds }, units);
    const calls = [...tables.values()].some(({ spec }) => spec.call !== undefined);
    const applied = await (calls ? withoutCommits(connection, apply) : apply());
    await commit(connection).catch((error: unknown) => {
      noteUnheard(batch, units, applied);
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

async function describeTables(
  connection: oracledb.Connection,
  units: readonly Unit[],
  { entities }: WriteOptions,
): Promise<Map<string, WriteTable>> {
  const tables = new Map<string, WriteTable>();
  for (const { mutation } of units.flat()) {
    const { entity } = mutation;
    if (tables.has(entity)) continue;
    tables.set(entity, await describeTable(connection, entities[entity] as WriteEntity));
  }
  return tables;
}

/** A procedure that commits would part the ledger row from the change: then it fails (ORA-00034). */
async function withoutCommits<T>(connection: oracledb.Connection, work: () => Promise<T>): Promise<T> {
  await connection.execute('ALTER SESSION DISABLE COMMIT IN PROCEDURE');
  try {
    const result = await work();
    await connection.execute(ENABLE_COMMIT);
    return result;
  } catch (error) {
    if (!isLost(error)) await connection.execute(ENABLE_COMMIT).catch(() => undefined);
    throw error;
  }
}

const ENABLE_COMMIT = 'ALTER SESSION ENABLE COMMIT IN PROCEDURE';

/** @throws CommitUnheard for every failure but a violated constraint: a COMMIT that was broken off may be done. */
async function commit(connection: oracledb.Connection): Promise<void> {
  try {
    await connection.commit();
  } catch (error) {
    if (isDeferredViolation(error)) throw error;
    throw new CommitUnheard(error);
  }
}

function noteUnheard({ unheard }: Batch, units: readonly Unit[], { verdicts }: RoundResult): void {
  for (const { at, mutation } of units.flat()) {
    if (verdicts.get(at)?.kind === 'applied') unheard.add(mutation.ledgerKey);
  }
}

/** What the ledger has of this very call's own doing is no duplicate. */
function ownVerdict({ unheard }: Batch, { ledgerKey }: Mutation, verdict: Verdict): Verdict {
  if (verdict.kind !== 'duplicate' || verdict.outcome.state !== 'applied') return verdict;
  if (!unheard.has(ledgerKey)) return verdict;
  return { kind: 'applied', key: verdict.outcome.key, row: verdict.row };
}

function asUnknown({ target, unheard }: Batch, error: unknown): unknown {
  if (unheard.size === 0 || !isLost(error)) return error;
  return unknownOutcome(target, error);
}

/** Deferred constraints are checked by COMMIT: alone, every unit learns what it did wrong. */
async function oneByOne(batch: Batch, units: readonly Unit[], error: unknown): Promise<RoundResult> {
  if (units.length > 1) {
    const results: RoundResult[] = [];
    for (const unit of units) results.push(await inTransaction(batch, [unit]));
    return { verdicts: new Map(), busy: results.flatMap(({ busy }) => busy) };
  }
  const verdict: Verdict = {
    kind: 'rejected',
    code: oracleCode(error) ?? '',
    message: describeOracleError(error),
  };
  for (const { at } of units.flat()) batch.verdicts.set(at, verdict);
  return { verdicts: new Map(), busy: [] };
}

async function settle(target: Target, ledgerKey: string, signal: AbortSignal): Promise<LedgerOutcome> {
  const decide = async (connection: oracledb.Connection): Promise<LedgerOutcome | null> => {
    const entry = await insertLedgerRow(connection, ledgerKey, { state: 'aborted' }).catch(waitedOut);
    if (entry === 'duplicate') return readOutcome(connection, ledgerKey);
    await commit(connection);
    return { state: 'aborted' };
  };
  for (let lost = 0; ; lost++) {
    try {
      const outcome = await inWriteSession(target.source, within(target, signal), decide);
      // null: purged between the two statements.
      if (outcome !== null) return outcome;
    } catch (error) {
      const again = RECONNECT_MS[lost];
      if (again === undefined || !isLost(error)) throw error;
      await pause(again, undefined, { signal });
    }
  }
}

/** In transactions of a bounded size. */
async function purge(target: Target, olderThanDays: number, signal: AbortSignal): Promise<number> {
  return inWriteSession(target.source, within(target, signal), async (connection) => {
    let total = 0;
    for (;;) {
      signal.throwIfAborted();
      const deleted = await deleteOldRows(connection, { olderThanDays, limit: PURGE_ROWS });
      await connection.commit();
      total += deleted;
      if (deleted < PURGE_ROWS) return total;
    }
  });
}

async function asSyncErrors<T>(target: Target, signal: AbortSignal, work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    if (signal.aborted || error instanceof SyncError) throw error;
    if (error instanceof OutcomeUnknown || error instanceof CommitUnheard)
      throw unknownOutcome(target, error);
    throw oracleError(target.source.settings.name, error);
  }
}

function unknownOutcome({ source }: Target, cause: unknown): SyncError {
  return new SyncError('SOURCE_UNAVAILABLE', {
    message: `Source ${source.settings.name}: it is not known yet whether the last transaction took effect`,
    cause,
    details: { outcome: 'unknown', class: 'connection' },
    remedy:
      'Nothing is lost: the same mutations are sent again and the ledger decides, once the source answers.',
  });
}
