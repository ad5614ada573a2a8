/** Reads one record from its source, for somebody who waits. Its key stands in the store, under the id of the read. */
import { proxyActivities } from '@temporalio/workflow';
import type { RecordActivities } from '../activities/contract.ts';
import { HEARTBEAT_TIMEOUT, retry } from './retry.ts';

/** Rather an error than a long wait: who asked may ask again. */
const { refreshRecord: refresh } = proxyActivities<RecordActivities>({
  startToCloseTimeout: '30 seconds',
  scheduleToCloseTimeout: '1 minute',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { ...retry, maximumAttempts: 2 },
});

/** @returns whether the source has the record. */
export async function refreshRecord(input: { readonly read: string }): Promise<{ found: boolean }> {
  return refresh(input);
}
