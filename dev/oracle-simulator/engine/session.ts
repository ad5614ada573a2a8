/** One session of Oracle's: what types.ts promises, on a connection of PostgreSQL. */

import { OraError } from '../ora-error.ts';
import { render } from '../sql/render.ts';
import type {
  BindType,
  Cell,
  Column,
  DmlOptions,
  DmlResult,
  EngineSession,
  LobStore,
  Query,
  Statement,
} from '../types.ts';
import { alterSession, setTimeZone } from './alter-session.ts';
import { runBlock } from './block.ts';
import { type Core, planOf, renderContext } from './core.ts';
import { runDdl } from './ddl.ts';
import { runDml } from './dml.ts';
import type { ErrorContext } from './error-rules.ts';
import { oracleError } from './errors.ts';
import { flushLobs } from './lob-rows.ts';
import { explainDenial } from './privileges.ts';
import { openQuery } from './query.ts';
import { columnsOfQuery } from './query-columns.ts';
import { costOf, type Statistics } from './statistics.ts';
import type { CallState } from './transaction.ts';
import { commit, rollback, runLock, runTransaction } from './transaction-statement.ts';

export type SessionHost = {
  readonly id: number;
  readonly serial: number;
  readonly statistics: Statistics;
  parse(sql: string): Statement;
  /** Settles when V$SQL is up to date. */
  publish(): Promise<void>;
  /** Resolves when what the client said of itself is known to PostgreSQL. */
  described(): Promise<void>;
  ended(session: EngineSession): void;
};

/** Views that show what the engine keeps until somebody looks. */
const statisticsViews = /\bG?V_?\$SQL/i;

export class Session implements EngineSession {
  readonly id: number;
  readonly serial: number;
  readonly #core: Core;
  readonly #host: SessionHost;
  #call: CallState = { cancelled: false };
  #closing: Promise<void> | null = null;

  constructor(core: Core, host: SessionHost) {
    this.id = host.id;
    this.serial = host.serial;
    this.#core = core;
    this.#host = host;
  }

  get user(): string {
    return this.#core.user;
  }

  get lobs(): LobStore {
    return this.#core.lobs;
  }

  get inTransaction(): boolean {
    return this.#core.transaction.active;
  }

  parse(sql: string): Statement {
    return this.#host.parse(sql);
  }

  describe(statement: Statement, binds: readonly BindType[]): Promise<readonly Column[]> {
    const plan = planOf(statement);
    if (plan.kind !== 'query') return Promise.resolve([]);
    return this.#perform({ text: statement.text }, async () => {
      const { sql } = render(plan, renderContext(this.#core, binds));
      return await columnsOfQuery(this.#core, plan, await this.#core.transaction.describe(sql));
    });
  }

  async query(statement: Statement, binds: readonly BindType[], row: readonly Cell[]): Promise<Query> {
    const plan = planOf(statement);
    if (plan.kind !== 'query') throw notExecutable(statement);
    return await this.#statement(statement, async (account) => {
      const query = await openQuery(this.#core, plan, { statement, binds, row });
      account({ executions: 1 });
      return this.#accounted(query, statement);
    });
  }

  // biome-ignore lint/complexity/useMaxParams: as types.ts has it
  async dml(
    statement: Statement,
    binds: readonly BindType[],
    rows: readonly (readonly Cell[])[],
    options: DmlOptions,
  ): Promise<DmlResult> {
    const plan = planOf(statement);
    if (plan.kind !== 'dml') throw notExecutable(statement);
    return await this.#statement(statement, async (account) => {
      const result = await runDml(this.#core, { statement, plan, binds, rows, options });
      account({ executions: 1, rows: result.rowCounts.reduce((sum, count) => sum + count, 0) });
      return result;
    });
  }

  async block(
    statement: Statement,
    binds: readonly BindType[],
    row: readonly Cell[],
  ): Promise<readonly (Cell | undefined)[]> {
    const plan = planOf(statement);
    if (plan.kind !== 'block') throw notExecutable(statement);
    return await this.#statement(statement, async (account) => {
      const values = await runBlock(this.#core, plan, { statement, binds, row });
      account({ executions: 1 });
      return values;
    });
  }

  async other(statement: Statement): Promise<void> {
    const plan = planOf(statement);
    await this.#statement(statement, async (account) => {
      account({ executions: 1 });
      switch (plan.kind) {
        case 'transaction':
          return await runTransaction(this.#core, plan);
        case 'session':
          return await alterSession(this.#core, plan);
        case 'lock':
          return await runLock(this.#core, plan);
        case 'ddl':
          return await runDdl(this.#core, plan, statement.text);
        default:
          throw notExecutable(statement);
      }
    });
  }

  commit(): Promise<void> {
    return this.#perform({ text: '' }, () => commit(this.#core));
  }

  rollback(): Promise<void> {
    return this.#perform({ text: '' }, () => rollback(this.#core));
  }

  setTimeZone(offset: string): Promise<void> {
    return this.#perform({ text: '' }, () => setTimeZone(this.#core, offset));
  }

  describeClient(values: Readonly<Record<string, string>>): void {
    this.#core.describeClient(values);
  }

  async cancel(): Promise<void> {
    this.#call.cancelled = true;
    const { backend, readersAtWork } = this.#core;
    await Promise.all([backend.cancel(), ...[...readersAtWork].map((reader) => reader.cancel())]);
  }

  close(): Promise<void> {
    this.#closing ??= this.#end();
    return this.#closing;
  }

  async #end(): Promise<void> {
    const { backend, readersAtWork, lobs } = this.#core;
    this.#call.cancelled = true;
    await Promise.all([backend.close(), ...[...readersAtWork].map((reader) => reader.close())]);
    lobs.close();
    this.#host.ended(this);
  }

  /** A statement of the client's, with what it costs. */
  async #statement<T>(statement: Statement, work: (account: Account) => Promise<T>): Promise<T> {
    const startedAt = process.hrtime.bigint();
    return await this.#perform({ text: statement.text }, async () => {
      if (statisticsViews.test(statement.text)) await this.#host.publish();
      await flushLobs(this.#core);
      return await work((counts) => this.#account(statement, counts, startedAt));
    });
  }

  #account(statement: Statement, counts: Counts, startedAt: bigint): void {
    this.#host.statistics.record(costOf({ statement, user: this.user, startedAt, ...counts }));
  }

  /** Fetches count for the statement, and can be cancelled like its execution. */
  #accounted(query: Query, statement: Statement): Query {
    const context = { text: statement.text };
    return {
      columns: query.columns,
      fetch: (count) => {
        const startedAt = process.hrtime.bigint();
        return this.#perform(context, async () => {
          const page = await query.fetch(count);
          this.#account(statement, { fetches: 1, rows: page.rows.length }, startedAt);
          return page;
        });
      },
      close: () => this.#perform(context, () => query.close()),
    };
  }

  async #perform<T>(context: ErrorContext, work: () => Promise<T>): Promise<T> {
    if (this.#closing !== null) throw new OraError(1012, 'not logged on');
    const { backend, transaction } = this.#core;
    if (!backend.isOpen()) throw new OraError(28, 'your session has been killed');
    this.#call = { cancelled: false };
    transaction.beginCall(this.#call);
    try {
      await this.#host.described();
      return await work();
    } catch (error) {
      const meant = oracleError(error, context);
      if (meant.number === 3113 && !backend.isOpen())
        throw new OraError(28, 'your session has been killed', { cause: meant });
      throw await explainDenial(this.#core, meant);
    }
  }
}

type Counts = { readonly executions?: number; readonly fetches?: number; readonly rows?: number };
type Account = (counts: Counts) => void;

function notExecutable({ kind }: Statement): OraError {
  return new OraError(900, `invalid SQL statement (a ${kind} statement is executed otherwise)`);
}
