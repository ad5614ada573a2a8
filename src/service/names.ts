/** Names as people write them, and what the configuration has by them. */
import { closest } from '../domain/closest.ts';
import type { PipelineSpec, SourceSettings, SyncConfig } from '../domain/config.ts';
import type { EntitySpec } from '../domain/entity.ts';
import { SyncError } from '../domain/errors.ts';

/** @throws SyncError CONFIG_UNKNOWN */
export function pipelineOf(config: SyncConfig, name: string): PipelineSpec {
  return ofName(config.pipelines, 'pipeline', name);
}

/** The pipeline that was named; all of them when none was. @throws SyncError CONFIG_UNKNOWN */
export function pipelinesOf(config: SyncConfig, name: string | undefined): PipelineSpec[] {
  return name === undefined ? Object.values(config.pipelines) : [pipelineOf(config, name)];
}

/** @throws SyncError CONFIG_UNKNOWN */
export function sourceOf(config: SyncConfig, name: string): SourceSettings {
  return ofName(config.sources, 'source', name);
}

export function entitiesOf(config: SyncConfig): EntitySpec[] {
  return Object.values(config.pipelines).flatMap(({ entities }) => Object.values(entities));
}

/** @throws SyncError CONFIG_UNKNOWN */
export function entityOf(config: SyncConfig, name: string): EntitySpec {
  const specs = entitiesOf(config);
  const spec = specs.find(({ entity }) => entity === name);
  if (spec !== undefined) return spec;
  throw unknown(
    'entity',
    name,
    specs.map(({ entity }) => entity),
  );
}

export function unknown(what: string, name: string, known: readonly string[]): SyncError {
  const meant = closest(name, known);
  return new SyncError('CONFIG_UNKNOWN', {
    message: `There is no ${what} "${name}" in the configuration; it has ${known.join(', ') || 'none'}`,
    ...(meant !== null && { remedy: `Did you mean ${meant}? \`syncline plan\` shows all there are.` }),
  });
}

/** Every object has a `constructor`, which is no name of the configuration. */
function ofName<T>(all: Readonly<Record<string, T>>, what: string, name: string): T {
  if (Object.hasOwn(all, name)) return all[name] as T;
  throw unknown(what, name, Object.keys(all));
}
