/** Removes tombstones and exits that are older than devices are waited for (C7): on a schedule, or when somebody asks. */
import { proxyActivities } from '@temporalio/workflow';
import type { CleanUpActivities, CleanUpCounts, CleanUpInput } from '../activities/contract.ts';
import { HEARTBEAT_TIMEOUT, retry } from './retry.ts';

const { cleanUp: remove } = proxyActivities<CleanUpActivities>({
  startToCloseTimeout: '1 hour',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { ...retry, maximumAttempts: 5 },
  summary: 'remove tombstones',
});

/** @returns by entity, what was removed, or would be. */
export async function cleanUp(input: CleanUpInput): Promise<readonly CleanUpCounts[]> {
  return remove(input);
}
