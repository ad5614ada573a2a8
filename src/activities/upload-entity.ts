/** An entity as changes meet it: its plan, its pipeline, and a mirror that can take what uploads write. */
import { bindPlan } from '../domain/bind-plan.ts';
import type { PipelineSpec } from '../domain/config.ts';
import { readHash } from '../domain/config-hash.ts';
import type { EntityPlan, EntitySpec } from '../domain/entity.ts';
import { isSyncError } from '../domain/errors.ts';
import type { UploadSpec } from '../domain/upload/upload-spec.ts';
import { bringMirror } from '../store/bring-mirror.ts';
import { readCheckpoint } from '../store/checkpoints.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import { type SenderScope, senderScopeOf } from './sender-scope.ts';
import { withSource } from './source-access.ts';

export type UploadEntity = {
  readonly pipeline: PipelineSpec;
  readonly plan: EntityPlan;
  readonly upload: UploadSpec;
  /** false: rows may be hidden from our login, so one that is not found proves nothing (C5). */
  readonly seesAllRows: boolean;
  readonly senderScope: SenderScope;
};

/** A changed source is met so late at most; until then its refusal of a value is a rejected mutation. */
const KEPT_MS = 60_000;

type Kept = { readonly entity: Promise<UploadEntity>; readonly untilMs: number };
const kept = new WeakMap<ActivityDeps, Map<string, Kept>>();

/** @returns null when the configuration has no such entity, or no `upload` in it. */
export function findUpload(
  deps: Pick<ActivityDeps, 'config'>,
  entity: string,
): { readonly pipeline: PipelineSpec; readonly upload: UploadSpec } | null {
  for (const pipeline of Object.values(deps.config.pipelines)) {
    const upload = pipeline.entities[entity]?.upload;
    if (upload != null) return { pipeline, upload };
  }
  return null;
}

/** @param id of the upload or conflict, for the names of sessions. */
export async function uploadEntity(
  deps: ActivityDeps,
  { entity, id }: { readonly entity: string; readonly id: string },
  context: ActivityContext,
): Promise<UploadEntity | null> {
  const found = findUpload(deps, entity);
  const spec = found?.pipeline.entities[entity];
  if (found === null || spec === undefined) return null;
  const cache = kept.get(deps) ?? new Map<string, Kept>();
  kept.set(deps, cache);
  const known = cache.get(entity);
  if (known !== undefined && known.untilMs > Date.now()) return known.entity;
  const asked = asLastRead(deps, { ...found, spec }).then(
    (last) => last ?? asDescribed(deps, { ...found, spec, id }, context),
  );
  cache.set(entity, { entity: asked, untilMs: Date.now() + KEPT_MS });
  // A failure is not remembered: the next try asks again.
  asked.catch(() => cache.delete(entity));
  return asked;
}

type Found = NonNullable<ReturnType<typeof findUpload>> & { readonly spec: EntitySpec };

/**
 * Changes that stay in the mirror need no source, which may be away for days: its columns are those that the last run
 * found. null: nobody knows them yet, or they do not fit the configuration or the mirror any more.
 */
async function asLastRead(
  deps: ActivityDeps,
  { pipeline, upload, spec }: Found,
): Promise<UploadEntity | null> {
  if (upload.writeBack.to !== 'mirror') return null;
  const { store } = deps;
  const checkpoint = await readCheckpoint(store.pool, spec.entity);
  if (checkpoint === null || checkpoint.readHash !== readHash(spec)) return null;
  try {
    const plan = bindPlan(spec, { columns: checkpoint.sourceColumns });
    await bringMirror(store.pool, plan, { onDrift: spec.schemaChanges });
    return { pipeline, upload, plan, seesAllRows: false, senderScope: senderScopeOf(deps, spec) };
  } catch (error) {
    if (isSyncError(error, 'SCHEMA_CHANGED') || isSyncError(error, 'CONFIG_INVALID')) return null;
    throw error;
  }
}

async function asDescribed(
  deps: ActivityDeps,
  { pipeline, upload, spec, id }: Found & { readonly id: string },
  { signal, heartbeat }: ActivityContext,
): Promise<UploadEntity> {
  const ref = { pipeline: pipeline.pipeline, runId: id };
  return withSource(deps, { ref, signal, moved: heartbeat }, async (source) => {
    const shape = await source.describe(spec, signal);
    const plan = bindPlan(spec, shape);
    await bringMirror(deps.store.pool, plan, { onDrift: spec.schemaChanges });
    return {
      pipeline,
      upload,
      plan,
      seesAllRows: shape.seesAllRows,
      senderScope: senderScopeOf(deps, spec),
    };
  });
}
