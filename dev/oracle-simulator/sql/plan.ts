import type { Argument, AsOf, Expression, Query, TableName, Wait } from './ast.ts';
import type { Ddl } from './ddl-plan.ts';
import type { DmlPlan } from './dml-plan.ts';

/** What a statement is to do: `Statement.plan`. All parts are plain data; `render` turns them into PostgreSQL's SQL. */
export type StatementPlan =
  | QueryPlan
  | DmlPlan
  | BlockPlan
  | TransactionPlan
  | SessionPlan
  | LockPlan
  | DdlPlan;

export type QueryPlan = {
  readonly kind: 'query';
  readonly query: Query;
  /** FOR UPDATE. `wait.kind` 'seconds' is not in the rendered text: set lock_timeout. */
  readonly locksRows: boolean;
  readonly wait: Wait;
  /** FOR UPDATE of one plain table: `render` with `rowIdentity` appends columns `tableoid`, `ctid` for LOB writes. */
  readonly lockedTable: TableName | null;
  /** Not in the rendered text: the caller sets the snapshot. Its expression: `renderExpression`. */
  readonly flashback: AsOf | null;
  /** Reads V$DATABASE or calls DBMS_FLASHBACK: the current SCN must be a held snapshot before it runs. */
  readonly asksScn: boolean;
  /** Oracle's names of the result's columns (PostgreSQL cuts names at 63 bytes); null with a `*` among them. */
  readonly columnNames: readonly string[] | null;
};

export type BlockPlan = {
  readonly kind: 'block';
  readonly steps: readonly BlockStep[];
  /** As in QueryPlan, for all of the block. */
  readonly asksScn: boolean;
};

/** One statement of an anonymous block, in order. Binds of expressions are indexes into Statement.binds. */
export type BlockStep =
  /**
   * `PROC(…)`, `PKG.PROC(…)`, `SCHEMA.PKG.PROC(…)`; also DBMS_SESSION, DBMS_APPLICATION_INFO, DBMS_OUTPUT. An
   * argument whose value is a `bind` may be OUT or IN OUT. `into`: of `CALL f(…) INTO :x`.
   */
  | {
      readonly kind: 'call';
      readonly procedure: readonly string[];
      readonly args: readonly Argument[];
      readonly into: number | null;
      readonly offset: number;
    }
  /** `:x := expression`. Function calls of packages render as `"PKG.FUNC"(…)`, found by search_path. */
  | { readonly kind: 'assign'; readonly bind: number; readonly value: Expression }
  | { readonly kind: 'selectInto'; readonly query: QueryPlan; readonly into: readonly number[] }
  /** With RETURNING: `into` has a bind per returned value. */
  | { readonly kind: 'dml'; readonly plan: DmlPlan; readonly into: readonly number[] }
  | { readonly kind: 'transaction'; readonly plan: TransactionPlan }
  | { readonly kind: 'raise'; readonly number: Expression; readonly text: Expression }
  | { readonly kind: 'null' };

export type TransactionPlan =
  | { readonly kind: 'transaction'; readonly action: 'commit' | 'rollback' }
  | { readonly kind: 'transaction'; readonly action: 'savepoint' | 'rollbackTo'; readonly name: string }
  | {
      readonly kind: 'transaction';
      readonly action: 'set';
      readonly mode: 'read only' | 'read write' | 'serializable' | 'read committed';
    }
  | {
      readonly kind: 'transaction';
      /** SET CONSTRAINTS; no names: all. */
      readonly action: 'constraints';
      readonly names: readonly TableName[];
      readonly mode: 'IMMEDIATE' | 'DEFERRED';
    };

export type SessionPlan =
  | {
      readonly kind: 'session';
      readonly action: 'set';
      /** Names upper case. Values as written: strings without their quotes, words in upper case. */
      readonly settings: readonly { readonly name: string; readonly value: string }[];
    }
  | { readonly kind: 'session'; readonly action: 'disableCommit' | 'enableCommit' };

export type LockPlan = {
  readonly kind: 'lock';
  readonly tables: readonly TableName[];
  readonly mode: 'ROW SHARE' | 'ROW EXCLUSIVE' | 'SHARE' | 'SHARE ROW EXCLUSIVE' | 'EXCLUSIVE';
  /** 'seconds' is not in the rendered text: set lock_timeout. */
  readonly wait: Wait;
};

/**
 * DDL. `render` gives one text that may hold several statements separated by semicolons, without parameters: to be sent
 * in the simple protocol, in one transaction. Users (`createUser`, `alterUser`, `dropUser`) are not rendered: the engine
 * executes them from the plan.
 */
export type DdlPlan = { readonly kind: 'ddl'; readonly ddl: Ddl };
