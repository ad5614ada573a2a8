/** What of an entity somebody may see and change: pure, from the token's roles, permissions and partition values. */
import type { FeedSpec, PartitionSpec } from './feed-spec.ts';
import type { Grants } from './principal.ts';
import { type EntityScope, EVERYTHING } from './scope.ts';

export type ScopeInput = {
  readonly who: Pick<Grants, 'roles' | 'permissions' | 'partitions'>;
  readonly feed: FeedSpec;
  /** `gateway.partitions` */
  readonly partitions: Readonly<Record<string, PartitionSpec>>;
  /** By name of a partition of kind 'membership': the values that the synced table has for the user now. */
  readonly memberships: Readonly<Record<string, readonly string[]>>;
};

/** Admins look after everything, so nothing is hidden from them. */
export function scopeOf({ who, feed, partitions, memberships }: ScopeInput): EntityScope {
  if (who.roles.includes('admin')) return EVERYTHING;
  const words = new Set([...who.roles, ...who.permissions]);
  const lacks = (wanted: string | null): boolean => wanted !== null && !words.has(wanted);
  const fields = Object.entries(feed.fields);
  const hidden = fields.flatMap(([name, { read }]) => (lacks(read) ? [name] : []));
  const readOnly = fields.flatMap(([name, { read, write }]) => (!lacks(read) && lacks(write) ? [name] : []));
  return {
    partitions: Object.fromEntries(
      Object.entries(feed.partitions).map(([column, name]) => [
        column,
        valuesOf(own(partitions, name), own(who.partitions, name) ?? [], own(memberships, name) ?? []),
      ]),
    ),
    hidden: hidden.sort(),
    readOnly: readOnly.sort(),
  };
}

/** A partition that is not configured lets nobody see anything. */
function valuesOf(
  partition: PartitionSpec | undefined,
  claimed: readonly string[],
  members: readonly string[],
): string[] {
  if (partition === undefined) return [];
  if (partition.kind === 'membership') return sorted(members);
  if (partition.kind === 'levels') {
    const highest = Math.max(-1, ...claimed.map((level) => partition.levels.indexOf(level)));
    return sorted(partition.levels.slice(0, highest + 1));
  }
  return sorted(claimed.flatMap((value) => own(partition.groups, value) ?? [value]));
}

function sorted(values: readonly string[]): string[] {
  return [...new Set(values)].sort();
}

/** Names come from tokens: one of them may be `__proto__`. */
function own<T>(record: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(record, name) ? record[name] : undefined;
}

export type Membership = Extract<PartitionSpec, { kind: 'membership' }>;

/** Those of the entity's partitions whose values have to be read from a synced table. */
export function membershipsOf(
  feed: FeedSpec,
  partitions: Readonly<Record<string, PartitionSpec>>,
): Readonly<Record<string, Membership>> {
  const found: Record<string, Membership> = {};
  for (const name of Object.values(feed.partitions)) {
    const partition = own(partitions, name);
    if (partition?.kind === 'membership') found[name] = partition;
  }
  return found;
}
