/** What somebody may see of an entity; what a synced table says of them is remembered for a while. */
import { LRUCache } from 'lru-cache';
import type { Principal } from '../../domain/access/principal.ts';
import { type EntityScope, EVERYTHING } from '../../domain/access/scope.ts';
import { type Membership, membershipsOf, scopeOf } from '../../domain/access/scope-of.ts';
import type { EntitySpec } from '../../domain/entity.ts';
import { SyncError } from '../../domain/errors.ts';
import { readMembership } from '../../store/membership.ts';
import type { GatewayDeps } from '../deps.ts';

const MAX_USERS = 10_000;

export type Scopes = {
  scopeOf(principal: Principal, spec: EntitySpec): Promise<EntityScope>;
  forget(user: string): void;
};

type Values = Map<string, Promise<readonly string[]>>;

export function createScopes({
  store,
  settings,
  config,
}: Pick<GatewayDeps, 'store' | 'settings' | 'config'>): Scopes {
  const kept = new LRUCache<string, Values>({ max: MAX_USERS, ttl: settings.permissionsKeptMs });
  const entities = new Map(
    Object.values(config.pipelines).flatMap((pipeline) =>
      Object.values(pipeline.entities).map((spec) => [spec.entity, spec] as const),
    ),
  );
  const read = async (user: string, membership: Membership): Promise<readonly string[]> => {
    const spec = entities.get(membership.entity);
    return spec === undefined ? [] : readMembership(store, spec, { user, membership });
  };
  const valuesOf = (user: string, [name, membership]: [string, Membership]): Promise<readonly string[]> => {
    const mine = kept.get(user) ?? new Map<string, Promise<readonly string[]>>();
    const known = mine.get(name);
    if (known !== undefined) return known;
    const asked = read(user, membership);
    mine.set(name, asked);
    // What is added later is not older than what the entry was made for, and goes with it.
    if (!kept.has(user)) kept.set(user, mine);
    asked.catch(() => mine.delete(name));
    return asked;
  };
  return {
    scopeOf: async (principal, spec) => {
      const { feed } = spec;
      if (feed === null) return unserved(principal);
      const wanted = Object.entries(membershipsOf(feed, settings.partitions));
      const isAdmin = principal.roles.includes('admin');
      const values = isAdmin
        ? []
        : await Promise.all(
            wanted.map(async (one) => [one[0], await valuesOf(principal.user, one)] as const),
          );
      const { partitions } = settings;
      return scopeOf({ who: principal, feed, partitions, memberships: Object.fromEntries(values) });
    },
    forget: (user) => {
      kept.delete(user);
    },
  };
}

/** Nothing is said of who sees an entity that devices do not get: it is for people who look after it. */
function unserved({ roles }: Principal): EntityScope {
  if (roles.some((role) => role === 'admin' || role === 'operator' || role === 'approver')) return EVERYTHING;
  throw new SyncError('NOT_FOUND', { message: 'There is no such entity' });
}
