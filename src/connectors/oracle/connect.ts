/** New sessions: for work, and for the question whether another one still works. */
import oracledb from 'oracledb';
import type { OracleOptions } from './config.ts';
import { connectAttributes } from './connect-attributes.ts';
import { destroyConnection, prepareDriver } from './driver.ts';
import { connectInTime } from './pooled-session.ts';
import type { SessionState } from './silence.ts';

const PROBE_MS = 3_000;

/** MODULE of all our sessions: marks leave out those that only read. */
export const MODULE = 'syncline';

/** Texts are as our conversions read them, whatever the database and the environment say; order is that of bytes. */
const SESSION_SETTINGS = `ALTER SESSION SET NLS_LANGUAGE = 'AMERICAN' NLS_TERRITORY = 'AMERICA'
  NLS_NUMERIC_CHARACTERS = '.,' NLS_CALENDAR = 'GREGORIAN' NLS_SORT = 'BINARY' NLS_COMP = 'BINARY'
  TIME_ZONE = '+00:00'`;

export async function connectSession(options: OracleOptions): Promise<oracledb.Connection> {
  prepareDriver(options);
  const connection = await oracledb.getConnection(connectAttributes(options, MODULE));
  try {
    connection.callTimeout = options.callTimeoutMs;
    connection.module = MODULE;
    await connection.execute(SESSION_SETTINGS);
    return connection;
  } catch (error) {
    destroyConnection(connection);
    throw error;
  }
}

/**
 * What the database says of the session with this CLIENT_INFO. From a connection of its own: those of the pool may all
 * be silent, or all in use.
 */
export async function askState(options: OracleOptions, token: string): Promise<SessionState> {
  const connection = await connectInTime('of the probe', PROBE_MS, () =>
    oracledb.getConnection(connectAttributes(options, MODULE)),
  );
  const timer = setTimeout(() => destroyConnection(connection), PROBE_MS);
  try {
    const sql = 'SELECT status FROM gv$session WHERE client_info = :token';
    const { rows } = await connection.execute<[string]>(sql, { token });
    return stateOf(rows?.[0]?.[0]);
  } finally {
    await connection.close().catch(() => undefined);
    clearTimeout(timer);
  }
}

function stateOf(status: string | undefined): SessionState {
  if (status === undefined || status === 'KILLED') return 'gone';
  return status === 'ACTIVE' ? 'working' : 'idle';
}
