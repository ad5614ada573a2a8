/** A listener over an engine that knows logons and transactions, and no SQL: for tests of the wire alone. */

import { connect as connectSocket, type Socket } from 'node:net';
import { createCursors } from '../../../dev/oracle-simulator/calls/cursors.ts';
import { createFaults, type Faults } from '../../../dev/oracle-simulator/faults.ts';
import { OraError } from '../../../dev/oracle-simulator/ora-error.ts';
import type { Engine, EngineSession, Statement } from '../../../dev/oracle-simulator/types.ts';
import type { StatementCalls } from '../../../dev/oracle-simulator/wire/call-context.ts';
import {
  type Listener,
  type ListenerOptions,
  listenWith,
} from '../../../dev/oracle-simulator/wire/listener.ts';

export const USER = 'scott';
export const PASSWORD = 'tigér "1"';

export type FakeSession = EngineSession & {
  /** What was called, in order. */
  readonly log: string[];
  readonly told: Record<string, string>;
  inTransaction: boolean;
  /** What `commit` and `rollback` wait for, unless they are cancelled. */
  gate: Promise<void>;
  readonly closed: Promise<void>;
};

export type FakeEngine = Engine & {
  readonly sessions: FakeSession[];
  /** The last session that was opened. */
  session(): FakeSession;
};

export function createFakeEngine(): FakeEngine {
  const sessions: FakeSession[] = [];
  return {
    sessions,
    session: () => sessions.at(-1) as FakeSession,
    passwordOf: (user) => (user === USER.toUpperCase() || user === 'LOCKED' ? PASSWORD : null),
    async open(user) {
      if (user === 'LOCKED') throw new OraError(28000, 'The account is locked.');
      const session = fakeSession(user, sessions.length + 1);
      sessions.push(session);
      return session;
    },
  };
}

function fakeSession(user: string, id: number): FakeSession {
  let cancel: () => void = () => undefined;
  let close: () => void = () => undefined;
  const unused = (): never => {
    throw new OraError(900, 'invalid SQL statement: the fake engine knows none');
  };
  const session: FakeSession = {
    id,
    serial: id + 1000,
    user,
    log: [],
    told: {},
    inTransaction: false,
    gate: Promise.resolve(),
    closed: new Promise<void>((resolve) => {
      close = resolve;
    }),
    lobs: {
      create: unused,
      length: unused,
      read: unused,
      write: unused,
      trim: unused,
      free: unused,
      isTemporary: unused,
    },
    parse: (text): Statement => ({ text, kind: 'other', binds: [], returningBinds: 0, plan: null }),
    describe: unused,
    query: unused,
    dml: unused,
    block: unused,
    other: async ({ text }) => {
      session.log.push(text);
    },
    commit: () => finish('commit'),
    rollback: () => finish('rollback'),
    setTimeZone: async (offset) => {
      session.log.push(`zone ${offset}`);
    },
    describeClient: (values) => {
      Object.assign(session.told, values);
    },
    cancel: async () => {
      session.log.push('cancel');
      cancel();
    },
    close: async () => {
      if (!session.log.includes('close')) session.log.push('close');
      cancel();
      close();
    },
  };
  const finish = async (what: string): Promise<void> => {
    session.log.push(`${what}…`);
    const cancelled = new Promise<never>((_, reject) => {
      cancel = () => reject(new OraError(1013, 'user requested cancel of current operation'));
    });
    await Promise.race([session.gate, cancelled]);
    session.inTransaction = false;
    session.log.push(what);
  };
  return session;
}

/** Statements are refused; `onCall` hears of the functions. */
export function fakeCalls(): StatementCalls {
  return {
    createCursors,
    parseCall: (functionCode, { reader }) => {
      reader.drop();
      return () => Promise.reject(new OraError(900, `invalid SQL statement (function ${functionCode})`));
    },
    parsePiggyback: (_, { reader, cursors }) => {
      reader.uint8();
      const ids = Array.from({ length: reader.count() }, () => reader.ub());
      return async () => {
        for (const id of ids) await cursors.close(id);
      };
    },
  };
}

export type FakeServer = {
  readonly engine: FakeEngine;
  readonly faults: Faults;
  readonly listener: Listener;
  readonly connectString: string;
  readonly defects: unknown[];
  [Symbol.asyncDispose](): Promise<void>;
};

export async function fakeServer(options: Partial<ListenerOptions> = {}): Promise<FakeServer> {
  const engine = createFakeEngine();
  const faults = createFaults();
  const defects: unknown[] = [];
  const listener = await listenWith({
    engine,
    faults,
    calls: fakeCalls(),
    services: ['FREEPDB1'],
    onDefect: (error) => defects.push(error),
    ...options,
  });
  return {
    engine,
    faults,
    listener,
    connectString: `127.0.0.1:${listener.port}/FREEPDB1`,
    defects,
    [Symbol.asyncDispose]: async () => {
      faults.clear();
      await listener.close();
    },
  };
}

/** A bare socket, and all that it heard. */
export async function rawClient(port: number): Promise<{
  readonly socket: Socket;
  heard(): Buffer;
  /** At least so many bytes, from the beginning; rejects when the server closes before. */
  wait(count: number): Promise<Buffer>;
  readonly closed: Promise<void>;
}> {
  const socket = connectSocket(port, '127.0.0.1');
  const chunks: Buffer[] = [];
  let check: () => void = () => undefined;
  socket.on('data', (chunk) => {
    chunks.push(chunk);
    check();
  });
  socket.on('error', () => undefined);
  const closed = new Promise<void>((resolve) => socket.once('close', () => resolve()));
  await new Promise<void>((resolve) => socket.once('connect', resolve));
  return {
    socket,
    heard: () => Buffer.concat(chunks),
    closed,
    wait: async (count) => {
      const enough = new Promise<void>((resolve) => {
        check = () => {
          if (Buffer.concat(chunks).length >= count) resolve();
        };
        check();
      });
      await Promise.race([enough, closed]);
      const all = Buffer.concat(chunks);
      if (all.length < count) throw new Error(`closed after ${all.length} bytes`);
      return all;
    },
  };
}
