/** A batch of mutations, applied exactly once whatever happens to the connection (C12). */
import { setTimeout as pause } from 'node:timers/promises';
import type oracledb from 'oracledb';
import { SyncError } from '../../domain/errors.ts';
import type { Mutation, Verdict, WriteEntity, WriteOptions } from '../write-contract.ts';
import { describeOracleError, isDeferredViolation, oracleCode } from './error-table.ts';
import { MAX_LEDGER_KEY_CHARS } from './ledger.ts';
import { applyUnits, type RoundResult } from './write-back-round.ts';
import { inWriteSession, isLost } from './write-back-session.ts';
import { describeTable, type WriteTable } from './write-back-table.ts';
import { commit, RECONNECT_MS, type Target, unknownOutcome, within } from './write-back-target.ts';
import { type Unit, unitsOf } from './write-back-units.ts';

const LOCK_WAIT_MS = 5_000;
const LOCK_TRIES = 3;
/** Before rows that were locked are tried again. */
const LOCK_PAUSE_MS = 100;

export async function writeBatch(
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
