/** Which rows somebody may see, as SQL. Values of partitions are texts everywhere; here they get the columns' types. */
import { createHash } from 'node:crypto';
import type { EntityScope } from '../domain/access/scope.ts';
import { quoteIdent } from '../pg/identifiers.ts';
import type { Db } from '../pg/pool.ts';
import { type FeedEntity, feedColumnType } from './feed-entity.ts';
import { type Bind, unbounded } from './mirror-target.ts';

export type Partitions = EntityScope['partitions'];

/** Types whose every text is a value. */
const TAKES_ANY_TEXT = /^(text|character varying|character|name)\b/;
const MAX_KEPT = 500;

const kept = new WeakMap<FeedEntity, Map<string, Partitions>>();

/** The same scope has the same hash. */
export function hashOf(value: unknown): string {
  return createHash('sha256').update(JSON.stringify(value)).digest('base64url').slice(0, 22);
}

/** In one order, whoever made it. */
export function sortedPartitions(partitions: Partitions): Partitions {
  const entries = Object.entries(partitions).map(([name, values]) => [name, [...new Set(values)].sort()]);
  return Object.fromEntries(entries.sort(([left], [right]) => (String(left) < String(right) ? -1 : 1)));
}

/** Without the values that the columns' types cannot hold: no row has them, and a cast of them would fail. */
export async function castable(db: Db, entity: FeedEntity, partitions: Partitions): Promise<Partitions> {
  const typed = Object.keys(partitions).filter((name) => !TAKES_ANY_TEXT.test(feedColumnType(entity, name)));
  if (typed.length === 0) return partitions;
  const cache = kept.get(entity) ?? new Map<string, Partitions>();
  kept.set(entity, cache);
  const hash = hashOf(partitions);
  const known = cache.get(hash);
  if (known !== undefined) return known;
  const result: Record<string, readonly string[]> = { ...partitions };
  for (const name of typed) {
    const { rows } = await db.query<{ value: string }>(
      `SELECT value FROM unnest($1::text[]) AS given (value) WHERE pg_input_is_valid(value, $2)`,
      [partitions[name], unbounded(feedColumnType(entity, name))],
    );
    result[name] = rows.map(({ value }) => value);
  }
  if (cache.size >= MAX_KEPT) cache.clear();
  cache.set(hash, result);
  return result;
}

/** NULL where a row's value is. @param scope `alias` is the mirror's row; `partitions` as `castable` gave them. */
export function inScope(
  entity: FeedEntity,
  scope: { readonly alias: string; readonly partitions: Partitions },
  bind: Bind,
): string {
  const columns = Object.entries(scope.partitions).map(
    ([name, values]) =>
      `${scope.alias}.${quoteIdent(name)} = ANY (${bind(values)}::text[]::${columnType(entity, name)}[])`,
  );
  return columns.length === 0 ? 'true' : `(${columns.join(' AND ')})`;
}

/** The same of a row that left: `alias.partitions` has the values that it had. */
export function wasInScope(
  entity: FeedEntity,
  scope: { readonly alias: string; readonly partitions: Partitions },
  bind: Bind,
): string {
  const columns = Object.entries(scope.partitions).map(([name, values]) => {
    const type = columnType(entity, name);
    return `(${scope.alias}.partitions->>${bind(name)})::${type} = ANY (${bind(values)}::text[]::${type}[])`;
  });
  return columns.length === 0 ? 'true' : `coalesce(${columns.join(' AND ')}, false)`;
}

function columnType(entity: FeedEntity, name: string): string {
  return unbounded(feedColumnType(entity, name));
}
