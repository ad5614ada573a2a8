/** Entities that the gateway serves: those of the configuration that have `feed`. */
import type { SyncConfig } from '../domain/config.ts';
import type { EntitySpec } from '../domain/entity.ts';
import { SyncError } from '../domain/errors.ts';

const served = new WeakMap<SyncConfig, ReadonlyMap<string, EntitySpec>>();

/** In the order of the configuration. */
export function servedEntities(config: SyncConfig): ReadonlyMap<string, EntitySpec> {
  const known = served.get(config);
  if (known !== undefined) return known;
  const specs = Object.values(config.pipelines).flatMap(({ entities }) => Object.values(entities));
  const found = new Map(specs.filter(({ feed }) => feed !== null).map((spec) => [spec.entity, spec]));
  served.set(config, found);
  return found;
}

/** @throws NOT_FOUND when there is none of this name, or it is not served: nobody learns which. */
export function servedEntity(config: SyncConfig, name: string): EntitySpec {
  const spec = servedEntities(config).get(name);
  if (spec !== undefined) return spec;
  throw new SyncError('NOT_FOUND', { message: 'There is no such entity' });
}
