/** The simulator for tests and demos: an Oracle database on a database of PostgreSQL, listening on a port. */

import { createEngine, type SimulatorEngine } from './engine/engine.ts';
import { installProcedure, type Procedure } from './engine/procedures.ts';
import { createFaults, type Faults } from './faults.ts';
import { addPolicy, createUser, dropPolicy, grantSystem, type Policy } from './schema/users.ts';
import type { BindType, Cell } from './types.ts';
import type { Listener } from './wire/listener.ts';
import { listen } from './wire/server.ts';

export type SimulatorUser = {
  /** Upper case unless it was quoted. */
  readonly name: string;
  readonly password: string;
  /**
   * System privileges and roles. Default: what a developer has (CONNECT, RESOURCE, CREATE VIEW …), for `users` of the
   * options also SELECT ANY DICTIONARY.
   */
  readonly grants?: readonly string[];
};

export type SimulatorOptions = {
  /** A superuser's URL of a database with encoding UTF8 and collation "C"; prepared when it is not yet. */
  readonly postgresUrl: string;
  /** Default: any free one. */
  readonly port?: number;
  /** Default: 127.0.0.1. */
  readonly host?: string;
  /** Default: FREEPDB1. */
  readonly services?: readonly string[];
  /** Made unless they are there. */
  readonly users?: readonly SimulatorUser[];
  /** Snapshots that are held for AS OF. Default: 40. */
  readonly maxSnapshots?: number;
  /** For how long. Default: 15 minutes. */
  readonly snapshotAgeMs?: number;
  /** Told of defects of the simulator. */
  readonly onDefect?: (error: unknown) => void;
};

/** LOBs are given as their contents. */
export type SqlResult = {
  readonly columns: readonly string[];
  readonly rows: readonly (readonly (string | Uint8Array | null)[])[];
  /** Rows affected. */
  readonly rowCount: number;
};

export type OracleSimulator = {
  readonly port: number;
  /** `127.0.0.1:1521/FREEPDB1` */
  readonly connectString: string;
  /** PostgreSQL's. */
  readonly url: string;
  readonly faults: Faults;
  createUser(user: SimulatorUser): Promise<void>;
  /** Privileges and roles by name. */
  grant(privileges: readonly string[], to: readonly string[]): Promise<void>;
  addPolicy(policy: Policy): Promise<void>;
  dropPolicy(policy: Pick<Policy, 'table' | 'name'>): Promise<void>;
  installProcedure(procedure: Procedure): Promise<void>;
  /** One statement of Oracle's SQL without a client, in a session of its own, committed. `SYS` may do everything. */
  sql(user: string, text: string, binds?: readonly (string | null)[]): Promise<SqlResult>;
  /** As ALTER SYSTEM KILL SESSION. @throws OraError 30 for an unknown one */
  killSession(sessionId: number): Promise<void>;
  stop(): Promise<void>;
};

const developer = ['CONNECT', 'RESOURCE', 'CREATE VIEW', 'CREATE SYNONYM', 'UNLIMITED TABLESPACE'] as const;

export async function startOracleSimulator(options: SimulatorOptions): Promise<OracleSimulator> {
  const services = options.services ?? ['FREEPDB1'];
  const engine = await createEngine({ ...options, url: options.postgresUrl });
  const faults = createFaults();
  try {
    for (const user of options.users ?? []) await ensureUser(engine, user);
    const listener = await listen({ ...options, engine, faults, services });
    return simulator(options.postgresUrl, { engine, faults, listener, service: services[0] ?? '' });
  } catch (error) {
    await engine.close();
    throw error;
  }
}

async function ensureUser(engine: SimulatorEngine, user: SimulatorUser): Promise<void> {
  if (engine.passwordOf(user.name) !== null) return;
  await createUser(engine.control, { grants: [...developer, 'SELECT ANY DICTIONARY'], ...user });
  await engine.usersChanged();
}

type Parts = {
  readonly engine: SimulatorEngine;
  readonly faults: Faults;
  readonly listener: Listener;
  readonly service: string;
};

function simulator(url: string, { engine, faults, listener, service }: Parts): OracleSimulator {
  const changing = async (work: Promise<void>): Promise<void> => {
    await work;
    engine.schemaChanged();
    await engine.usersChanged();
  };
  return {
    port: listener.port,
    connectString: `${listener.host}:${listener.port}/${service}`,
    url,
    faults,
    createUser: (user) => changing(createUser(engine.control, user)),
    grant: (privileges, to) => changing(grantSystem(engine.control, { privileges, to })),
    addPolicy: (policy) => changing(addPolicy(engine.control, policy)),
    dropPolicy: (policy) => changing(dropPolicy(engine.control, policy)),
    installProcedure: (procedure) =>
      changing(engine.control.exclusive((db) => installProcedure(db, procedure))),
    sql: (user, text, binds = []) => executeSql(engine, { user, text, binds }),
    killSession: (sessionId) => listener.kill(sessionId),
    async stop() {
      faults.clear();
      await listener.close();
      await engine.close();
    },
  };
}

const PAGE_ROWS = 1_000;
const textBind: BindType = {
  type: { name: 'VARCHAR2', precision: null, scale: null, length: 4000, unit: 'BYTE' },
  maxBytes: 32_767,
};

async function executeSql(
  engine: SimulatorEngine,
  {
    user,
    text,
    binds,
  }: { readonly user: string; readonly text: string; readonly binds: readonly (string | null)[] },
): Promise<SqlResult> {
  const session = await engine.open(user);
  try {
    const statement = session.parse(text);
    const types = statement.binds.map(() => textBind);
    if (statement.kind === 'query') {
      const query = await session.query(statement, types, binds);
      const rows: (string | Uint8Array | null)[][] = [];
      for (let done = false; !done; ) {
        const page = await query.fetch(PAGE_ROWS);
        for (const row of page.rows)
          rows.push(await Promise.all(row.map((cell) => contentOf(session.lobs, cell))));
        done = page.done;
      }
      await query.close();
      return { columns: query.columns.map(({ name }) => name), rows, rowCount: 0 };
    }
    let rowCount = 0;
    if (statement.kind === 'dml') {
      const options = { onError: 'stop', returning: [] } as const;
      rowCount = (await session.dml(statement, types, [binds], options)).rowCounts[0] ?? 0;
    } else if (statement.kind === 'block') await session.block(statement, types, binds);
    else await session.other(statement);
    await session.commit();
    return { columns: [], rows: [], rowCount };
  } finally {
    await session.close();
  }
}

async function contentOf(
  lobs: Awaited<ReturnType<SimulatorEngine['open']>>['lobs'],
  cell: Cell,
): Promise<string | Uint8Array | null> {
  if (cell === null || typeof cell === 'string' || cell instanceof Uint8Array) return cell;
  return await lobs.read(cell, 0, await lobs.length(cell));
}
