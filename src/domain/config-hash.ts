/**
 * Hashes of the declarative part of the configuration (C21). Functions have no value to hash: that they are there
 * counts, what they do is the user's `revision` to tell.
 */
import { createHash } from 'node:crypto';
import type { EntitySpec } from './entity.ts';

/** What decides how the rows of a run are read, shaped and loaded; not when and where runs take place. */
export type HashedPipeline = {
  readonly pipeline: string;
  readonly source: string;
  readonly sourceKind: string;
  readonly timeZone: string;
  readonly entities: Readonly<Record<string, EntitySpec>>;
  readonly revision: string | null;
};

export function pipelineHash(pipeline: HashedPipeline): string {
  // Uploads and approvals outlive configurations: of `upload`, a run only cares whether there is one; of `feed` and `reader`, it does not.
  const entities = Object.entries(pipeline.entities).map(([name, spec]) => [
    name,
    { ...spec, upload: spec.upload === null ? undefined : true, feed: undefined, reader: undefined },
  ]);
  return sha256({ ...pipeline, entities: Object.fromEntries(entities) });
}

/**
 * What decides which rows belong to an entity: while it is the same, a key that the source does not show is deleted.
 * The case of names does not count: a plan has them as the source spells them, the configuration as the user does.
 */
export function readHash(spec: Pick<EntitySpec, 'read' | 'key'>): string {
  return sha256({ read: spec.read, key: spec.key.map((name) => name.toLowerCase()) });
}

function sha256(value: unknown): string {
  return createHash('sha256').update(stableJson(value)).digest('hex');
}

/** JSON with sorted keys; `undefined` is left out, functions and validators are only marked. */
export function stableJson(value: unknown): string {
  if (typeof value === 'function') return '"function"';
  if (typeof value !== 'object' || value === null) return JSON.stringify(value) ?? 'null';
  if (Array.isArray(value)) return `[${value.map(stableJson).join(',')}]`;
  if ('~standard' in value) return '"validator"';
  const entries = Object.entries(value).filter(([, item]) => item !== undefined);
  entries.sort(([a], [b]) => (a < b ? -1 : 1));
  return `{${entries.map(([key, item]) => `${JSON.stringify(key)}:${stableJson(item)}`).join(',')}}`;
}
