/** What of the served entities a caller gets, for the device that asks once at its start. */
import { createHash } from 'node:crypto';
import type { Principal } from '../../domain/access/principal.ts';
import type { EntityScope } from '../../domain/access/scope.ts';
import { mayWriteField } from '../../domain/access/scope.ts';
import { stableJson } from '../../domain/config-hash.ts';
import type { EntitySpec } from '../../domain/entity.ts';
import { isSyncError } from '../../domain/errors.ts';
import { type FeedEntity, feedEntity } from '../../store/feed-entity.ts';
import type { GatewayDeps } from '../deps.ts';
import { servedEntities } from '../served-entity.ts';

export type OfferedEntity = {
  readonly name: string;
  readonly operations: ('insert' | 'update' | 'delete')[];
  readonly schemaVersion: string | null;
};

export type Offered = {
  readonly entities: OfferedEntity[];
  /** By entity and column. */
  readonly dataFilters: Record<string, Record<string, string[]>>;
};

export async function offeredEntities(deps: GatewayDeps, principal: Principal): Promise<Offered> {
  const entities: OfferedEntity[] = [];
  const dataFilters: Offered['dataFilters'] = {};
  for (const [name, spec] of servedEntities(deps.config)) {
    const loaded = await loadedEntity(deps, principal, spec).catch(unlessNotReady);
    const columns = Object.entries(loaded?.scope.partitions ?? {});
    if (columns.length > 0) {
      dataFilters[name] = Object.fromEntries(columns.map(([column, values]) => [column, [...values]]));
    }
    entities.push({
      name,
      operations: [...(spec.upload?.operations ?? [])],
      schemaVersion: loaded === null ? null : versionOf(loaded.entity, loaded.scope),
    });
  }
  return { entities, dataFilters };
}

type Loaded = { readonly entity: FeedEntity; readonly scope: EntityScope };

/** @throws SyncError ENTITY_NOT_READY: it, or the table that says who sees what of it, has not been loaded yet. */
async function loadedEntity(
  { access, store }: GatewayDeps,
  principal: Principal,
  spec: EntitySpec,
): Promise<Loaded> {
  const scope = await access.scopeOf(principal, spec);
  return { scope, entity: await feedEntity(store.pool, spec) };
}

/** Others are served meanwhile. */
function unlessNotReady(error: unknown): null {
  if (isSyncError(error, 'ENTITY_NOT_READY')) return null;
  throw error;
}

/** Of what a caller with this scope sees and writes: who sees other columns has another schema. */
export function versionOf({ spec, columns, keyColumns }: FeedEntity, scope: EntityScope): string {
  const seen = columns.flatMap(({ name, type, notNull, role }) =>
    scope.hidden.includes(name)
      ? []
      : [
          {
            name,
            type,
            notNull,
            role,
            writable: isWritable(spec.upload?.writable, role, name) && mayWriteField(scope, name),
          },
        ],
  );
  return hash({ seen, keyColumns, operations: spec.upload?.operations ?? [] });
}

function isWritable(writable: readonly string[] | undefined, role: string, name: string): boolean {
  return writable !== undefined && (role === 'local' || writable.includes(name));
}

export function schemaVersionOf(entities: readonly OfferedEntity[]): string {
  return hash(entities.map(({ name, schemaVersion }) => [name, schemaVersion]));
}

function hash(value: unknown): string {
  return createHash('sha256').update(stableJson(value)).digest('hex').slice(0, 16);
}
