/** Asks a worker, which alone reaches the source, whether the source answers and what is wrong with it. */
import { proxyActivities } from '@temporalio/workflow';
import type { SourceActivities, SourceTest } from '../activities/contract.ts';
import { HEARTBEAT_TIMEOUT } from './retry.ts';

/** Somebody waits for the answer: a source that does not answer is an answer, and a worker that dies is asked about again. */
const { testSource: ask } = proxyActivities<SourceActivities>({
  startToCloseTimeout: '5 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { maximumAttempts: 1 },
  summary: 'test a source',
});

export async function testSource(input: { readonly source: string }): Promise<SourceTest> {
  return ask(input);
}
