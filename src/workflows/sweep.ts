/** What nobody works on any more, found once a minute: runs, uploads, conflicts, and notifications that did not arrive (C10, C16). */
import { log, proxyActivities } from '@temporalio/workflow';
import type { UploadActivities } from '../activities/upload-contract.ts';
import { failureNote } from './failure-note.ts';
import { HEARTBEAT_TIMEOUT, retry } from './retry.ts';

/** What fails today is tried by the next sweep. */
const { sweepStale, sweepUploads, tellAgain } = proxyActivities<
  Pick<UploadActivities, 'sweepStale' | 'sweepUploads' | 'tellAgain'>
>({
  startToCloseTimeout: '10 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { ...retry, maximumAttempts: 3 },
});

export type SweepSummary = {
  /** Runs that were closed. */
  readonly runs: number;
  /** Uploads and conflicts that were started again. */
  readonly uploads: number;
  readonly conflicts: number;
  /** Mutations that were let go from behind closed conflicts. */
  readonly released: number;
  /** Notifications that were tried again. */
  readonly told: number;
};

/** Each part by itself: what one meets keeps no other from its work. */
export async function sweep(): Promise<SweepSummary> {
  const [stale, uploads, told] = await Promise.all([
    orElse('runs', { runs: 0 }, sweepStale({})),
    orElse('uploads', { uploads: 0, conflicts: 0, released: 0 }, sweepUploads({})),
    orElse('notifications', { tried: 0 }, tellAgain({})),
  ]);
  return { ...stale, ...uploads, told: told.tried };
}

async function orElse<T>(what: string, nothing: T, work: Promise<T>): Promise<T> {
  return work.catch((error: unknown) => {
    log.warn('a part of the sweep failed', { what, problem: failureNote(error).message });
    return nothing;
  });
}
