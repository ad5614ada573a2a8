/** A database with the ledger, an owner of tables and a login that writes back with the least rights. */
import { randomBytes } from 'node:crypto';
import pg from 'pg';
import { grantsForWriting } from '../../../src/connectors/postgres/grants-script.ts';
import { openWriteTarget, writeBackScript } from '../../../src/connectors/registry.ts';
import type { WriteEntity, WriteTarget } from '../../../src/connectors/write-contract.ts';
import type { SourceSettings } from '../../../src/domain/config.ts';
import { freshDatabase, type PostgresServer, sourceServer } from '../../support/servers.ts';

export type WriteWorld = {
  /** The owner's, a superuser. */
  readonly pool: pg.Pool;
  /** The login that reads and writes. */
  readonly user: string;
  /** As that login. */
  readonly url: string;
  target(options?: Record<string, unknown>): WriteTarget;
  run(...statements: string[]): Promise<void>;
  grant(...entities: WriteEntity[]): Promise<void>;
  /** Values as texts. */
  rows(sql: string): Promise<(string | null)[][]>;
  /** A session of the owner, which the world closes. */
  connect(): Promise<pg.Client>;
  close(): Promise<void>;
};

/** `server`: of the caller, who stops it; left out: the one that all tests share. */
export async function writeWorld(server?: PostgresServer): Promise<WriteWorld> {
  const at = server ?? (await sourceServer());
  const database = await freshDatabase(at, 'write_back');
  const types = { getTypeParser: () => (value: string) => value };
  const pool = new pg.Pool({ connectionString: database.url, max: 3, types: types as never });
  // A test may stop the server.
  pool.on('error', () => undefined);
  const user = `writer_${randomBytes(4).toString('hex')}`;
  const targets: WriteTarget[] = [];
  const clients: pg.Client[] = [];
  const run: WriteWorld['run'] = async (...statements) => {
    for (const statement of statements) await pool.query(statement);
  };
  const url = new URL(database.url);
  url.username = user;
  url.password = 'Writer-1234';
  await run(
    `CREATE ROLE ${user} LOGIN PASSWORD 'Writer-1234'`,
    ...writeBackScript(settingsOf({ url: url.href }), []),
  );
  return {
    pool,
    user,
    url: url.href,
    target: (options = {}) => {
      const target = openWriteTarget(settingsOf({ url: url.href, ...options }), {
        applicationName: 'syncline/test',
      });
      targets.push(target);
      return target;
    },
    run,
    grant: (...entities) => run(...grantsForWriting(user, entities)),
    rows: async (sql) => (await pool.query({ text: sql, rowMode: 'array' })).rows as (string | null)[][],
    connect: async () => {
      const client = new pg.Client({ connectionString: database.url });
      client.on('error', () => undefined);
      await client.connect();
      clients.push(client);
      return client;
    },
    close: async () => {
      await Promise.all(targets.map((target) => target.close()));
      await Promise.allSettled(clients.map((client) => client.end()));
      await pool.query(`DROP OWNED BY ${user}`);
      await pool.query(`DROP ROLE ${user}`);
      await pool.end();
      await database.drop();
    },
  };
}

export function settingsOf(options: Record<string, unknown>): SourceSettings {
  return {
    name: 'shop',
    kind: 'postgres',
    timeZone: 'UTC',
    concurrency: 4,
    retry: { baseMs: 1_000, multiplier: 2, maxMs: 32_000, maxFailures: null, jitter: 0.2 },
    options,
  };
}
