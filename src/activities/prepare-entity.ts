/** Before an entity's first row of a run: is it still the same source, does the mirror fit, and how is it to run? */
import { refuseBrokenCapture, seesChanges } from '../domain/capture.ts';
import { SyncError } from '../domain/errors.ts';
import { fillOf } from '../domain/fill.ts';
import type { EntityRef, RunMode, SyncPipelineInput } from '../domain/run.ts';
import { compareColumns } from '../domain/schema-drift.ts';
import { bringMirror, mirrorIsEmpty } from '../store/bring-mirror.ts';
import { type Checkpoint, readCheckpoint } from '../store/checkpoints.ts';
import { forgetOldSurvivors } from '../store/dedupe-release.ts';
import { insertRunEntity, skipRunEntity } from '../store/runs.ts';
import { whyFull } from '../store/why-full.ts';
import { awaitCapture } from './await-capture.ts';
import type { PrepareEntityResult } from './contract.ts';
import { type ActivityContext, type ActivityDeps, checkConfigHash } from './deps.ts';
import { type DescribedEntity, describeEntity } from './entity-plan.ts';
import { withSource } from './source-access.ts';
import { whileBeating } from './while-beating.ts';

export async function prepareEntity(
  deps: ActivityDeps,
  input: { ref: EntityRef; mode: RunMode; run: SyncPipelineInput },
  context: ActivityContext,
): Promise<PrepareEntityResult> {
  return whileBeating(context, () => prepare(deps, input, context));
}

async function prepare(
  deps: ActivityDeps,
  input: { ref: EntityRef; mode: RunMode; run: SyncPipelineInput },
  context: ActivityContext,
): Promise<PrepareEntityResult> {
  const { ref, run } = input;
  const db = deps.store.pool;
  const entity = await describeEntity(deps, ref, context);
  const { plan, shape } = entity;
  refuseBounds(entity, run);
  refuseBrokenCapture(plan.spec, shape);
  const report = await withSource(deps, { ref, signal: context.signal }, (source) =>
    source.testConnection(context.signal),
  );
  const checkpoint = await readCheckpoint(db, ref.entity);
  if (input.mode === 'incremental') refuseOtherSource(ref, checkpoint, report.identity.id);

  if (checkpoint !== null) logDrift(deps, { ref, entity, checkpoint });
  const mirror = await bringMirror(db, plan, { onDrift: plan.spec.schemaChanges });
  await forgetOldSurvivors(db, plan);
  const reason = mirror.needsFull ? 'the mirror changed' : whyFull(plan, checkpoint);
  if (reason !== null && input.mode === 'incremental') {
    deps.logger.info({ correlationId: ref.runId, entity: ref.entity, reason }, 'the entity runs full');
  }
  const mode = reason === null ? input.mode : 'full';
  if (mode === 'full') await awaitCapture(deps, { ref, spec: plan.spec, state: shape.capture }, context);
  const sameSource = checkpoint?.sourceIdentity === report.identity.id;
  await insertRunEntity(db, ref, {
    mode,
    estimatedRows: mode === 'full' ? shape.estimatedRows : 0,
    firstLoad: checkpoint === null && (await mirrorIsEmpty(db, plan)),
    // A full run of another source starts over: marks of the old one mean nothing there (C2).
    watermarkFrom: sameSource ? checkpoint.watermark : null,
    degraded: report.degraded,
    sourceIdentity: report.identity.id,
    checkpointVersion: checkpoint?.version ?? null,
    filledBy: fillOf(plan, checkConfigHash(deps, ref).revision),
  });
  const idle = mode === 'incremental' && !seesChanges(plan.spec) && !(await anyRefresh(deps, ref));
  if (!idle) return { mode, action: 'run', estimatedRows: shape.estimatedRows };
  await skipRunEntity(db, ref);
  return {
    mode,
    action: 'skip',
    note: `${ref.entity} has no changedAt, so only full runs read it`,
    estimatedRows: shape.estimatedRows,
  };
}

/** C21: what stops the entity is judged by plan and mirror; this tells an operator what changed at the source. */
function logDrift(
  deps: ActivityDeps,
  at: { ref: EntityRef; entity: DescribedEntity; checkpoint: Checkpoint },
): void {
  const { ref, entity, checkpoint } = at;
  const drift = compareColumns({
    spec: entity.plan.spec,
    stored: checkpoint.sourceColumns,
    described: entity.shape.columns,
  });
  if (drift.length === 0) return;
  const changes = drift.map(({ description }) => description);
  deps.logger.info({ runId: ref.runId, entity: ref.entity, changes }, 'columns of the source changed');
}

function refuseBounds({ plan }: DescribedEntity, run: SyncPipelineInput): void {
  if (run.since !== undefined && plan.spec.changedAt === null) {
    throw new SyncError('CONFIG_INVALID', {
      message: `${plan.spec.entity} has no changedAt, so a run cannot be bounded by since`,
      remedy: 'Leave `since` out, or give the entity a changedAt column.',
    });
  }
}

/** C2: after a restore or a failover, positions and ids of the old history mean nothing. */
function refuseOtherSource(ref: EntityRef, checkpoint: Checkpoint | null, identity: string): void {
  if (checkpoint === null || checkpoint.sourceIdentity === identity) return;
  throw new SyncError('SOURCE_IDENTITY_CHANGED', {
    message: `The source of ${ref.entity} is not the database of the last run`,
    remedy: `Run \`syncline run ${ref.pipeline} --full\`.`,
    details: { was: checkpoint.sourceIdentity, is: identity },
  });
}

async function anyRefresh(deps: ActivityDeps, ref: EntityRef): Promise<boolean> {
  const { rows } = await deps.store.pool.query('SELECT FROM syncline.refresh WHERE entity = $1 LIMIT 1', [
    ref.entity,
  ]);
  return rows.length > 0;
}
