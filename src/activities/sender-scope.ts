/** What the sender of a change may see and write of its entity, as things are when the change is applied (C13). */
import type { Grants } from '../domain/access/principal.ts';
import type { EntityScope } from '../domain/access/scope.ts';
import { membershipsOf, scopeOf } from '../domain/access/scope-of.ts';
import type { EntitySpec } from '../domain/entity.ts';
import { readMembership } from '../store/membership.ts';
import type { ActivityDeps } from './deps.ts';

/**
 * By what its upload was kept with: null where that was nothing, as with uploads of the command line and edits by SQL,
 * which nobody limits. 'unserved': devices do not get the entity any more.
 */
export type SenderScope = (grants: Grants | null) => Promise<EntityScope | null | 'unserved'>;

/** @throws SyncError ENTITY_NOT_READY: the table that says who sees what has not been synced yet. */
export function senderScopeOf(deps: Pick<ActivityDeps, 'config' | 'store'>, spec: EntitySpec): SenderScope {
  const { config, store } = deps;
  return async (who) => {
    if (who === null) return null;
    const { feed } = spec;
    if (feed === null) return 'unserved';
    const partitions = config.gateway?.partitions ?? {};
    const memberships: Record<string, readonly string[]> = {};
    for (const [name, membership] of Object.entries(membershipsOf(feed, partitions))) {
      const table = specOf(deps, membership.entity);
      memberships[name] =
        table === null ? [] : await readMembership(store, table, { user: who.user, membership });
    }
    return scopeOf({ who, feed, partitions, memberships });
  };
}

function specOf({ config }: Pick<ActivityDeps, 'config'>, entity: string): EntitySpec | null {
  const specs = Object.values(config.pipelines).flatMap(({ entities }) => Object.values(entities));
  return specs.find((spec) => spec.entity === entity) ?? null;
}

/** In the order of what was given. An upload's changes have one sender, who is looked up once. */
export function scopesOfSenders(
  senderScope: SenderScope,
  senders: readonly (Grants | null)[],
): Promise<(EntityScope | null | 'unserved')[]> {
  const asked = new Map<string, ReturnType<SenderScope>>();
  return Promise.all(
    senders.map((who) => {
      const name = JSON.stringify(who);
      const found = asked.get(name) ?? senderScope(who);
      asked.set(name, found);
      return found;
    }),
  );
}
