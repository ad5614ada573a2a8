/**
 * Oracle's transactions on a connection of PostgreSQL: they begin by themselves, a statement that fails leaves them as
 * they were before it, and a session that neither wrote nor has a cursor open holds none.
 */

import { OraError } from '../ora-error.ts';
import type { Backend } from './backend.ts';
import { oracleError } from './errors.ts';
import type { Answer, Command } from './pipeline.ts';
import {
  backToGuard,
  begin,
  type Effect,
  guard,
  type HeldCursor,
  lockedCommand,
  release,
  savepointName,
  type TransactionMode,
  wroteCommand,
} from './transaction-parts.ts';

export type CallState = {
  /** Set by a cancel request: nothing more is begun for this call. */
  cancelled: boolean;
};

type Savepoint = { readonly name: string; readonly cursors: ReadonlySet<HeldCursor> };

export class Transaction {
  readonly #backend: Backend;
  readonly #cursors = new Set<HeldCursor>();
  /** Runs behind every rollback: settings of the session are not part of a transaction. */
  readonly #restore: () => readonly Command[];
  #savepoints: Savepoint[] = [];
  #wrote = false;
  #open = false;
  #mode: TransactionMode = 'read committed';
  #defaultMode: TransactionMode = 'read committed';
  #call: CallState = { cancelled: false };

  constructor(backend: Backend, restore: () => readonly Command[]) {
    this.#backend = backend;
    this.#restore = restore;
  }

  /** Oracle's view: something was written or locked. */
  get active(): boolean {
    return this.#wrote;
  }

  get mode(): TransactionMode {
    return this.#mode;
  }

  /** What a cancel request at this moment is for. */
  beginCall(call: CallState): void {
    this.#call = call;
  }

  /** One statement, whole or not at all; `settle` is to follow. @returns answers of `commands` */
  async statement(commands: readonly Command[], effect: Effect): Promise<readonly Answer[]> {
    this.#checkCall();
    const check =
      effect === 'reads' || this.#wrote ? [] : [effect === 'locks' ? lockedCommand : wroteCommand];
    const after = this.#open ? [release] : [];
    try {
      const first = this.#open ? guard : begin(this.#mode);
      const answers = await this.#backend.send([first, ...commands, ...check, ...after]);
      this.#open = true;
      if (check.length > 0) this.#wrote = answers[1 + commands.length]?.rows[0]?.[0] === 't';
      return answers.slice(1, 1 + commands.length);
    } catch (error) {
      await this.#undo();
      throw error;
    }
  }

  /** The columns that a query would give; it is not executed. */
  async describe(sql: string): Promise<Answer['fields']> {
    const wasOpen = this.#open;
    if (wasOpen) await this.#tidy([guard]);
    try {
      const [answer] = await this.#backend.send([{ describe: sql }]);
      if (wasOpen) await this.#tidy([release]);
      return answer?.fields ?? [];
    } catch (error) {
      if (wasOpen) await this.#undo();
      throw error;
    }
  }

  /** Begins a statement that takes several exchanges: `within`, then `leave` or `undo`. */
  async enter(): Promise<void> {
    await this.#tidy(this.#open ? [guard] : [begin(this.#mode), guard]);
    this.#open = true;
  }

  async within(commands: readonly Command[]): Promise<readonly Answer[]> {
    this.#checkCall();
    return this.#backend.send(commands);
  }

  async leave(): Promise<void> {
    const check = this.#wrote ? [] : [wroteCommand];
    const answers = await this.#tidy([...check, release]);
    if (check.length > 0) this.#wrote = answers[0]?.rows[0]?.[0] === 't';
  }

  async undo(): Promise<void> {
    await this.#undo();
    await this.settle();
  }

  /** Between `enter` and `leave`: takes back what was done since a savepoint of the caller's, which is gone then. */
  async undoTo(savepoint: string): Promise<void> {
    await this.#tidy([
      { text: `ROLLBACK TO SAVEPOINT ${savepoint}` },
      { text: `RELEASE SAVEPOINT ${savepoint}` },
      ...this.#restore(),
    ]);
  }

  /** Ends PostgreSQL's transaction when Oracle's session has nothing that needs it. `first`: to be done before. */
  async settle(first: readonly Command[] = []): Promise<void> {
    const done = this.#open && !this.#isNeeded();
    const commands = done ? [...first, { text: 'COMMIT' }] : first;
    if (commands.length === 0) return;
    if (done) this.#ended();
    await this.#tidy(commands);
  }

  async commit(): Promise<void> {
    const wasOpen = this.#open;
    this.#savepoints = [];
    for (const cursor of this.#cursors) {
      if (cursor.locksRows) this.#break(cursor);
      else cursor.held = true;
    }
    const wrote = this.#wrote;
    this.#ended();
    if (!wasOpen) return;
    try {
      await this.#tidy([{ text: 'COMMIT' }]);
    } catch (error) {
      // PostgreSQL rolled back: a deferred constraint, or another transaction in the way.
      for (const cursor of this.#cursors) this.#break(cursor);
      if (!wrote) throw error;
      const cause = oracleError(error, { text: '' });
      throw cause.number === 3113 || cause.number === 28
        ? cause
        : new OraError(2091, `transaction rolled back\n${cause.message}`, { cause });
    }
  }

  async rollback(): Promise<void> {
    this.#savepoints = [];
    if (!this.#wrote) {
      await this.commit();
      return;
    }
    this.#breakUnheld(new Set());
    this.#ended();
    await this.#tidy([{ text: 'ROLLBACK' }, ...this.#restore()]);
  }

  async savepoint(name: string): Promise<void> {
    const opening = this.#open ? [] : [begin(this.#mode)];
    // Without the guard of statements: its release would take the savepoint along.
    await this.#tidy([...opening, { text: `SAVEPOINT ${savepointName(name)}` }]);
    this.#open = true;
    this.#savepoints = this.#savepoints.filter((each) => each.name !== name);
    this.#savepoints.push({ name, cursors: new Set(this.#cursors) });
  }

  async rollbackTo(name: string): Promise<void> {
    const index = this.#savepoints.findIndex((each) => each.name === name);
    const savepoint = this.#savepoints[index];
    if (savepoint === undefined) {
      throw new OraError(1086, `savepoint '${name}' never established in this session or is invalid`);
    }
    this.#savepoints.length = index + 1;
    this.#breakUnheld(savepoint.cursors);
    await this.#tidy([{ text: `ROLLBACK TO SAVEPOINT ${savepointName(name)}` }, ...this.#restore()]);
  }

  /** SET TRANSACTION: its snapshot is taken now. @throws OraError 1453 */
  async setMode(mode: TransactionMode): Promise<void> {
    if (this.#wrote || (this.#open && this.#mode !== 'read committed')) {
      throw new OraError(1453, 'SET TRANSACTION must be first statement of transaction');
    }
    if (mode === 'read committed') return;
    // What PostgreSQL has open for cursors ends; they keep their rows.
    await this.commit();
    this.#mode = mode;
    await this.statement([{ text: 'SELECT pg_current_snapshot()' }], 'reads');
  }

  /** ALTER SESSION SET ISOLATION_LEVEL. */
  setDefaultMode(mode: TransactionMode): void {
    this.#defaultMode = mode;
    if (!this.#open) this.#mode = mode;
  }

  /** Something for the rest of the transaction was said: it goes on until it is ended. */
  keep(): void {
    this.#wrote = true;
  }

  addCursor(cursor: HeldCursor): void {
    this.#cursors.add(cursor);
  }

  removeCursor(cursor: HeldCursor): void {
    this.#cursors.delete(cursor);
  }

  /** Rows of a cursor. With nothing else to lose a failure needs no savepoint. */
  async fetch(cursor: HeldCursor, command: Command): Promise<Answer> {
    this.#checkCall();
    const guarded = this.#open && (this.#cursors.size > 1 || this.#hasWork());
    try {
      const answers = await this.#backend.send(guarded ? [guard, command, release] : [command]);
      return answers[guarded ? 1 : 0] as Answer;
    } catch (error) {
      this.#break(cursor);
      if (guarded) await this.#undo();
      else if (this.#open) await this.#abandon();
      throw error;
    }
  }

  #isNeeded(): boolean {
    return this.#hasWork() || [...this.#cursors].some((cursor) => !cursor.held);
  }

  /** Cursors apart. */
  #hasWork(): boolean {
    return this.#wrote || this.#mode !== 'read committed' || this.#savepoints.length > 0;
  }

  async #undo(): Promise<void> {
    if (!this.#open) {
      await this.#abandon();
      return;
    }
    await this.#tidy([backToGuard, release, ...this.#restore()]);
  }

  /** A transaction with nothing in it but what failed. */
  async #abandon(): Promise<void> {
    this.#open = false;
    await this.#tidy([{ text: 'ROLLBACK' }, ...this.#restore()]);
  }

  #ended(): void {
    this.#wrote = false;
    this.#open = false;
    this.#mode = this.#defaultMode;
  }

  #breakUnheld(kept: ReadonlySet<HeldCursor>): void {
    for (const cursor of this.#cursors) if (!cursor.held && !kept.has(cursor)) this.#break(cursor);
  }

  #break(cursor: HeldCursor): void {
    cursor.broken = new OraError(1002, 'fetch out of sequence');
    this.#cursors.delete(cursor);
  }

  /** @throws OraError 1013 when the call was cancelled between two exchanges */
  #checkCall(): void {
    if (this.#call.cancelled) throw new OraError(1013, 'user requested cancel of current operation');
  }

  /** What must not be left half done. */
  #tidy(commands: readonly Command[]): Promise<readonly Answer[]> {
    return this.#backend.send(commands, { cancel: 'never' });
  }
}
