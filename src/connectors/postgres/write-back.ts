/** PostgreSQL as a write target: mutations with a verdict each, and the ledger that makes repeating them safe (C12). */
import type pg from 'pg';
import type { SourceSettings } from '../../domain/config.ts';
import { SyncError } from '../../domain/errors.ts';
import { asSyncErrors, writeBatch } from '../write-back/batch.ts';
import type { SessionNeeds, WriteDialect, WriteSession } from '../write-back/dialect.ts';
import type { WriteTarget } from '../write-contract.ts';
import { sourceError } from './errors.ts';
import { MAX_LEDGER_KEY_CHARS } from './ledger.ts';
import { sessionNameOf } from './session.ts';
import { findProblems } from './write-back-check.ts';
import { orderEntities } from './write-back-order.ts';
import { applyMutation, type RowWork } from './write-back-row.ts';
import { commit, inTransaction, ledgerWaitMs, openTarget, type Target } from './write-back-session.ts';
import { purge, settle } from './write-back-settle.ts';
import { describeTable, type WriteTable } from './write-back-table.ts';
import { isLost, refusal } from './write-back-verdict.ts';
import { applyWave } from './write-back-wave.ts';

/** `callTimeoutMs`: how long one statement may take, and a ledger row is waited for. Default: 30 s. */
export function openPostgresTarget(
  settings: SourceSettings,
  options: { readonly applicationName: string; readonly callTimeoutMs?: number },
): WriteTarget {
  return targetOf(openTarget(settings, options));
}

function targetOf(target: Target): WriteTarget {
  const dialect = dialectOf(target);
  const safely = <T>(signal: AbortSignal, work: () => Promise<T>): Promise<T> =>
    asSyncErrors(dialect, signal, work);
  return {
    name: target.settings.name,
    kind: 'postgres',
    named: (id) => targetOf({ ...target, sessionName: sessionNameOf(id) }),
    writeBatch: (mutations, options) => safely(options.signal, () => writeBatch(dialect, mutations, options)),
    settle: (ledgerKey, signal) => safely(signal, () => settle(target, ledgerKey, signal)),
    entityOrder: (entities, signal) =>
      safely(signal, () => inTransaction(target, signal, (client) => orderEntities(client, entities))),
    findProblems: (entities, signal) =>
      safely(signal, () => inTransaction(target, signal, (client) => findProblems(client, entities))),
    purgeLedger: (olderThanDays, signal) => safely(signal, () => purge(target, olderThanDays, signal)),
    close: async () => {
      await Promise.all([target.pool.end(), target.cancelPool.end()]);
    },
  };
}

function dialectOf(target: Target): WriteDialect<WriteTable> {
  const { raisedSqlStates } = target.options;
  return {
    sourceName: target.settings.name,
    maxLedgerKeyChars: MAX_LEDGER_KEY_CHARS,
    wave: { min: 2, max: 200 },
    relativeCodes: new Set(['23503', '23001']),
    inSession: (needs, work) =>
      inTransaction(target, needs.signal, (client) => work(sessionOf(target, client, needs))),
    isLost,
    refusal: (error) => refusal(error, raisedSqlStates),
    asSyncError: (error) => targetError(target.settings.name, error),
  };
}

function sessionOf(target: Target, client: pg.PoolClient, needs: SessionNeeds): WriteSession<WriteTable> {
  let isSet = false;
  /** Savepoints of one name pile up unless the one before is released. */
  const savepoint = async (then: string): Promise<void> => {
    await client.query(`${isSet ? 'RELEASE SAVEPOINT syncline; ' : ''}SAVEPOINT syncline${then}`);
    isSet = true;
  };
  const rollBack = async (): Promise<void> => {
    await client.query('ROLLBACK TO SAVEPOINT syncline');
  };
  const work: RowWork = {
    client,
    lockWaitMs: needs.lockWaitMs,
    ledgerWaitMs: ledgerWaitMs(target),
    raised: target.options.raisedSqlStates,
    rollBack,
  };
  return {
    describe: (entity) => describeTable(client, entity),
    // In a transaction of ours a procedure that commits fails by itself (2D000).
    around: null,
    savepoint: () => savepoint(''),
    rollBackToSavepoint: rollBack,
    apply: (table, mutation) => applyMutation(work, table, mutation),
    applyWave: (table, wave) =>
      applyWave(
        { client, rollBack, savepoint: (ms) => savepoint(`; SET LOCAL lock_timeout = ${ms}`) },
        table,
        wave,
      ),
    commit: () => commit(client),
  };
}

/** As for reads; but what the login may not write, or a procedure may not do, is the entity's affair: others go on. */
function targetError(source: string, error: unknown): SyncError {
  const known = sourceError(source, error);
  if (!(known instanceof SyncError))
    return new SyncError('INTERNAL', { message: known.message, cause: error });
  const remedy = remedyOf(error as { code?: string; message?: string });
  if (remedy === null) return known;
  return new SyncError(known.code, {
    message: known.message,
    cause: error,
    details: { scope: 'entity' },
    remedy: remedy ?? known.remedy,
  });
}

/** null: not the entity's affair; undefined: what is known already is remedy enough. */
function remedyOf({ code, message = '' }: { code?: string; message?: string }): string | null | undefined {
  switch (code) {
    case '42501':
      return message.includes('row-level security') ? undefined : GRANTS;
    case '42704':
      return message.includes('client_connection_check_interval') ? OLDEST : undefined;
    case '2D000':
      return 'Take COMMIT and ROLLBACK out of the procedure: its change and the ledger row are one transaction.';
    case '25006':
      return 'The server is a standby, or the login read only: write-back needs the primary.';
    default:
      return null;
  }
}

const OLDEST = 'Write-back needs PostgreSQL 14 or newer at the source.';
const GRANTS = 'Grant the source’s login what docs/postgres.md lists for writing back.';
