/** The PostgreSQL that rows come from, on a server of its own (C6). */
import type pg from 'pg';
import { createCluster } from '../dev/postgres/cluster.ts';
import { createPool } from '../src/pg/pool.ts';

export type PostgresBench = {
  /** For the configuration's `env()`. */
  readonly environment: { readonly SOURCE_URL: string };
  readonly source: pg.Pool;
  stop(): Promise<void>;
};

export async function startPostgresBench(say: (line: string) => void): Promise<PostgresBench> {
  say('postgres: starting one for the source');
  const server = await createCluster({ collation: 'icu', settings: { fsync: 'off' } });
  const url = server.url('postgres');
  const source = createPool({ url, applicationName: 'shop', max: 4, values: 'text' });
  return {
    environment: { SOURCE_URL: url },
    source,
    stop: async () => {
      await source.end();
      await server.remove();
    },
  };
}
