/** What runs, how fresh each mirror is and what holds anything back: from the store and, as far as it answers, Temporal. */
import type { Client } from '../client.ts';
import type { SyncConfig } from '../domain/config.ts';
import { isSyncError } from '../domain/errors.ts';
import type { Degraded } from '../domain/source-shape.ts';
import { type EntityState, type LastRun, readEntityStates } from '../store/entity-states.ts';
import type { Store } from '../store/open.ts';
import {
  type CheckpointReport,
  type FeedLag,
  type RunReport,
  readCheckpoints,
  readFeedLag,
  readRuns,
  readSourceStates,
  type SourceStateReport,
} from '../store/run-reports.ts';
import { readStoreFacts } from '../store/store-facts.ts';
import { secondsBetween } from './ages.ts';
import type { ServiceContext } from './context.ts';
import { idleQueues, type OpenWorkflow, openWorkflows } from './temporal-view.ts';

export type EntityStatus = {
  readonly entity: string;
  readonly pipeline: string;
  /** null before the first run, and where increments see no changes. */
  readonly watermark: string | null;
  /** From the watermark to now, by the store's clock; null without a watermark. */
  readonly ageSeconds: number | null;
  readonly needsFull: boolean;
  readonly quarantined: number;
  readonly waitingForRefresh: number;
  readonly lastRun: Omit<LastRun, 'degraded'> | null;
  readonly degraded: readonly Degraded[];
};

export type Status = {
  readonly running: readonly RunReport[];
  readonly entities: readonly EntityStatus[];
  /** Sources that failed since they last worked. */
  readonly sources: readonly SourceStateReport[];
  readonly feedLag: FeedLag;
  readonly temporal: TemporalStatus;
};

export type TemporalStatus =
  | {
      readonly answers: true;
      /** Runs that have not begun: they wait for the lease, or for a worker. */
      readonly waiting: readonly OpenWorkflow[];
      readonly queuesWithoutWorker: readonly string[];
    }
  | { readonly answers: false; readonly message: string };

const MAX_RUNNING = 100;

type StatusContext = Omit<ServiceContext, 'client'> & {
  /** @throws SyncError: the status says so, and tells what the store knows. */
  readonly temporal: () => Promise<Client>;
};

export async function gatherStatus(context: StatusContext): Promise<Status> {
  const { store } = context;
  const running = await readRuns(store.pool, { running: true, limit: MAX_RUNNING });
  const [entities, sources, feedLag, temporal] = await Promise.all([
    entityStates(context.config, store),
    readSourceStates(store.pool),
    readFeedLag(store.pool),
    temporalStatus(context, running),
  ]);
  return { running, entities, sources, feedLag, temporal };
}

/** Those of the configuration, and those that left it but are still in the store. */
async function entityStates(config: SyncConfig, store: Store): Promise<EntityStatus[]> {
  const checkpoints = new Map((await readCheckpoints(store.pool)).map((one) => [one.entity, one]));
  const configured = Object.values(config.pipelines).flatMap(({ pipeline, entities }) =>
    Object.keys(entities).map((entity) => ({ entity, pipeline })),
  );
  const names = new Set(configured.map(({ entity }) => entity));
  const all = [...configured, ...[...checkpoints.values()].filter(({ entity }) => !names.has(entity))];
  const states = await readEntityStates(
    store.pool,
    all.map(({ entity }) => entity),
  );
  const { now } = await readStoreFacts(store.pool);
  const pipelineOf = new Map(all.map(({ entity, pipeline }) => [entity, pipeline]));
  return states.map((state) => ({
    entity: state.entity,
    pipeline: pipelineOf.get(state.entity) ?? '',
    ...freshness(checkpoints.get(state.entity), now),
    quarantined: state.quarantined,
    waitingForRefresh: state.waitingForRefresh,
    ...lastOf(state.lastRun),
  }));
}

function freshness(
  checkpoint: CheckpointReport | undefined,
  now: string,
): Pick<EntityStatus, 'watermark' | 'ageSeconds' | 'needsFull'> {
  const watermark = checkpoint?.watermark ?? null;
  return {
    watermark,
    ageSeconds: watermark === null ? null : secondsBetween(watermark, now),
    needsFull: checkpoint?.needsFull ?? true,
  };
}

function lastOf(run: EntityState['lastRun']): Pick<EntityStatus, 'lastRun' | 'degraded'> {
  if (run === null) return { lastRun: null, degraded: [] };
  const { degraded, ...lastRun } = run;
  return { lastRun, degraded };
}

/** The store alone tells most of it, so a Temporal that does not answer is one line of the status. */
async function temporalStatus(
  context: StatusContext,
  running: readonly RunReport[],
): Promise<TemporalStatus> {
  const pipelines = Object.values(context.config.pipelines);
  try {
    const client = await context.temporal();
    const open = await openWorkflows(
      client,
      pipelines.map(({ pipeline }) => pipeline),
    );
    const begun = new Set(running.map(({ workflowId }) => workflowId));
    const queues = pipelines.map(({ taskQueue }) => taskQueue);
    return {
      answers: true,
      waiting: open.filter(({ workflowId }) => !begun.has(workflowId)),
      queuesWithoutWorker: await idleQueues(client, queues),
    };
  } catch (error) {
    if (!isSyncError(error)) throw error;
    return { answers: false, message: error.message };
  }
}
