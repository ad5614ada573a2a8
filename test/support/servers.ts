import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { createDatabase } from '../../dev/oracle-simulator/database.ts';
import { type Cluster, type ClusterOptions, createCluster } from '../../dev/postgres/cluster.ts';
import { askSupply } from './ask-supply.ts';
import { clusterSettings } from './cluster-settings.ts';
import type { PostgresAddress } from './supply.ts';

/** A PostgreSQL 18 of the tests. */
export type PostgresServer = {
  host: string;
  port: number;
  dataDir: string;
  /** Connection URL of the superuser. */
  url(database: string): string;
};

/** A server of one test file, which may stop it: `stopImmediate` cuts all sessions as a crash would. */
export type OwnCluster = PostgresServer & Pick<Cluster, 'stopImmediate' | 'start' | 'remove' | 'log'>;

/** The server that holds the stores; shared by all test files, so nobody stops it. Its default collation is en-US, not "C". */
export async function storeServer(): Promise<PostgresServer> {
  return toServer(await askSupply('store'));
}

/** The server that holds the sources: another one, as transaction ids of the two must not be mixed up. */
export async function sourceServer(): Promise<PostgresServer> {
  return toServer(await askSupply('source'));
}

/** A server for tests that stop it, or that need another encoding (`{ encoding: 'LATIN1' }`) or other settings. About 1 s. */
export async function ownCluster(options: Partial<ClusterOptions> = {}): Promise<OwnCluster> {
  const collation = options.encoding === undefined ? 'icu' : 'C';
  return createCluster({ collation, ...options, settings: { ...clusterSettings, ...options.settings } });
}

export type FreshDatabase = { url: string; name: string; drop(): Promise<void> };

/**
 * Creates an empty database; `name` only begins its name, so that files and reruns do not collide. `collation: 'C'`: as
 * the Oracle simulator needs it; else the server's.
 */
export async function freshDatabase(
  server: PostgresServer,
  name = 'test',
  { collation }: { readonly collation?: 'C' } = {},
): Promise<FreshDatabase> {
  const unique = `${name
    .toLowerCase()
    .replaceAll(/[^a-z0-9]/g, '_')
    .slice(0, 40)}_${randomBytes(5).toString('hex')}`;
  if (collation === 'C') await createDatabase(server.url('postgres'), unique);
  else await asSuperuser(server, `CREATE DATABASE ${unique}`);
  return {
    name: unique,
    url: server.url(unique),
    drop: () => asSuperuser(server, `DROP DATABASE IF EXISTS ${unique} WITH (FORCE)`),
  };
}

async function asSuperuser(server: PostgresServer, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: server.url('postgres') });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}

function toServer({ host, port, dataDir, url }: PostgresAddress): PostgresServer {
  return {
    host,
    port,
    dataDir,
    url: (database) => {
      const address = new URL(url);
      address.pathname = `/${encodeURIComponent(database)}`;
      return address.href;
    },
  };
}
