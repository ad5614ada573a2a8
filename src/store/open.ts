/** The store's connections: one pool for work, and a small one for probes and renewals that must not wait for it. */
import type pg from 'pg';
import { createPool, type PgTls } from '../pg/pool.ts';
import { withTransaction } from '../pg/transaction.ts';

export type Store = {
  readonly pool: pg.Pool;
  /** Answers when every connection of `pool` is taken, or is what has gone silent. */
  readonly probePool: pg.Pool;
  close(): Promise<void>;
};

export type StoreTarget = { readonly url: string; readonly poolMax: number; readonly tls?: PgTls };

export async function openStore(target: StoreTarget & { applicationName: string }): Promise<Store> {
  const session = {
    url: target.url,
    ...(target.tls && { tls: target.tls }),
    applicationName: target.applicationName,
    values: 'state',
  } as const;
  const pool = createPool({ ...session, max: target.poolMax });
  const probePool = createPool({ ...session, max: 2 });
  return {
    pool,
    probePool,
    close: async () => {
      await Promise.all([pool.end(), probePool.end()]);
    },
  };
}

/** One transaction of the store, for callers above it. */
export function inStoreTransaction<T>(store: Store, work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
  return withTransaction(store.pool, {}, work);
}
