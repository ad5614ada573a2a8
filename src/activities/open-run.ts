/** Takes the pipeline's lease and writes the run's row, in one transaction: there is no lease without a run. */

import type { PipelineSpec } from '../domain/config.ts';
import { SyncError } from '../domain/errors.ts';
import { parseInstant } from '../domain/instants.ts';
import type { RunMode, SyncPipelineInput } from '../domain/run.ts';
import { acquireLease } from '../store/lease.ts';
import { inStoreTransaction } from '../store/open.ts';
import { purgeOldRuns } from '../store/purge.ts';
import { insertRun, orderEntities } from '../store/runs.ts';
import type { OpenRunResult } from './contract.ts';
import { type ActivityContext, type ActivityDeps, pipelineByName } from './deps.ts';
import { entitySpec } from './entity-plan.ts';
import { sweepRuns } from './sweep.ts';

/** How soon a full run asks again for a lease that an increment holds. */
const ASK_AGAIN_MS = 2_000;

export type OpenRunInput = {
  readonly run: SyncPipelineInput;
  readonly workflowId: string;
  readonly workflowRunId: string;
  readonly trigger: string;
};

export async function openRun(
  deps: ActivityDeps,
  input: OpenRunInput,
  context: ActivityContext,
): Promise<OpenRunResult> {
  const pipeline = pipelineByName(deps, input.run.pipeline);
  const chosen = chosenEntities(pipeline, input.run);
  const run = withBounds(input.run);
  await sweepRuns(deps, { pipeline: pipeline.pipeline });
  context.signal.throwIfAborted();

  const settings = deps.config.sources[pipeline.source];
  const lease = await inStoreTransaction(deps.store, async (client) => {
    const answer = await acquireLease(client, {
      pipeline: pipeline.pipeline,
      runId: input.workflowRunId,
      mode: input.run.mode,
    });
    if (answer.outcome !== 'acquired') return answer;
    await insertRun(client, {
      ref: refOf(pipeline, input, answer.fence),
      input: run,
      trigger: input.trigger,
      source: pipeline.source,
      sourceKind: settings?.kind ?? 'unknown',
      workflowId: input.workflowId,
      workflowRunId: input.workflowRunId,
      degraded: [],
    });
    return answer;
  });
  if (lease.outcome !== 'acquired') {
    if (input.run.mode === 'incremental') return { outcome: 'yielded', holder: lease.holder };
    throw new SyncError('LEASE_HELD', {
      message: `Run ${lease.holder} of ${pipeline.pipeline} is at work`,
      details: { holder: lease.holder, retryAfterMs: ASK_AGAIN_MS },
    });
  }
  await purge(deps, pipeline.pipeline);
  return {
    outcome: 'opened',
    ref: refOf(pipeline, input, lease.fence),
    entities: await inOrder(deps, pipeline, { entities: chosen, mode: input.run.mode }),
    parallelEntities: pipeline.parallelEntities,
    source: pipeline.source,
  };
}

/** A housekeeping that fails is no reason not to run: the next run tries again. */
async function purge(deps: ActivityDeps, pipeline: string): Promise<void> {
  try {
    const purged = await purgeOldRuns(deps.store.pool, pipeline);
    if (purged.runs + purged.chunks > 0) deps.logger.info({ pipeline, ...purged }, 'purged old runs');
  } catch (error) {
    deps.logger.warn({ pipeline, err: error }, 'old runs could not be purged');
  }
}

function refOf(pipeline: PipelineSpec, input: OpenRunInput, fence: number) {
  return { runId: input.workflowRunId, pipeline: pipeline.pipeline, fence, configHash: pipeline.hash };
}

function chosenEntities(pipeline: PipelineSpec, run: SyncPipelineInput): string[] {
  if (run.mode !== 'full' && run.mode !== 'incremental') {
    throw new SyncError('CONFIG_UNKNOWN', { message: `There is no mode "${run.mode}": full or incremental` });
  }
  if (run.entities === undefined) return Object.keys(pipeline.entities);
  return run.entities.map((entity) => entitySpec(pipeline, entity).entity);
}

/** People type these into the Temporal UI. */
function withBounds(run: SyncPipelineInput): SyncPipelineInput {
  if (run.maxRows !== undefined && !(Number.isSafeInteger(run.maxRows) && run.maxRows > 0)) {
    throw new SyncError('CONFIG_INVALID', {
      message: 'maxRows is not a whole number above 0',
      remedy: 'Write a number like 10000, or leave maxRows out.',
    });
  }
  if (run.since === undefined) return run;
  const since = parseInstant(run.since);
  if (since === null) {
    throw new SyncError('CONFIG_INVALID', {
      message: `since is not a point in time: ${run.since}`,
      remedy: 'Write it like 2026-01-31T00:00:00Z.',
    });
  }
  return { ...run, since };
}

/** An entity without a checkpoint runs full, whatever was asked. */
async function inOrder(
  deps: ActivityDeps,
  pipeline: PipelineSpec,
  wanted: { entities: readonly string[]; mode: RunMode },
): Promise<{ entity: string; mode: RunMode; lanes: number }[]> {
  const ordered = await orderEntities(deps.store.pool, wanted.entities);
  return ordered.map(({ entity, hasCheckpoint }) => ({
    entity,
    mode: hasCheckpoint ? wanted.mode : 'full',
    lanes: entitySpec(pipeline, entity).lanes,
  }));
}
