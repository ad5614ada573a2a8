/** Has a worker, which owns the mirrors, remove tombstones that devices had time enough to hear of. */
import { type CleanUpCounts, runCleanUp } from '../clean-up-client.ts';
import type { ServiceContext } from './context.ts';

/** @throws SyncError TEMPORAL_UNAVAILABLE, also when no worker has done it in `waitMs` */
export async function cleanUp(
  { config, client }: Pick<ServiceContext, 'config' | 'client'>,
  request: { readonly keptMs: number; readonly mode: 'remove' | 'count'; readonly waitMs: number },
): Promise<readonly CleanUpCounts[]> {
  const { waitMs, ...input } = request;
  // Every worker of the configuration can do all of it.
  const [pipeline] = Object.values(config.pipelines);
  const taskQueue = pipeline?.taskQueue ?? config.temporal.taskQueue;
  return runCleanUp(client, { input, taskQueue, waitMs });
}
