/** Sources by name: how they do, and a test of one by a worker, which alone reaches it. */
import { isSyncError, SyncError } from '../domain/errors.ts';
import { runSourceTest, type SourceTest } from '../source-client.ts';
import { readSourceStates, type SourceStateReport } from '../store/run-reports.ts';
import type { ServiceContext } from './context.ts';
import { sourceOf } from './names.ts';
import { idleQueues, idleText } from './temporal-view.ts';

export type SourceReport = {
  readonly name: string;
  readonly kind: string;
  readonly timeZone: string;
  /** Connections that may be in use at a time, over all workers. */
  readonly concurrency: number;
  readonly pipelines: readonly string[];
  /** `open`: it failed so often that it is left alone until `openUntil`. */
  readonly breaker: 'closed' | 'open';
  readonly openUntil: string | null;
  /** Failures in a row. */
  readonly failures: number;
  readonly lastError: SourceStateReport['lastError'];
};

/** Nothing of how one connects to them. */
export async function listSources({
  config,
  store,
}: Pick<ServiceContext, 'config' | 'store'>): Promise<SourceReport[]> {
  const states = new Map((await readSourceStates(store.pool)).map((state) => [state.source, state]));
  const pipelines = Object.values(config.pipelines);
  return Object.values(config.sources).map(({ name, kind, timeZone, concurrency }) => {
    const state = states.get(name);
    const openUntil = state?.openUntil ?? null;
    return {
      ...{ name, kind, timeZone, concurrency },
      pipelines: pipelines.filter(({ source }) => source === name).map(({ pipeline }) => pipeline),
      breaker: openUntil === null ? 'closed' : 'open',
      openUntil,
      failures: state?.failures ?? 0,
      lastError: state?.lastError ?? null,
    };
  });
}

/** @throws SyncError CONFIG_UNKNOWN; TEMPORAL_UNAVAILABLE, also where no worker is there; SOURCE_UNAVAILABLE */
export async function testSource(
  { config, client }: Pick<ServiceContext, 'config' | 'client'>,
  { name, waitMs }: { readonly name: string; readonly waitMs: number },
): Promise<SourceTest> {
  const source = sourceOf(config, name).name;
  const own = Object.values(config.pipelines).filter((pipeline) => pipeline.source === source);
  const queues = own.length > 0 ? own.map(({ taskQueue }) => taskQueue) : [config.temporal.taskQueue];
  const idle = await idleQueues(client, queues);
  const taskQueue = queues.find((queue) => !idle.includes(queue));
  if (taskQueue === undefined) {
    throw new SyncError('TEMPORAL_UNAVAILABLE', {
      message: `Nobody is there to test ${source}. ${idleText(idle)}`,
      remedy: 'Start `syncline worker`, then ask again.',
    });
  }
  try {
    return await runSourceTest(client, { source, taskQueue, waitMs });
  } catch (error) {
    if (!isSyncError(error, 'CONFIG_UNKNOWN')) throw error;
    // Some worker has another configuration: that is nothing that whoever asks has wrong.
    throw new SyncError('CONFIG_CHANGED', { message: error.message, cause: error });
  }
}
