/** Removes tombstones and exits that devices had time enough to hear of. */
import { cleanUpFeed } from '../store/feed-clean-up.ts';
import type { CleanUpCounts, CleanUpInput } from './contract.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';

/** A try that dies has removed what it has: the next one goes on. */
export async function cleanUp(
  deps: ActivityDeps,
  input: CleanUpInput,
  context: ActivityContext,
): Promise<readonly CleanUpCounts[]> {
  const specs = Object.values(deps.config.pipelines).flatMap(({ entities }) => Object.values(entities));
  const keptMs = input.keptMs ?? deps.config.gateway?.tombstones.keptMs ?? null;
  if (keptMs === null) return [];
  const cleaned = await cleanUpFeed(deps.store, specs, {
    keptMs,
    mode: input.mode,
    signal: context.signal,
    onProgress: () => context.heartbeat(),
  });
  for (const { entity, tombstones, exits } of cleaned) {
    if (tombstones + exits > 0 && input.mode === 'remove') {
      deps.logger.info({ entity, tombstones, exits }, 'removed what devices have heard of');
    }
  }
  return cleaned;
}
