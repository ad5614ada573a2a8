/** The ledger by itself: giving up on a mutation, forgetting old ones. */
import type oracledb from 'oracledb';
import { untilHeard } from '../write-back/batch.ts';
import type { LedgerOutcome } from '../write-contract.ts';
import { deleteOldRows, insertLedgerRow, readOutcome } from './ledger.ts';
import { commit, inWriteSession, isLost } from './write-back-session.ts';
import { type Target, within } from './write-back-target.ts';
import { waitedOut } from './write-back-verdict.ts';

const PURGE_ROWS = 10_000;

/** C12: giving up is a row in the ledger too. */
export async function settle(target: Target, ledgerKey: string, signal: AbortSignal): Promise<LedgerOutcome> {
  const decide = async (connection: oracledb.Connection): Promise<LedgerOutcome | null> => {
    const entry = await insertLedgerRow(connection, ledgerKey, { state: 'aborted' }).catch(waitedOut);
    if (entry === 'duplicate') return readOutcome(connection, ledgerKey);
    await commit(connection);
    return { state: 'aborted' };
  };
  for (;;) {
    const outcome = await untilHeard({ isLost }, signal, () =>
      inWriteSession(target.source, within(target, signal), decide),
    );
    // null: purged between the two statements.
    if (outcome !== null) return outcome;
  }
}

/** In transactions of a bounded size. */
export async function purge(target: Target, olderThanDays: number, signal: AbortSignal): Promise<number> {
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
