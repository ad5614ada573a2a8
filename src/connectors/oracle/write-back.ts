/** Oracle as a write target: mutations with a verdict each, and the ledger that makes repeating them safe (C12). */
import type { SourceSettings } from '../../domain/config.ts';
import { SyncError } from '../../domain/errors.ts';
import type { WriteTarget } from '../write-contract.ts';
import { oracleError } from './error-table.ts';
import { correlationIdOf, type OracleSource, openSessions } from './session.ts';
import { writeBatch } from './write-back-batch.ts';
import { orderEntities } from './write-back-order.ts';
import { CommitUnheard, inWriteSession } from './write-back-session.ts';
import { purge, settle } from './write-back-settle.ts';
import { type Target, unknownOutcome, within } from './write-back-target.ts';
import { OutcomeUnknown } from './write-back-verdict.ts';

const CALL_TIMEOUT_MS = 30_000;

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
  return {
    name: source.settings.name,
    kind: 'oracle',
    named: (id) => oracleWriteTarget({ ...source, correlationId: correlationIdOf(id) }, { callTimeoutMs }),
    writeBatch: (mutations, options) =>
      asSyncErrors(target, options.signal, () => writeBatch(target, mutations, options)),
    settle: (ledgerKey, signal) => asSyncErrors(target, signal, () => settle(target, ledgerKey, signal)),
    entityOrder: (entities, signal) =>
      asSyncErrors(target, signal, () =>
        inWriteSession(target.source, within(target, signal), (connection) =>
          orderEntities(connection, entities),
        ),
      ),
    purgeLedger: (olderThanDays, signal) =>
      asSyncErrors(target, signal, () => purge(target, olderThanDays, signal)),
    close: () => source.pool.close(),
  };
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
