/** What the caller may see of rows that these routes tell of. */
import type { Principal } from '../../domain/access/principal.ts';
import {
  type EntityScope,
  EVERYTHING,
  isInScope,
  isPartitioned,
  NOTHING,
} from '../../domain/access/scope.ts';
import type { Who } from '../../domain/approval/approval.ts';
import type { ScopeOf } from '../../service/conflicts.ts';
import { entitiesOf } from '../../service/names.ts';
import { readMirrorRow } from '../../store/mirror-row.ts';
import { namesOfRow } from '../../store/row-story.ts';
import { withScope } from '../../store/scope-session.ts';
import type { GatewayDeps } from '../deps.ts';

/** Asks once for each entity. Of one that left the configuration nothing says any more who may see it: admins alone. */
export function scopesOf({ access, config }: GatewayDeps, principal: Principal): ScopeOf {
  const known = new Map<string, Promise<EntityScope>>();
  const ofUnknown = principal.roles.includes('admin') ? EVERYTHING : NOTHING;
  return async (entity) => {
    const asked = known.get(entity);
    if (asked !== undefined) return asked;
    const spec = entitiesOf(config).find((one) => one.entity === entity);
    const scope = spec === undefined ? Promise.resolve(ofUnknown) : access.scopeOf(principal, spec);
    known.set(entity, scope);
    return scope;
  };
}

/** Of lists that name rows without their values: the mirror says which partitions a row is in. */
export async function visibleRows<Row extends { readonly entity: string }>(
  deps: GatewayDeps,
  rows: readonly Row[],
  { scopeOf, nameOf }: { readonly scopeOf: ScopeOf; readonly nameOf: (row: Row) => string },
): Promise<Row[]> {
  const found: Row[] = [];
  for (const row of rows) {
    const scope = await scopeOf(row.entity);
    if (!isPartitioned(scope) || (await mayBeSeen(deps, { entity: row.entity, name: nameOf(row) }, scope)))
      found.push(row);
  }
  return found;
}

async function mayBeSeen(
  { config, store }: GatewayDeps,
  { entity, name }: { readonly entity: string; readonly name: string },
  scope: EntityScope,
): Promise<boolean> {
  const spec = entitiesOf(config).find((one) => one.entity === entity);
  if (spec === undefined) return false;
  const { key } = await namesOfRow(store.pool, { entity, name });
  const row = await withScope(store, { readable: [{ entity, scope }] }, (db) => readMirrorRow(db, spec, key));
  return row !== null && isInScope(scope, row.values);
}

/** Who speaks to conflicts: name and roles as the token has them. */
export function whoOf({ user, roles, device }: Principal): Who {
  return { name: user, roles, via: 'http', user, ...(device !== null && { device }) };
}
