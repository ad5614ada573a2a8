/** An entity bound to what its source looks like: asked once for a run and entity in each process. */

import { bindPlan } from '../domain/bind-plan.ts';
import type { PipelineSpec } from '../domain/config.ts';
import type { EntityPlan, EntitySpec } from '../domain/entity.ts';
import { SyncError } from '../domain/errors.ts';
import type { EntityRef } from '../domain/run.ts';
import type { SourceShape } from '../domain/source-shape.ts';
import { type ActivityContext, type ActivityDeps, checkConfigHash } from './deps.ts';
import { withSource } from './source-access.ts';

export type DescribedEntity = { readonly plan: EntityPlan; readonly shape: SourceShape };

/** A process serves few runs at a time; older ones are described again if they come back. */
const KEPT = 200;
const described = new WeakMap<ActivityDeps, Map<string, Promise<DescribedEntity>>>();

export async function describeEntity(
  deps: ActivityDeps,
  ref: EntityRef,
  context: ActivityContext,
): Promise<DescribedEntity> {
  const spec = entitySpec(checkConfigHash(deps, ref), ref.entity);
  const cache = described.get(deps) ?? new Map<string, Promise<DescribedEntity>>();
  described.set(deps, cache);
  const key = `${ref.runId}/${ref.entity}`;
  // A caller that was cancelled, or met an outage, is no reason for the others to fail: they ask for themselves.
  const known = await cache.get(key)?.catch(() => undefined);
  if (known !== undefined) return known;

  const asked = withSource(
    deps,
    { ref, signal: context.signal, moved: context.heartbeat },
    async (source) => {
      const shape = await source.describe(spec, context.signal);
      return { plan: bindPlan(spec, shape), shape };
    },
  );
  cache.set(key, asked);
  // A failure is not remembered: the next try asks again.
  asked.catch(() => cache.get(key) === asked && cache.delete(key));
  for (const old of [...cache.keys()].slice(0, -KEPT)) cache.delete(old);
  return asked;
}

export function entitySpec(pipeline: PipelineSpec, entity: string): EntitySpec {
  const spec = pipeline.entities[entity];
  if (spec !== undefined) return spec;
  const known = Object.keys(pipeline.entities).join(', ');
  throw new SyncError('CONFIG_UNKNOWN', {
    message: `Pipeline ${pipeline.pipeline} has no entity "${entity}"; it has ${known}`,
  });
}
