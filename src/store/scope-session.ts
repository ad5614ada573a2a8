/**
 * Reads of mirrors for somebody: row level security of the gateway's login shows what the transaction says that its
 * reader may see, whatever the statement's own conditions are (C13). For a login that owns the mirrors it changes nothing.
 */
import type pg from 'pg';
import type { EntityScope } from '../domain/access/scope.ts';
import type { Db } from '../pg/pool.ts';
import { withTransaction } from '../pg/transaction.ts';
import { bindLiteral } from './mirror-target.ts';
import type { Store } from './open.ts';

export type ScopedEntity = { readonly entity: string; readonly scope: Pick<EntityScope, 'partitions'> };

export type ScopedRead = {
  /** All other partitioned mirrors show no rows. */
  readonly readable: readonly ScopedEntity[];
  /** One snapshot for all statements, or, by default, a newer one for each. */
  readonly snapshot?: 'transaction' | 'statement';
};

/** One transaction in which mirrors show the rows in scope. Keep it short: it waits for nothing but the store. */
export function withScope<T>(
  store: Pick<Store, 'pool'>,
  { readable, snapshot = 'statement' }: ScopedRead,
  work: (client: pg.PoolClient) => Promise<T>,
): Promise<T> {
  const level = snapshot === 'transaction' ? ' ISOLATION LEVEL REPEATABLE READ' : '';
  // One round trip; the setting ends with the transaction.
  const begin = `BEGIN${level}; SELECT set_config('syncline.scope', ${bindLiteral(scopeSetting(readable))}, true)`;
  return withTransaction(store.pool, { begin }, work);
}

function scopeSetting(readable: readonly ScopedEntity[]): string {
  return JSON.stringify(
    Object.fromEntries(
      readable.map(({ entity, scope: { partitions } }) => [
        entity,
        Object.keys(partitions).length === 0 ? true : partitions,
      ]),
    ),
  );
}

/**
 * Part of such a transaction, in which the entity's mirror shows more: rows that lie in any of the scopes, column by
 * column. For removals of what somebody may not see any more, of which ids alone are read.
 */
export async function withWiderScope<T>(
  client: Db,
  { entity, scopes }: { readonly entity: string; readonly scopes: readonly EntityScope['partitions'][] },
  work: () => Promise<T>,
): Promise<T> {
  const { rows } = await client.query<{ was: string | null }>(
    `SELECT current_setting('syncline.scope', true) AS was`,
  );
  const was = rows[0]?.was || '{}';
  const wider = { ...(JSON.parse(was) as object), [entity]: unionOf(scopes) };
  await client.query(SET_SCOPE, [JSON.stringify(wider)]);
  const result = await work();
  await client.query(SET_SCOPE, [was]);
  return result;
}

const SET_SCOPE = `SELECT set_config('syncline.scope', $1, true)`;

function unionOf(scopes: readonly EntityScope['partitions'][]): true | EntityScope['partitions'] {
  const names = [...new Set(scopes.flatMap((scope) => Object.keys(scope)))];
  const isOpen = scopes.some((scope) => names.some((name) => scope[name] === undefined));
  if (isOpen || names.length === 0) return true;
  return Object.fromEntries(
    names.map((name) => [name, [...new Set(scopes.flatMap((scope) => scope[name] ?? []))]]),
  );
}
