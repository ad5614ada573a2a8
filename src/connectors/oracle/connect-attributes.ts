/** The configuration as the driver takes it. Pure. */
import type oracledb from 'oracledb';
import type { OracleOptions } from './config.ts';

/** The driver counts in seconds. */
const seconds = (ms: number): number => Math.ceil(ms / 1_000);

/** Some options of the driver are missing in its types. */
type Attributes = oracledb.ConnectionAttributes & {
  readonly connectTimeout: number;
  readonly transportConnectTimeout: number;
  readonly retryCount: number;
  readonly program: string;
  readonly sslServerDNMatch?: boolean;
  readonly sslServerCertDN?: string;
  readonly walletContent?: string;
  readonly configDir?: string;
};

/** @param program what V$SESSION shows as the session's program. */
export function connectAttributes(options: OracleOptions, program: string): Attributes {
  const { user, password, configDir, tls } = options;
  return {
    user,
    password,
    connectString: connectString(options),
    stmtCacheSize: options.statementCacheSize,
    connectTimeout: seconds(options.connectTimeoutMs),
    transportConnectTimeout: seconds(options.connectTimeoutMs),
    // Retries are ours: they are counted, and wait longer each time.
    retryCount: 0,
    program,
    ...(configDir !== undefined && { configDir }),
    ...(tls?.walletDir !== undefined && { walletLocation: tls.walletDir }),
    ...(tls?.walletContent !== undefined && { walletContent: tls.walletContent }),
    ...(tls?.walletPassword !== undefined && { walletPassword: tls.walletPassword }),
    ...(tls !== undefined && { sslServerDNMatch: tls.matchName }),
    ...(tls?.serverName !== undefined && { sslServerCertDN: tls.serverName }),
  };
}

/** A SID cannot be written in the short form, so addresses of parts become descriptions. */
function connectString(options: OracleOptions): string {
  const { connectString: given, host = '', port, service, sid, tls } = options;
  if (given !== undefined) return given;
  const target = sid === undefined ? `(SERVICE_NAME=${service})` : `(SID=${sid})`;
  const protocol = tls === undefined ? 'TCP' : 'TCPS';
  const address = `(ADDRESS=(PROTOCOL=${protocol})(HOST=${host})(PORT=${port}))`;
  return `(DESCRIPTION=${address}(CONNECT_DATA=${target}))`;
}

/** Host and port for people, without anything that a description may hold beside them. */
export function addressOf(options: OracleOptions): string {
  const { connectString: given, host, port, service, sid } = options;
  if (given === undefined) return `${host}:${port}/${service ?? sid}`;
  return given.startsWith('(') ? 'as its description says' : given;
}
