/** A port that clients connect to, and the connections that it has. */

import { createServer, type Server } from 'node:net';
import type { Faults } from '../faults.ts';
import { OraError } from '../ora-error.ts';
import type { Engine, EngineSession } from '../types.ts';
import type { StatementCalls } from './call-context.ts';
import { DEFAULT_FIELD_VERSION, FIELD_VERSION } from './capabilities.ts';
import { Connection, type ConnectionOptions } from './connection.ts';
import type { SessionInfo } from './dialogue.ts';

export type ListenerOptions = {
  readonly engine: Engine;
  readonly faults: Faults;
  readonly calls: StatementCalls;
  /** Default: any free one. */
  readonly port?: number;
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** Names that clients may ask for, as service or SID. */
  readonly services: readonly string[];
  /** Of the protocol's messages; the client's, when that is lower. Default: 13 (19c). */
  readonly fieldVersion?: number;
  /** The largest packet, 512 to 2,097,152; the client's, when that is smaller. Default: 65,535. */
  readonly sduBytes?: number;
  /** Negotiation and the logon's first phase in one message. Default: 'never', the classic way. */
  readonly fastAuth?: 'offered' | 'never';
  /** Replies that end with a message of their own: for field version 24 and later only. Default: 'never'. */
  readonly endOfResponse?: 'offered' | 'never';
  /** Default: 256 MiB. */
  readonly maxRequestBytes?: number;
  /** Default: 60,000. */
  readonly logonTimeoutMs?: number;
  /** Told of defects of the simulator. Default: nobody is. */
  readonly onDefect?: (error: unknown) => void;
};

export type Listener = {
  readonly host: string;
  readonly port: number;
  /** Those that are logged on. */
  sessions(): readonly SessionInfo[];
  /** As ALTER SYSTEM KILL SESSION: rolled back; the client hears ORA-00028. @throws OraError 30 for an unknown one */
  kill(sessionId: number): Promise<void>;
  /** Sends all clients away; settles when their sessions have ended. */
  close(): Promise<void>;
};

const MIN_SDU_BYTES = 512;
const MAX_SDU_BYTES = 2_097_152;

export async function listenWith(options: ListenerOptions): Promise<Listener> {
  const { host = '127.0.0.1', port = 0 } = options;
  const connections = new Map<Connection, Promise<void>>();
  const late = createLateCommits(options.onDefect ?? (() => undefined));
  const connectionOptions = defaults(options, late.add);
  const server = createServer((socket) => {
    const connection = new Connection(socket, connectionOptions);
    connections.set(
      connection,
      connection.run().then(() => {
        connections.delete(connection);
      }),
    );
  });
  await listening(server, { host, port });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('No TCP port');
  const infos = (): SessionInfo[] => [...connections.keys()].flatMap(({ info }) => info ?? []);
  return {
    host,
    port: address.port,
    sessions: infos,
    async kill(sessionId) {
      const connection = [...connections.keys()].find(({ info }) => info?.id === sessionId);
      if (connection === undefined) throw new OraError(30, 'User session ID does not exist.');
      await connection.kill();
    },
    async close() {
      const closed = new Promise((resolve) => server.close(resolve));
      for (const connection of connections.keys()) connection.disconnect();
      await Promise.all([closed, ...connections.values()]);
      await late.end();
    },
  };
}

function defaults(
  options: ListenerOptions,
  commitLater: ConnectionOptions['commitLater'],
): ConnectionOptions {
  const { sduBytes = 65_535, fieldVersion = DEFAULT_FIELD_VERSION, onDefect = () => undefined } = options;
  if (options.endOfResponse === 'offered' && fieldVersion < FIELD_VERSION.vector) {
    throw new RangeError(`endOfResponse needs field version ${FIELD_VERSION.vector}, not ${fieldVersion}`);
  }
  return {
    engine: options.engine,
    faults: options.faults,
    calls: options.calls,
    services: options.services,
    fieldVersion,
    sduBytes: Math.min(Math.max(sduBytes, MIN_SDU_BYTES), MAX_SDU_BYTES),
    fastAuth: options.fastAuth ?? 'never',
    endOfResponse: options.endOfResponse ?? 'never',
    maxRequestBytes: options.maxRequestBytes ?? 256 * 1024 * 1024,
    logonTimeoutMs: options.logonTimeoutMs ?? 60_000,
    onDefect,
    commitLater,
  };
}

async function listening(
  server: Server,
  at: { readonly host: string; readonly port: number },
): Promise<void> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(at, () => {
      server.off('error', reject);
      resolve();
    });
  });
}

/** Sessions without a client whose commit is still to come. Those that the end finds waiting roll back. */
function createLateCommits(onDefect: (error: unknown) => void): {
  add(session: EngineSession, lateMs: number): void;
  end(): Promise<void>;
} {
  const waiting = new Map<NodeJS.Timeout, EngineSession>();
  const working = new Set<Promise<void>>();
  const work = (task: Promise<void>): void => {
    const done = task.catch(onDefect).finally(() => working.delete(done));
    working.add(done);
  };
  return {
    add(session, lateMs) {
      const timer = setTimeout(() => {
        waiting.delete(timer);
        work(session.commit().finally(() => session.close()));
      }, lateMs);
      waiting.set(timer, session);
    },
    async end() {
      for (const [timer, session] of waiting) {
        clearTimeout(timer);
        work(session.close());
      }
      waiting.clear();
      await Promise.all(working);
    },
  };
}
