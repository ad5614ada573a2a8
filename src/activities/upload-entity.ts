/** An entity as changes meet it: its plan, its pipeline, and a mirror that can take what uploads write. */
import { bindPlan } from '../domain/bind-plan.ts';
import type { PipelineSpec } from '../domain/config.ts';
import type { EntityPlan } from '../domain/entity.ts';
import type { UploadSpec } from '../domain/upload/upload-spec.ts';
import { bringMirror } from '../store/bring-mirror.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import { withSource } from './source-access.ts';

export type UploadEntity = {
  readonly pipeline: PipelineSpec;
  readonly plan: EntityPlan;
  readonly upload: UploadSpec;
  /** false: rows may be hidden from our login, so one that is not found proves nothing (C5). */
  readonly seesAllRows: boolean;
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
  const ref = { pipeline: found.pipeline.pipeline, runId: id };
  const asked = withSource(
    deps,
    { ref, signal: context.signal, moved: context.heartbeat },
    async (source): Promise<UploadEntity> => {
      const shape = await source.describe(spec, context.signal);
      const plan = bindPlan(spec, shape);
      await bringMirror(deps.store.pool, plan, { onDrift: spec.schemaChanges });
      return { ...found, plan, seesAllRows: shape.seesAllRows };
    },
  );
  cache.set(entity, { entity: asked, untilMs: Date.now() + KEPT_MS });
  // A failure is not remembered: the next try asks again.
  asked.catch(() => cache.delete(entity));
  return asked;
}
