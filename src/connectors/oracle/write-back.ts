/** Oracle as a write target: mutations with a verdict each, and the ledger that makes repeating them safe (C12). */
import type oracledb from 'oracledb';
import type { SourceSettings } from '../../domain/config.ts';
import { asSyncErrors, writeBatch } from '../write-back/batch.ts';
import type { SessionNeeds, WriteDialect, WriteSession } from '../write-back/dialect.ts';
import type { WriteTarget } from '../write-contract.ts';
import { oracleError } from './error-table.ts';
import { MAX_LEDGER_KEY_CHARS } from './ledger.ts';
import { correlationIdOf, type OracleSource, openSessions } from './session.ts';
import { findProblems } from './write-back-check.ts';
import { orderEntities } from './write-back-order.ts';
import { applyMutation } from './write-back-row.ts';
import { commit, inWriteSession, isLost } from './write-back-session.ts';
import { purge, settle } from './write-back-settle.ts';
import { describeTable, type WriteTable } from './write-back-table.ts';
import { type Target, within } from './write-back-target.ts';
import { refusal } from './write-back-verdict.ts';
import { applyWave } from './write-back-wave.ts';

const CALL_TIMEOUT_MS = 30_000;
const SAVEPOINT = 'SYNCLINE_UNIT';

/** Opens no connection yet. Its sessions are its own: uploads do not wait behind runs. */
export function openOracleTarget(
  settings: SourceSettings,
  options: { applicationName: string },
): WriteTarget {
  return oracleWriteTarget(openSessions(settings, options.applicationName));
}

/** `callTimeoutMs`: how long one call may take, and a ledger row is waited for. Default: 30 s. */
export function oracleWriteTarget(
  source: OracleSource,
  options: { readonly callTimeoutMs?: number } = {},
): WriteTarget {
  const callTimeoutMs = options.callTimeoutMs ?? Math.min(CALL_TIMEOUT_MS, source.options.callTimeoutMs);
  const target: Target = { source, callTimeoutMs };
  const dialect = dialectOf(target);
  const safely = <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
    asSyncErrors(dialect, signal, work);
  return {
    name: source.settings.name,
    kind: 'oracle',
    named: (id) => oracleWriteTarget({ ...source, correlationId: correlationIdOf(id) }, { callTimeoutMs }),
    writeBatch: (mutations, options) => safely(options.signal, () => writeBatch(dialect, mutations, options)),
    settle: (ledgerKey, signal) => safely(signal, () => settle(target, ledgerKey, signal)),
    entityOrder: (entities, signal) =>
      safely(signal, () =>
        inWriteSession(source, within(target, signal), (connection) => orderEntities(connection, entities)),
      ),
    findProblems: (entities, signal) =>
      safely(signal, () =>
        inWriteSession(source, within(target, signal), (connection) => findProblems(connection, entities)),
      ),
    purgeLedger: (olderThanDays, signal) => safely(signal, () => purge(target, olderThanDays, signal)),
    close: () => source.pool.close(),
  };
}

function dialectOf(target: Target): WriteDialect<WriteTable> {
  const { source } = target;
  return {
    sourceName: source.settings.name,
    maxLedgerKeyChars: MAX_LEDGER_KEY_CHARS,
    wave: { min: 4, max: 100 },
    relativeCodes: new Set(['ORA-02291', 'ORA-02292']),
    inSession: (needs, work) =>
      inWriteSession(source, within(target, needs.signal), (connection) =>
        work(sessionOf(connection, needs)),
      ),
    isLost,
    refusal,
    asSyncError: (error) => oracleError(source.settings.name, error),
  };
}

function sessionOf(connection: oracledb.Connection, { lockWaitMs }: SessionNeeds): WriteSession<WriteTable> {
  const work = { connection, lockWaitSeconds: Math.ceil(lockWaitMs / 1_000) };
  return {
    describe: (entity) => describeTable(connection, entity),
    around: (tables, apply) =>
      tables.some(({ spec }) => spec.call !== undefined) ? withoutCommits(connection, apply) : apply(),
    savepoint: async () => {
      await connection.execute(`SAVEPOINT ${SAVEPOINT}`);
    },
    rollBackToSavepoint: async () => {
      await connection.execute(`ROLLBACK TO SAVEPOINT ${SAVEPOINT}`);
    },
    apply: (table, mutation) => applyMutation({ ...work, table, mutation }),
    applyWave: (table, wave) => applyWave(work, table, wave),
    commit: () => commit(connection),
  };
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
