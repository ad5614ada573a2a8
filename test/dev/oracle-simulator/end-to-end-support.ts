import { randomBytes } from 'node:crypto';
import oracledb from 'oracledb';
import pg from 'pg';
import { createDatabase } from '../../../dev/oracle-simulator/database.ts';
import {
  type OracleSimulator,
  type SimulatorOptions,
  startOracleSimulator,
} from '../../../dev/oracle-simulator/start.ts';
import { type PostgresServer, sourceServer } from '../../support/servers.ts';

/** A simulator of one test file, and clients of it over TCP. */
export type Testbed = {
  readonly simulator: OracleSimulator;
  /** A connection of HR, or of another user. Closed by `stop`. */
  connect(user?: string): Promise<oracledb.Connection>;
  /** As the superuser, behind the simulator's back. */
  readonly postgres: pg.Client;
  stop(): Promise<void>;
};

export const password = 'Secret-1';

export async function startTestbed(
  options: Partial<SimulatorOptions> = {},
  server?: PostgresServer,
): Promise<Testbed> {
  const { url } = server ?? (await sourceServer());
  const database = await createDatabase(url('postgres'), `simulator_${randomBytes(5).toString('hex')}`);
  const defects: unknown[] = [];
  const simulator = await startOracleSimulator({
    postgresUrl: database.url,
    users: [{ name: 'HR', password }],
    onDefect: (error) => defects.push(error),
    ...options,
  });
  const postgres = new pg.Client({ connectionString: database.url });
  await postgres.connect();
  const connections: oracledb.Connection[] = [];
  return {
    simulator,
    postgres,
    async connect(user = 'HR') {
      const { connectString } = simulator;
      const connection = await oracledb.getConnection({ user, password, connectString });
      connections.push(connection);
      return connection;
    },
    async stop() {
      await Promise.allSettled(connections.map((connection) => connection.close()));
      await postgres.end();
      await simulator.stop();
      await database.drop();
      if (defects.length > 0) throw new AggregateError(defects, 'The simulator has defects');
    },
  };
}

/** Every value as text, NUMBER without loss. */
const asText: oracledb.ExecuteOptions = {
  outFormat: oracledb.OUT_FORMAT_ARRAY,
  fetchTypeHandler: ({ dbType }) =>
    dbType === oracledb.DB_TYPE_NUMBER ||
    dbType === oracledb.DB_TYPE_CLOB ||
    dbType === oracledb.DB_TYPE_NCLOB
      ? { type: oracledb.STRING }
      : undefined,
};

export async function rowsOf(
  connection: oracledb.Connection,
  sql: string,
  binds: oracledb.BindParameters = [],
): Promise<unknown[][]> {
  return (await connection.execute<unknown[]>(sql, binds, asText)).rows ?? [];
}

export async function oneOf(
  connection: oracledb.Connection,
  sql: string,
  binds: oracledb.BindParameters = [],
): Promise<unknown> {
  return (await rowsOf(connection, sql, binds))[0]?.[0];
}

/** `ORA-00942: table or view does not exist`: the first line of the error that `work` ends in. */
export async function errorOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
  } catch (error) {
    return (error as Error).message.split('\n')[0] ?? '';
  }
  throw new Error('It did not fail');
}
