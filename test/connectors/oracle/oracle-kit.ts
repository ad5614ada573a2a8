/**
 * An Oracle for a test file: the simulator on a database of its own, or, with ORACLE_TEST_URL
 * (`user/password@host:port/service`), a real one, where the user may create tables and read GV$TRANSACTION, GV$SESSION
 * and V$DATABASE. Faults are the simulator's only.
 */
import { randomBytes } from 'node:crypto';
import oracledb from 'oracledb';
import { type OracleSimulator, startOracleSimulator } from '../../../dev/oracle-simulator/start.ts';
import type { Source } from '../../../src/connectors/contract.ts';
import { openSource } from '../../../src/connectors/registry.ts';
import type { SourceSettings } from '../../../src/domain/config.ts';
import { freshDatabase, sourceServer } from '../../support/servers.ts';

export const isRealOracle = process.env.ORACLE_TEST_URL !== undefined;

export type Login = { readonly user: string; readonly password: string; readonly connectString: string };

export type OracleUnderTest = {
  /** null: a real Oracle. */
  readonly simulator: OracleSimulator | null;
  readonly login: Login;
  /** A name that no other test has. */
  name(base: string): string;
  /** On the owner's connection, committed. */
  execute(sql: string, binds?: oracledb.BindParameters): Promise<void>;
  query(sql: string): Promise<(string | null)[][]>;
  connect(): Promise<oracledb.Connection>;
  source(options?: Record<string, unknown>, settings?: Partial<SourceSettings>): Source;
  /** Closes what `source` and `connect` gave, drops what is named, stops the simulator. */
  close(): Promise<void>;
};

const SERVICE = 'FREEPDB1';
const OWNER = { name: 'SYNC', password: 'Sync-1234' };

export async function startOracle(): Promise<OracleUnderTest> {
  if (process.env.ORACLE_TEST_URL !== undefined) {
    return under(parseUrl(process.env.ORACLE_TEST_URL), null, async () => undefined);
  }
  const database = await freshDatabase(await sourceServer(), 'oracle', { collation: 'C' });
  const simulator = await startOracleSimulator({
    postgresUrl: database.url,
    services: [SERVICE],
    users: [OWNER],
  });
  const login = { user: OWNER.name, password: OWNER.password, connectString: simulator.connectString };
  return under(login, simulator, async () => {
    await simulator.stop();
    await database.drop();
  });
}

function under(login: Login, simulator: OracleSimulator | null, stop: () => Promise<void>): OracleUnderTest {
  const sources: Source[] = [];
  const connections: oracledb.Connection[] = [];
  const tables: string[] = [];
  let own: Promise<oracledb.Connection> | null = null;
  const connect = async (): Promise<oracledb.Connection> => {
    const connection = await oracledb.getConnection(login);
    connections.push(connection);
    return connection;
  };
  const owner = (): Promise<oracledb.Connection> => (own ??= connect());
  return {
    simulator,
    login,
    connect,
    name: (base) => {
      const name = `${base}_${randomBytes(4).toString('hex')}`.toUpperCase();
      tables.push(name);
      return name;
    },
    execute: async (sql, binds = {}) => {
      await (await owner()).execute(sql, binds, { autoCommit: true });
    },
    query: async (sql) => {
      const options: oracledb.ExecuteOptions = {
        outFormat: oracledb.OUT_FORMAT_ARRAY,
        fetchTypeHandler: ({ dbType }) =>
          dbType === oracledb.DB_TYPE_NUMBER ? { type: oracledb.STRING } : undefined,
      };
      const { rows } = await (await owner()).execute<(string | null)[]>(sql, {}, options);
      return rows ?? [];
    },
    source: (options = {}, settings = {}) => {
      const source = openOracle({ ...login, ...options }, settings);
      sources.push(source);
      return source;
    },
    close: async () => {
      await Promise.all(sources.map((source) => source.close()));
      if (simulator === null) {
        for (const table of tables) await dropTable(await owner(), table);
      }
      await Promise.all(connections.map((connection) => connection.close().catch(() => undefined)));
      await stop();
    },
  };
}

export function openOracle(options: Record<string, unknown>, settings: Partial<SourceSettings> = {}): Source {
  return openSource(
    {
      name: 'erp',
      kind: 'oracle',
      timeZone: 'UTC',
      concurrency: 4,
      retry: { baseMs: 1_000, multiplier: 2, maxMs: 32_000, maxFailures: null, jitter: 0.2 },
      options,
      ...settings,
    },
    { applicationName: 'syncline/test' },
  );
}

async function dropTable(connection: oracledb.Connection, table: string): Promise<void> {
  await connection.execute(`DROP TABLE "${table}" PURGE`).catch(() => undefined);
}

/** The last @ ends the password. */
function parseUrl(url: string): Login {
  const parts = /^([^/]+)\/(.+)@([^@]+)$/.exec(url);
  if (parts === null) throw new Error('ORACLE_TEST_URL is not user/password@host:port/service');
  return { user: parts[1] as string, password: parts[2] as string, connectString: parts[3] as string };
}
