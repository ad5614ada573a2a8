/**
 * An owner of tables and a user that writes back, and what tests of write-back need. On a real Oracle (see
 * oracle-kit.ts) both are the same user.
 */
import oracledb from 'oracledb';
import type { OracleSimulator } from '../../../dev/oracle-simulator/start.ts';
import { oracleOptions } from '../../../src/connectors/oracle/config.ts';
import { grantsForReading } from '../../../src/connectors/oracle/grants-script.ts';
import { LEDGER_DDL } from '../../../src/connectors/oracle/ledger.ts';
import { type OracleSource, openSessions } from '../../../src/connectors/oracle/session.ts';
import type { SourceSettings } from '../../../src/domain/config.ts';
import { type Login, startOracle } from './oracle-kit.ts';

export type WriteWorld = {
  /** null: a real Oracle. */
  readonly simulator: OracleSimulator | null;
  /** The schema of the tables. */
  readonly owner: string;
  /** The user that reads and writes them. */
  readonly user: string;
  /** As that user, or as the owner. */
  readonly source: OracleSource;
  sourceOfOwner(): OracleSource;
  /** A session, which the world closes. */
  connect(as: 'owner' | 'user'): Promise<oracledb.Connection>;
  /** Statements of the owner, each committed. Tables, triggers and sequences they create go with the world. */
  run(...statements: string[]): Promise<void>;
  /** SELECT, INSERT, UPDATE and DELETE for the user. */
  grant(...tables: string[]): Promise<void>;
  /** Rows of a query of the owner, as texts. */
  rows(sql: string): Promise<(string | null)[][]>;
  stop(): Promise<void>;
};

const OWNER = { name: 'HR', password: 'Owner-1234' };

export async function writeWorld(options: Record<string, unknown> = {}): Promise<WriteWorld> {
  const oracle = await startOracle();
  const { simulator, login } = oracle;
  const user = login.user.toUpperCase();
  const owner: Login = simulator === null ? login : await createOwner(simulator, login);
  if (simulator !== null) await grantViews(simulator, user);
  const sources: OracleSource[] = [];
  const connections: oracledb.Connection[] = [];
  const open = (as: Login): OracleSource => {
    const source = openSessions(settingsOf(as, options), 'syncline/test');
    sources.push(source);
    return source;
  };
  const connect: WriteWorld['connect'] = async (as) => {
    const connection = await oracledb.getConnection(as === 'owner' ? owner : login);
    connections.push(connection);
    return connection;
  };
  const session = await connect('owner');
  const created: string[] = [];
  await createLedger(await connect('user'));
  const run: WriteWorld['run'] = async (...statements) => {
    for (const statement of statements) {
      const object = /^CREATE (TABLE|SEQUENCE) (\w+)/.exec(statement);
      if (object !== null) {
        created.push(`DROP ${object[1]} ${object[2]}${object[1] === 'TABLE' ? ' CASCADE CONSTRAINTS' : ''}`);
        if (simulator === null) await session.execute(created.at(-1) as string).catch(() => undefined);
      }
      await session.execute(statement, {}, { autoCommit: true });
    }
  };
  return {
    simulator,
    owner: owner.user.toUpperCase(),
    user,
    source: open(login),
    sourceOfOwner: () => open(owner),
    connect,
    run,
    async grant(...tables) {
      if (simulator === null) return;
      await run(...tables.map((table) => `GRANT SELECT, INSERT, UPDATE, DELETE ON ${table} TO ${user}`));
    },
    async rows(sql) {
      const asTexts = {
        outFormat: oracledb.OUT_FORMAT_ARRAY,
        fetchTypeHandler: () => ({ type: oracledb.STRING }),
      };
      const { rows = [] } = await session.execute<(string | null)[]>(sql, {}, asTexts);
      return rows;
    },
    async stop() {
      simulator?.faults.clear();
      await Promise.all(sources.map(({ pool }) => pool.close()));
      if (simulator === null)
        for (const drop of created.reverse()) await session.execute(drop).catch(() => undefined);
      await Promise.allSettled(connections.map((connection) => connection.close()));
      await oracle.close();
    },
  };
}

async function createOwner(simulator: OracleSimulator, { connectString }: Login): Promise<Login> {
  await simulator.createUser(OWNER);
  return { user: OWNER.name, password: OWNER.password, connectString };
}

async function grantViews(simulator: OracleSimulator, user: string): Promise<void> {
  for (const statement of grantsForReading({ user, tables: [] })) {
    if (!statement.includes('CREATE SESSION')) await simulator.sql('SYS', statement);
  }
}

const ORA_EXISTS = 955;

/** There may be one: tests on a real Oracle share it. */
export async function createLedger(connection: oracledb.Connection): Promise<void> {
  for (const statement of LEDGER_DDL) {
    await connection.execute(statement).catch((error: { errorNum?: number }) => {
      if (error.errorNum !== ORA_EXISTS) throw error;
    });
  }
}

function settingsOf(
  { user, password, connectString }: Login,
  options: Record<string, unknown>,
): SourceSettings {
  return {
    name: 'erp',
    kind: 'oracle',
    timeZone: 'UTC',
    concurrency: 4,
    retry: { baseMs: 1_000, multiplier: 2, maxMs: 32_000, maxFailures: null, jitter: 0.2 },
    options: oracleOptions.parse({ connectString, user, password, ...options }),
  };
}
