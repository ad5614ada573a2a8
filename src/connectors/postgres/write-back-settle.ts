/** The ledger by itself: giving up on a mutation, forgetting old ones. */
import type pg from 'pg';
import { untilHeard } from '../write-back/batch.ts';
import type { LedgerOutcome } from '../write-contract.ts';
import { deleteOldRows, insertLedgerRows, readOutcomes } from './ledger.ts';
import { commit, inTransaction, ledgerWaitMs, type Target } from './write-back-session.ts';
import { isLost, waitedOut } from './write-back-verdict.ts';

const PURGE_ROWS = 10_000;

/** C12: giving up is a row in the ledger too. */
export async function settle(target: Target, ledgerKey: string, signal: AbortSignal): Promise<LedgerOutcome> {
  const decide = async (client: pg.PoolClient): Promise<LedgerOutcome | null> => {
    await client.query(`SET LOCAL lock_timeout = ${ledgerWaitMs(target)}`);
    const record = { state: 'aborted' } as const;
    const entered = await insertLedgerRows(client, [{ ledgerKey, record }]).catch(waitedOut);
    if (entered.size === 0) return (await readOutcomes(client, [ledgerKey])).get(ledgerKey) ?? null;
    await commit(client);
    return record;
  };
  for (;;) {
    const outcome = await untilHeard({ isLost }, signal, () => inTransaction(target, signal, decide));
    // null: purged between the two statements.
    if (outcome !== null) return outcome;
  }
}

/** In transactions of a bounded size. */
export async function purge(target: Target, olderThanDays: number, signal: AbortSignal): Promise<number> {
  for (let total = 0; ; ) {
    signal.throwIfAborted();
    const deleted = await inTransaction(target, signal, async (client) => {
      const rows = await deleteOldRows(client, { olderThanDays, limit: PURGE_ROWS });
      await commit(client);
      return rows;
    });
    total += deleted;
    if (deleted < PURGE_ROWS) return total;
  }
}
