/** Keys that a claimed chunk found, onto the refresh list: under its fence, and with its position (C1, C4). */
import { NO_ROWS } from '../domain/run.ts';
import type { LoadJob } from './load-job.ts';
import { inLoadTransaction, recordClaim } from './load-session.ts';
import type { Store } from './open.ts';
import { enqueueRefresh } from './refresh.ts';

/** @throws SyncError FENCED when run or claim are another's by now: nothing was written. */
export async function listClaimed(
  store: Store,
  job: Pick<LoadJob, 'ref' | 'claim' | 'resumeAfter' | 'finished'>,
  listed: { readonly keys: readonly string[]; readonly reason: string; readonly signal?: AbortSignal },
): Promise<void> {
  const { keys, reason, signal } = listed;
  if (keys.length === 0) return;
  await inLoadTransaction(store, { ref: job.ref, claim: job.claim, signal }, async (session) => {
    await enqueueRefresh(session.client, { entity: job.ref.entity, keys, reason });
    recordClaim(session, job, NO_ROWS);
  });
}
