import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { bootstrap } from '../../../dev/oracle-simulator/schema/bootstrap.ts';
import { freshDatabase, sourceServer } from '../../support/servers.ts';

export type SchemaDatabase = {
  readonly url: string;
  /** The superuser's connection, with the search path of no user. */
  readonly db: pg.Client;
  /** A connection as the simulator's sessions have it. Ended by `close`. */
  session(user: string): Promise<pg.Client>;
  /** Names of roles are the whole server's: this makes them this database's own. */
  userName(name: string): string;
  close(): Promise<void>;
};

/** A database of its own, as the simulator wants it; prepared unless `bare`. */
export async function schemaDatabase(state: 'prepared' | 'bare' = 'prepared'): Promise<SchemaDatabase> {
  const server = await sourceServer();
  const suffix = randomBytes(4).toString('hex').toUpperCase();
  const { url, drop } = await freshDatabase(server, 'schema', { collation: 'C' });
  const admin = await connect(server.url('postgres'));
  const db = await connect(url);
  if (state === 'prepared') await bootstrap(db);
  await db.query('SET search_path = oracle, pg_catalog');
  const sessions: pg.Client[] = [];
  return {
    url,
    db,
    async session(user) {
      const client = await connect(url);
      sessions.push(client);
      await client.query(`SET ROLE "${user}"; SET search_path = "${user}", "SYS", oracle, pg_catalog`);
      return client;
    },
    userName: (user) => `${user}_${suffix}`,
    async close() {
      for (const client of [db, ...sessions]) await client.end();
      const roles = await admin.query(`SELECT rolname FROM pg_roles WHERE rolname LIKE $1`, [
        `%\\_${suffix}`,
      ]);
      await drop();
      for (const { rolname } of roles.rows) await admin.query(`DROP ROLE "${rolname}"`);
      await admin.end();
    },
  };
}

async function connect(url: string): Promise<pg.Client> {
  const client = new pg.Client({ connectionString: url });
  await client.connect();
  await client.query(`SET TimeZone = 'UTC'`);
  return client;
}

/**
 * The one value of an expression, as PostgreSQL's text. Functions are the simulator's: PostgreSQL has some of the same
 * names.
 */
export async function resultOf(db: pg.ClientBase, expression: string): Promise<string | null> {
  const text = expression.replaceAll(/'(?:[^']|'')*'|(?<![\w.:])([a-z_0-9]+)\(/g, (found, name?: string) =>
    name === undefined ? found : `oracle.${name}(`,
  );
  const { rows } = await db.query({
    text: `SELECT ${text}`,
    rowMode: 'array',
    types: { getTypeParser: () => (text: string) => text },
  });
  return rows[0]?.[0] ?? null;
}

/** The message of the error that an expression ends in; null: it does not. */
export async function failureOf(db: pg.ClientBase, expression: string): Promise<string | null> {
  try {
    await resultOf(db, expression);
    return null;
  } catch (error) {
    return error instanceof pg.DatabaseError && error.code === 'OR000' ? error.message : String(error);
  }
}
