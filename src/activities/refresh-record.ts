/** One record as its source has it now, brought into the mirror for somebody who asked for just that. */
import { bindPlan } from '../domain/bind-plan.ts';
import type { PipelineSpec } from '../domain/config.ts';
import type { EntitySpec } from '../domain/entity.ts';
import { SyncError } from '../domain/errors.ts';
import { bringMirror } from '../store/bring-mirror.ts';
import { readRecordRead } from '../store/record-reads.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import { refreshRows } from './refresh-rows.ts';
import { withSource } from './source-access.ts';
import { findUpload, uploadEntity } from './upload-entity.ts';
import type { LookUpWork } from './upload-work.ts';

type ReadEntity = LookUpWork['entity'];

/** A changed source is met so late at most. */
const KEPT_MS = 60_000;

const kept = new WeakMap<
  ActivityDeps,
  Map<string, { readonly entity: Promise<ReadEntity>; readonly untilMs: number }>
>();

/** @throws NOT_FOUND when nobody waits for it any more, CONFIG_UNKNOWN, and what the source says */
export async function refreshRecord(
  deps: ActivityDeps,
  { read }: { readonly read: string },
  context: ActivityContext,
): Promise<{ found: boolean }> {
  const wanted = await readRecordRead(deps.store.pool, read);
  if (wanted === null) {
    throw new SyncError('NOT_FOUND', { message: 'Nobody waits for this record any more' });
  }
  const id = `record/${read}`;
  const entity = await readEntity(deps, { entity: wanted.entity, id }, context);
  const answer = { found: false };
  await refreshRows({ deps, context, entity, id }, [wanted.key], async (_session, found) => {
    answer.found = found.has(wanted.key);
  });
  return answer;
}

async function readEntity(
  deps: ActivityDeps,
  asked: { readonly entity: string; readonly id: string },
  context: ActivityContext,
): Promise<ReadEntity> {
  const { entity } = asked;
  if (findUpload(deps, entity) !== null) {
    const known = await uploadEntity(deps, asked, context);
    if (known !== null) return known;
  }
  const cache = kept.get(deps) ?? new Map();
  kept.set(deps, cache);
  const known = cache.get(entity);
  if (known !== undefined && known.untilMs > Date.now()) return known.entity;
  const described = describe(deps, asked, context);
  cache.set(entity, { entity: described, untilMs: Date.now() + KEPT_MS });
  // A failure is not remembered: the next read asks again.
  described.catch(() => cache.delete(entity));
  return described;
}

async function describe(
  deps: ActivityDeps,
  { entity, id }: { readonly entity: string; readonly id: string },
  { signal, heartbeat }: ActivityContext,
): Promise<ReadEntity> {
  const { pipeline, spec } = findEntity(deps, entity);
  const use = { ref: { pipeline: pipeline.pipeline, runId: id }, signal, moved: heartbeat };
  return withSource(deps, use, async (source) => {
    const shape = await source.describe(spec, signal);
    const plan = bindPlan(spec, shape);
    await bringMirror(deps.store.pool, plan, { onDrift: spec.schemaChanges });
    return { pipeline, plan, seesAllRows: shape.seesAllRows };
  });
}

function findEntity(
  { config }: ActivityDeps,
  entity: string,
): { readonly pipeline: PipelineSpec; readonly spec: EntitySpec } {
  for (const pipeline of Object.values(config.pipelines)) {
    const spec = pipeline.entities[entity];
    if (spec !== undefined) return { pipeline, spec };
  }
  throw new SyncError('CONFIG_UNKNOWN', { message: `There is no entity "${entity}" in the configuration` });
}
