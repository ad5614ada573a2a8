/**
 * Reads of mirrors for somebody: row level security of the gateway's login shows what the transaction says that its
 * reader may see, whatever the statement's own conditions are (C13). For a login that owns the mirrors it changes nothing.
 */
import type pg from 'pg';
import type { EntityScope } from '../domain/access/scope.ts';
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
