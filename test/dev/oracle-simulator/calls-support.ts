/** A listener over an engine whose statements are scripted: for tests of statements' calls without a database. */

import oracledb from 'oracledb';
import { type Cursors, createCursors } from '../../../dev/oracle-simulator/calls/cursors.ts';
import { parseCall, parsePiggyback } from '../../../dev/oracle-simulator/calls/handle-call.ts';
import { createFaults, type Faults } from '../../../dev/oracle-simulator/faults.ts';
import { OraError } from '../../../dev/oracle-simulator/ora-error.ts';
import type {
  BindType,
  Cell,
  Column,
  DmlOptions,
  DmlResult,
  Engine,
  EngineSession,
  LobCell,
  LobKind,
  LobStore,
  OracleType,
  OracleTypeName,
  Query,
  Statement,
} from '../../../dev/oracle-simulator/types.ts';
import { type ListenerOptions, listenWith } from '../../../dev/oracle-simulator/wire/listener.ts';

export type Row = readonly Cell[];

/** What a statement is and does. Without an entry the engine echoes: see `echo`. */
export type Script = {
  readonly kind?: Statement['kind'];
  readonly binds?: readonly string[];
  readonly returningBinds?: number;
  readonly columns?: (binds: readonly BindType[]) => readonly Column[];
  readonly rows?: (row: Row, session: ScriptedSession) => readonly Row[];
  /** Fails when so many rows were fetched. */
  readonly failsAfter?: { readonly rows: number; readonly error: OraError };
  readonly dml?: (rows: readonly Row[], options: DmlOptions) => DmlResult;
  readonly block?: (row: Row, session: ScriptedSession) => readonly (Cell | undefined)[];
};

export type ScriptedSession = EngineSession & {
  readonly log: string[];
  inTransaction: boolean;
  readonly openQueries: Set<Query>;
  /** Rows that the engine handed out, over all queries. */
  readonly fetched: { rows: number };
  readonly liveLobs: ReadonlyMap<number, string | Uint8Array>;
};

export type ScriptedServer = {
  readonly scripts: Map<string, Script>;
  readonly faults: Faults;
  readonly sessions: ScriptedSession[];
  readonly cursors: Cursors[];
  readonly defects: unknown[];
  session(): ScriptedSession;
  connect(): Promise<oracledb.Connection>;
  close(): Promise<void>;
};

export function oracleType(name: OracleTypeName, more: Partial<OracleType> = {}): OracleType {
  return { name, precision: null, scale: null, length: null, unit: null, ...more };
}

export function column(name: string, type: OracleType, nullable = true): Column {
  return { name, type, nullable };
}

export async function scriptedServer(options: Partial<ListenerOptions> = {}): Promise<ScriptedServer> {
  const scripts = new Map<string, Script>();
  const sessions: ScriptedSession[] = [];
  const cursors: Cursors[] = [];
  const defects: unknown[] = [];
  const faults = createFaults();
  const engine: Engine = {
    passwordOf: () => 'tiger',
    async open(user) {
      const session = scriptedSession(user, { id: sessions.length + 1, scripts });
      sessions.push(session);
      return session;
    },
  };
  const listener = await listenWith({
    engine,
    faults,
    calls: {
      parseCall,
      parsePiggyback,
      createCursors: () => {
        const created = createCursors();
        cursors.push(created);
        return created;
      },
    },
    services: ['FREEPDB1'],
    onDefect: (error) => defects.push(error),
    ...options,
  });
  return {
    scripts,
    faults,
    sessions,
    cursors,
    defects,
    session: () => sessions.at(-1) as ScriptedSession,
    connect: () =>
      oracledb.getConnection({
        user: 'scott',
        password: 'tiger',
        connectString: `127.0.0.1:${listener.port}/FREEPDB1`,
      }),
    close: async () => {
      faults.clear();
      await listener.close();
    },
  };
}

function scriptedSession(
  user: string,
  { id, scripts }: { readonly id: number; readonly scripts: ReadonlyMap<string, Script> },
): ScriptedSession {
  const store = memoryLobs();
  const scriptOf = (statement: Statement): Script => scripts.get(statement.text) ?? echo(statement.text);
  const session: ScriptedSession = {
    id,
    serial: id + 100,
    user,
    log: [],
    inTransaction: false,
    openQueries: new Set(),
    fetched: { rows: 0 },
    lobs: store.lobs,
    liveLobs: store.contents,
    parse(text): Statement {
      if (text.includes('syntax')) throw new OraError(900, 'invalid SQL statement', { offset: 7 });
      const script = scripts.get(text) ?? echo(text);
      const { kind = 'query', binds = [], returningBinds = 0 } = script;
      return { text, kind, binds, returningBinds, plan: null };
    },
    describe: async (statement, binds) => scriptOf(statement).columns?.(binds) ?? [],
    async query(statement, binds, row) {
      session.log.push(`query ${statement.text}`);
      const script = scriptOf(statement);
      const query = scriptedQuery(script, { session, binds, row });
      session.openQueries.add(query);
      return query;
    },
    async dml(...[statement, , rows, options]) {
      session.log.push(`dml ${statement.text}`);
      session.inTransaction = true;
      const dml = scriptOf(statement).dml;
      return dml?.(rows, options) ?? { rowCounts: rows.map(() => 1), returned: [], errors: [] };
    },
    async block(statement, _, row) {
      session.log.push(`block ${statement.text}`);
      return scriptOf(statement).block?.(row, session) ?? [];
    },
    other: async ({ text }) => {
      session.log.push(text);
    },
    commit: async () => {
      session.log.push('commit');
      session.inTransaction = false;
    },
    rollback: async () => {
      session.log.push('rollback');
      session.inTransaction = false;
    },
    setTimeZone: async () => undefined,
    describeClient: () => undefined,
    cancel: async () => undefined,
    close: async () => undefined,
  };
  return session;
}

function scriptedQuery(
  script: Script,
  { session, binds, row }: { session: ScriptedSession; binds: readonly BindType[]; row: Row },
): Query {
  const rows = script.rows?.(row, session) ?? [];
  let at = 0;
  const query: Query = {
    columns: script.columns?.(binds) ?? [],
    async fetch(count) {
      const fails = script.failsAfter;
      if (fails !== undefined && at + count > fails.rows) throw fails.error;
      const page = rows.slice(at, at + count);
      at += page.length;
      session.fetched.rows += page.length;
      return { rows: page, done: at >= rows.length };
    },
    async close() {
      session.openQueries.delete(query);
    },
  };
  return query;
}

/** `select :a, :b from dual` gives its binds back, each in a column of its type. */
function echo(text: string): Script {
  const binds = [...text.matchAll(/:(\w+)/g)].map((match) => (match[1] as string).toUpperCase());
  return {
    kind: 'query',
    binds,
    columns: (types) => types.map(({ type }, at) => column(`C${at + 1}`, type)),
    rows: (row) => [row],
  };
}

function memoryLobs(): { readonly lobs: LobStore; readonly contents: Map<number, string | Uint8Array> } {
  const contents = new Map<number, string | Uint8Array>();
  let last = 0;
  const find = ({ lob }: LobCell): string | Uint8Array => {
    const data = contents.get(lob);
    if (data === undefined) throw new OraError(22922, 'nonexistent LOB value');
    return data;
  };
  const lobs: LobStore = {
    create(kind) {
      contents.set(++last, kind === 'BLOB' ? new Uint8Array() : '');
      return { lob: last, kind };
    },
    length: async (cell) => find(cell).length,
    read: async (cell, offset, amount) => find(cell).slice(offset, offset + amount),
    async write(cell, offset, data) {
      const old = find(cell);
      contents.set(
        cell.lob,
        typeof old === 'string'
          ? `${old.slice(0, offset)}${String(data)}${old.slice(offset + data.length)}`
          : Buffer.concat([old.slice(0, offset), data as Uint8Array, old.slice(offset + data.length)]),
      );
    },
    trim: async (cell, length) => {
      contents.set(cell.lob, find(cell).slice(0, length));
    },
    free: ({ lob }) => {
      contents.delete(lob);
    },
    isTemporary: () => false,
  };
  return { lobs, contents };
}

/** A LOB of a result. */
export function lobOf(session: ScriptedSession, kind: LobKind, data: string | Uint8Array): LobCell {
  const cell = session.lobs.create(kind);
  (session.liveLobs as Map<number, string | Uint8Array>).set(cell.lob, data);
  return cell;
}
