/** The engine: a database of PostgreSQL that behaves as one of Oracle's. */

import { randomInt } from 'node:crypto';
import { OraError } from '../ora-error.ts';
import { bootstrap } from '../schema/bootstrap.ts';
import { describeSession, enterSession, leaveSession } from '../schema/sessions.ts';
import { columnsOf, createColumnCache } from '../schema/types.ts';
import { type Account, accounts, type Database } from '../schema/users.ts';
import { parseStatement } from '../sql/parse.ts';
import type { Engine, EngineSession, Statement } from '../types.ts';
import { type Backend, type BackendControl, connectBackend } from './backend.ts';
import { type Control, connectControl } from './control.ts';
import type { Core, Services } from './core.ts';
import { createLobs } from './lobs.ts';
import { createReaderPool } from './readers.ts';
import { createScnKeeper } from './scn.ts';
import { Session } from './session.ts';
import { ADMINISTRATOR, createSettings, formSettings, sessionSettings } from './settings.ts';
import { createStatistics } from './statistics.ts';
import { Transaction } from './transaction.ts';

export type EngineOptions = {
  /** A superuser's URL of the database. It is prepared when it is not yet. */
  readonly url: string;
  /** Snapshots that are held for AS OF, each by a connection. Default: 40. */
  readonly maxSnapshots?: number;
  /** For how long. Default: 15 minutes. */
  readonly snapshotAgeMs?: number;
};

export type SimulatorEngine = Engine & {
  /** The superuser's connection, for what is no user's: policies, procedures. Say `schemaChanged` afterwards. */
  readonly control: Control;
  schemaChanged(): void;
  usersChanged(): Promise<void>;
  /** Ends the connection of a session from outside, as a DBA does. @returns whether there is such a session. */
  kill(sessionId: number): Promise<boolean>;
  /** Ends all sessions. */
  close(): Promise<void>;
};

const MAX_PARSED = 500;
const MAX_SERIAL = 0xffff;

export async function createEngine(options: EngineOptions): Promise<SimulatorEngine> {
  const control = await connectControl(options.url);
  await control.exclusive((db) => bootstrap(db));
  const hands = await connectControl(options.url);
  const engine = new PostgresEngine(options, { control, hands });
  await engine.start();
  return engine;
}

function checkAccount(user: string, account: Account | undefined): void {
  if (account === undefined) throw new OraError(1017, 'invalid username/password; logon denied');
  if (account.locked) throw new OraError(28000, 'The account is locked.');
  if (!account.mayLogOn) {
    throw new OraError(1045, `user ${user} lacks CREATE SESSION privilege; logon denied`);
  }
}

class PostgresEngine implements SimulatorEngine {
  readonly control: Control;
  /** For requests that must not wait behind others. */
  readonly #hands: Control;
  readonly #options: EngineOptions;
  readonly #backendControl: BackendControl;
  readonly #statistics = createStatistics();
  readonly #columnCache = createColumnCache();
  readonly #tables = new Map<string, boolean>();
  readonly #parsed = new Map<string, Statement>();
  readonly #sessions = new Map<number, { readonly session: EngineSession; readonly backend: Backend }>();
  #accounts: ReadonlyMap<string, Account> = new Map();
  #services: Services | null = null;
  #lastId = 0;

  constructor(
    options: EngineOptions,
    { control, hands }: { readonly control: Control; readonly hands: Control },
  ) {
    this.#options = options;
    this.control = control;
    this.#hands = hands;
    this.#backendControl = {
      cancelBackend: async (pid) => void (await hands.query('SELECT pg_cancel_backend($1)', [pid])),
      terminateBackend: async (pid) => void (await hands.query('SELECT pg_terminate_backend($1)', [pid])),
    };
  }

  async start(): Promise<void> {
    const connect = (): Promise<Backend> => this.#connect({}, 'oracle-simulator');
    const scn = await createScnKeeper({
      connect,
      maxHeld: this.#options.maxSnapshots ?? 40,
      maxAgeMs: this.#options.snapshotAgeMs ?? 15 * 60_000,
      record: async (number) => {
        await this.control.query('INSERT INTO oracle.scn_time (scn, at) VALUES ($1, clock_timestamp())', [
          number,
        ]);
      },
    });
    this.#services = {
      columns: (fields, nulls = 'asDeclared') =>
        columnsOf(this.control, fields, { cache: this.#columnCache, nulls }),
      columnCache: this.#columnCache,
      lobQueries: new Map(),
      isTable: (schema, name) => this.#isTable(schema, name),
      scn,
      readers: createReaderPool(connect),
      control: this.control,
      schemaChanged: () => this.schemaChanged(),
      usersChanged: () => this.usersChanged(),
    };
    await this.usersChanged();
  }

  passwordOf(user: string): string | null {
    return this.#accounts.get(user)?.password ?? null;
  }

  async open(user: string): Promise<EngineSession> {
    await this.usersChanged();
    if (user !== ADMINISTRATOR) checkAccount(user, this.#accounts.get(user));
    const initial = sessionSettings(user);
    const backend = await this.#connect(initial, `oracle-simulator ${user}`);
    const id = ++this.#lastId;
    const serial = randomInt(1, MAX_SERIAL);
    await this.#keepBooks((db) => enterSession(db, { backendPid: backend.pid, id, serial, user }));
    const session = this.#createSession({ user, backend, initial }, { id, serial });
    this.#sessions.set(id, { session, backend });
    return session;
  }

  schemaChanged(): void {
    this.#columnCache.clear();
    this.#tables.clear();
  }

  async usersChanged(): Promise<void> {
    const known = await accounts(this.control);
    this.#accounts = new Map(known.map((account) => [account.name, account]));
  }

  async kill(sessionId: number): Promise<boolean> {
    const found = this.#sessions.get(sessionId);
    if (found === undefined) return false;
    await this.#backendControl.terminateBackend(found.backend.pid);
    return true;
  }

  async close(): Promise<void> {
    await Promise.all([...this.#sessions.values()].map(({ session }) => session.close()));
    await this.#services?.scn.close();
    await this.#services?.readers.close();
    await this.control.end();
    await this.#hands.end();
  }

  async #connect(settings: Readonly<Record<string, string>>, name: string): Promise<Backend> {
    const backend = await connectBackend({
      url: this.#options.url,
      control: this.#backendControl,
      settings: { ...formSettings, application_name: name },
    });
    const texts = Object.entries(settings).map(([key, value]) => ({
      text: 'SELECT set_config($1, $2, false)',
      values: [key, value],
    }));
    if (texts.length > 0) await backend.send(texts);
    return backend;
  }

  #createSession(
    { user, backend, initial }: { user: string; backend: Backend; initial: Record<string, string> },
    { id, serial }: { id: number; serial: number },
  ): EngineSession {
    const settings = createSettings(initial);
    let described: Promise<void> = Promise.resolve();
    const core: Core = {
      user,
      services: this.#services as Services,
      backend,
      transaction: new Transaction(backend, () => settings.restore()),
      lobs: createLobs(),
      settings,
      readersAtWork: new Set(),
      schema: user,
      commitInProcedure: 'allowed',
      output: null,
      describeClient: (values) => {
        described = described
          .then(() => this.#keepBooks((db) => describeSession(db, backend.pid, values)))
          .catch(() => undefined);
      },
    };
    return new Session(core, {
      id,
      serial,
      statistics: this.#statistics,
      parse: (sql) => this.#parse(sql),
      publish: () => this.#keepBooks((db) => this.#statistics.flush(db)),
      described: () => described,
      ended: () => {
        this.#sessions.delete(id);
        this.#keepBooks((db) => leaveSession(db, backend.pid)).catch(() => undefined);
      },
    });
  }

  /** Writes that are nobody's statement: no reason for a new SCN. */
  #keepBooks(work: (db: Database) => Promise<void>): Promise<void> {
    return this.control.exclusive(async (db) => {
      await db.query('BEGIN');
      try {
        await work(db);
        const { rows } = await db.query<{ xid: string }>('SELECT pg_current_xact_id()::text AS xid');
        this.#services?.scn.ignore(BigInt(rows[0]?.xid ?? 0));
        await db.query('COMMIT');
      } catch (error) {
        await db.query('ROLLBACK');
        throw error;
      }
    });
  }

  #parse(sql: string): Statement {
    const known = this.#parsed.get(sql);
    if (known !== undefined) return known;
    const statement = parseStatement(sql);
    if (this.#parsed.size >= MAX_PARSED) this.#parsed.delete(this.#parsed.keys().next().value ?? '');
    this.#parsed.set(sql, statement);
    return statement;
  }

  async #isTable(schema: string, name: string): Promise<boolean> {
    const key = JSON.stringify([schema, name]);
    const known = this.#tables.get(key);
    if (known !== undefined) return known;
    const { rowCount } = await this.control.query(
      `SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
        WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')`,
      [schema, name],
    );
    this.#tables.set(key, rowCount === 1);
    return rowCount === 1;
  }
}
