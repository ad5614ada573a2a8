/** Databases for simulators: one each, several on one server. */

import pg from 'pg';

export type SimulatorDatabase = { readonly url: string; drop(): Promise<void> };

/** Makes a database as the simulator needs it; one of that name is kept as it is. `serverUrl`: a superuser's. */
export async function createDatabase(serverUrl: string, name: string): Promise<SimulatorDatabase> {
  const identifier = pg.escapeIdentifier(name);
  try {
    await execute(
      serverUrl,
      `CREATE DATABASE ${identifier} TEMPLATE template0 ENCODING 'UTF8' LOCALE_PROVIDER libc LOCALE 'C'`,
    );
  } catch (error) {
    const code = error instanceof pg.DatabaseError ? error.code : undefined;
    // Exists, or another process creates it at this moment.
    if (code !== '42P04' && code !== '23505') throw error;
  }
  const url = new URL(serverUrl);
  url.pathname = `/${encodeURIComponent(name)}`;
  return {
    url: url.href,
    drop: () => execute(serverUrl, `DROP DATABASE IF EXISTS ${identifier} WITH (FORCE)`),
  };
}

async function execute(url: string, sql: string): Promise<void> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  try {
    await client.query(sql);
  } finally {
    await client.end();
  }
}
