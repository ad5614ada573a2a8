/** Takes the pipeline's lease and writes the run's row, in one transaction: there is no lease without a run. */
import type { PipelineSpec } from '../domain/config.ts';
import { SyncError } from '../domain/errors.ts';
import type { Db } from '../pg/pool.ts';
import { withTransaction } from '../pg/transaction.ts';
import { acquireLease } from '../store/lease.ts';
import { insertRun } from '../store/runs.ts';
import type { OpenRunResult, RunMode, SyncPipelineInput } from './contract.ts';
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
  await sweepRuns(deps, { pipeline: pipeline.pipeline });
  context.signal.throwIfAborted();

  const settings = deps.config.sources[pipeline.source];
  const lease = await withTransaction(deps.store.pool, {}, async (client) => {
    const answer = await acquireLease(client, {
      pipeline: pipeline.pipeline,
      runId: input.workflowRunId,
      mode: input.run.mode,
    });
    if (answer.outcome !== 'acquired') return answer;
    await insertRun(client, {
      ref: refOf(pipeline, input, answer.fence),
      input: input.run,
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
  return {
    outcome: 'opened',
    ref: refOf(pipeline, input, lease.fence),
    entities: await inOrder(deps.store.pool, pipeline, chosen, input.run.mode),
    parallelEntities: pipeline.parallelEntities,
  };
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

/** Entities that did not end well last time go first (C4); one without a checkpoint runs full whatever was asked. */
async function inOrder(
  db: Db,
  pipeline: PipelineSpec,
  entities: readonly string[],
  mode: RunMode,
): Promise<{ entity: string; mode: RunMode; lanes: number }[]> {
  const { rows } = await db.query<{ entity: string; troubled: boolean; hasCheckpoint: boolean }>(
    `SELECT entity,
            coalesce((SELECT last.status IN ('FAILED', 'PARTIAL') FROM syncline.sync_run_entity AS last
                       WHERE last.entity = wanted.entity ORDER BY last.started_at DESC LIMIT 1), false) AS troubled,
            EXISTS (SELECT FROM syncline.checkpoint
                     WHERE checkpoint.entity = wanted.entity AND NOT needs_full) AS "hasCheckpoint"
       FROM unnest($1::text[]) WITH ORDINALITY AS wanted (entity, position)
      ORDER BY troubled DESC, position`,
    [entities],
  );
  return rows.map(({ entity, hasCheckpoint }) => ({
    entity,
    mode: hasCheckpoint ? mode : 'full',
    lanes: entitySpec(pipeline, entity).lanes,
  }));
}
