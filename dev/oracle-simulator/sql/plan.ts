import type { OracleType } from '../types.ts';
import type {
  Argument,
  AsOf,
  Condition,
  Expression,
  Query,
  TableName,
  TableReference,
  TriggerEvent,
  Wait,
} from './ast.ts';

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

export type DmlPlan = {
  readonly kind: 'dml';
  readonly statement: Insert | Update | Delete | Merge;
  readonly table: TableName;
  /** How many values RETURNING gives; they are the columns of the rendered statement's rows. */
  readonly returning: number;
};

export type Returning = readonly { readonly value: Expression; readonly name: string }[];

/** `null` as a value: DEFAULT. */
export type InsertValue = Expression | 'default';

export type Insert = {
  readonly kind: 'insert';
  readonly table: TableName;
  readonly alias: string | null;
  readonly columns: readonly string[];
  readonly source:
    | { readonly kind: 'values'; readonly values: readonly InsertValue[] }
    | { readonly kind: 'query'; readonly query: Query };
  readonly returning: Returning;
};

export type Assignment =
  | { readonly kind: 'value'; readonly column: string; readonly value: InsertValue }
  | { readonly kind: 'query'; readonly columns: readonly string[]; readonly query: Query };

export type Update = {
  readonly kind: 'update';
  readonly table: TableName;
  readonly alias: string | null;
  readonly set: readonly Assignment[];
  readonly where: Condition | null;
  readonly returning: Returning;
};

export type Delete = {
  readonly kind: 'delete';
  readonly table: TableName;
  readonly alias: string | null;
  readonly where: Condition | null;
  readonly returning: Returning;
};

export type Merge = {
  readonly kind: 'merge';
  readonly table: TableName;
  readonly alias: string | null;
  readonly source: TableReference;
  readonly on: Condition;
  readonly update: {
    readonly set: readonly Assignment[];
    readonly where: Condition | null;
    readonly deleteWhere: Condition | null;
  } | null;
  readonly insert: {
    readonly columns: readonly string[];
    readonly values: readonly InsertValue[];
    readonly where: Condition | null;
  } | null;
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

export type Ddl =
  | CreateTable
  | AlterTable
  | {
      readonly kind: 'dropObject';
      readonly object: 'TABLE' | 'VIEW' | 'INDEX' | 'SEQUENCE' | 'TRIGGER' | 'SYNONYM';
      readonly name: TableName;
      readonly cascade: boolean;
    }
  | {
      readonly kind: 'createIndex';
      readonly name: TableName;
      readonly unique: boolean;
      readonly table: TableName;
      readonly columns: readonly { readonly value: Expression; readonly direction: 'ASC' | 'DESC' }[];
    }
  | {
      readonly kind: 'createView';
      readonly name: TableName;
      readonly columns: readonly string[];
      readonly query: Query;
      readonly replace: boolean;
      readonly readOnly: boolean;
    }
  | {
      readonly kind: 'createSequence' | 'alterSequence';
      readonly name: TableName;
      readonly options: SequenceOptions;
    }
  | { readonly kind: 'truncate'; readonly table: TableName; readonly cascade: boolean }
  | {
      readonly kind: 'comment';
      readonly table: TableName;
      /** null: of the table or view. */
      readonly column: string | null;
      readonly text: string;
    }
  | { readonly kind: 'rename'; readonly from: TableName; readonly to: string }
  | CreateTrigger
  | {
      readonly kind: 'createSynonym';
      readonly name: TableName;
      readonly target: TableName;
      readonly replace: boolean;
    }
  | { readonly kind: 'createUser'; readonly user: string; readonly password: string }
  | {
      readonly kind: 'alterUser';
      readonly user: string;
      readonly password: string | null;
      readonly account: 'LOCK' | 'UNLOCK' | null;
    }
  | { readonly kind: 'dropUser'; readonly user: string; readonly cascade: boolean }
  | {
      readonly kind: 'grantObject' | 'revokeObject';
      readonly privileges: readonly ObjectPrivilege[];
      readonly object: TableName;
      /** Upper case; PUBLIC is one. */
      readonly grantees: readonly string[];
      readonly grantable: boolean;
    }
  | {
      readonly kind: 'grantSystem' | 'revokeSystem';
      /** `CREATE SESSION`, `SELECT ANY TABLE`, or a role: `CONNECT`. */
      readonly privileges: readonly string[];
      readonly grantees: readonly string[];
      readonly grantable: boolean;
    };

/** `SELECT`, `UPDATE` (with columns), `ALL`, `EXECUTE`, `FLASHBACK` … */
export type ObjectPrivilege = { readonly privilege: string; readonly columns: readonly string[] };

/** Whole numbers as text: Oracle's go to 28 digits. null: not given; 'none': NOMAXVALUE and so on. */
export type SequenceOptions = {
  readonly startWith: string | null;
  readonly incrementBy: string | null;
  readonly minValue: string | null;
  readonly maxValue: string | null;
  readonly cycle: boolean;
  readonly cache: string | null;
};

/** A column as declared: what describe and the dictionary report. */
export type DeclaredColumn = {
  readonly name: string;
  readonly type: OracleType;
};

export type ColumnDefinition = DeclaredColumn & {
  readonly default: Expression | null;
  /** DEFAULT ON NULL. */
  readonly defaultOnNull: boolean;
  readonly identity: Identity | null;
  readonly constraints: readonly TableConstraint[];
  /** GENERATED ALWAYS AS (…) VIRTUAL. */
  readonly virtual: Expression | null;
};

export type Identity = {
  readonly when: 'ALWAYS' | 'BY DEFAULT' | 'BY DEFAULT ON NULL';
  readonly options: SequenceOptions;
};

export type TableConstraint = {
  readonly name: string | null;
  readonly rule: ConstraintRule;
  readonly deferrable: 'no' | 'immediate' | 'deferred';
  readonly disabled: boolean;
};

export type ConstraintRule =
  | { readonly kind: 'null' | 'notNull' }
  | { readonly kind: 'primaryKey' | 'unique'; readonly columns: readonly string[] }
  | { readonly kind: 'check'; readonly condition: Condition; readonly text: string }
  | {
      readonly kind: 'foreignKey';
      readonly columns: readonly string[];
      readonly table: TableName;
      /** Empty: its primary key. */
      readonly references: readonly string[];
      readonly onDelete: 'NO ACTION' | 'CASCADE' | 'SET NULL';
    };

export type CreateTable = {
  readonly kind: 'createTable';
  readonly table: TableName;
  readonly columns: readonly ColumnDefinition[];
  readonly constraints: readonly TableConstraint[];
  /** AS SELECT: no columns are declared, or their names only. */
  readonly query: Query | null;
  readonly columnNames: readonly string[];
  /** Columns as declared, in order. Empty with AS SELECT. */
  readonly declared: readonly DeclaredColumn[];
};

export type AlterTable = {
  readonly kind: 'alterTable';
  readonly table: TableName;
  readonly actions: readonly AlterAction[];
  /** Added and modified columns as they are declared now. */
  readonly declared: readonly DeclaredColumn[];
};

export type AlterAction =
  | { readonly kind: 'addColumn'; readonly column: ColumnDefinition }
  | { readonly kind: 'addConstraint'; readonly constraint: TableConstraint }
  /** Parts that are not given stay: type null, default undefined. */
  | {
      readonly kind: 'modifyColumn';
      readonly name: string;
      readonly type: OracleType | null;
      readonly default?: Expression;
      readonly constraints: readonly TableConstraint[];
    }
  | { readonly kind: 'dropColumn'; readonly name: string; readonly cascade: boolean }
  | { readonly kind: 'renameColumn'; readonly from: string; readonly to: string }
  | { readonly kind: 'dropConstraint'; readonly name: string; readonly cascade: boolean }
  | { readonly kind: 'dropPrimaryKey'; readonly cascade: boolean }
  | { readonly kind: 'dropUnique'; readonly columns: readonly string[] }
  | { readonly kind: 'renameConstraint'; readonly from: string; readonly to: string }
  | { readonly kind: 'renameTable'; readonly to: string };

export type CreateTrigger = {
  readonly kind: 'createTrigger';
  readonly name: TableName;
  readonly replace: boolean;
  readonly timing: 'BEFORE' | 'AFTER';
  readonly events: readonly TriggerEvent[];
  /** UPDATE OF columns; empty: all. */
  readonly updateOf: readonly string[];
  readonly table: TableName;
  readonly when: Condition | null;
  readonly variables: readonly TriggerVariable[];
  readonly body: readonly TriggerStatement[];
};

export type TriggerVariable = {
  readonly name: string;
  readonly type: OracleType | { readonly like: TableName; readonly column: string };
  readonly value: Expression | null;
};

export type TriggerTarget = { readonly row: 'NEW' | null; readonly name: string };

export type TriggerStatement =
  | {
      readonly kind: 'if';
      readonly branches: readonly {
        readonly when: Condition;
        readonly body: readonly TriggerStatement[];
      }[];
      readonly otherwise: readonly TriggerStatement[];
    }
  | { readonly kind: 'assign'; readonly target: TriggerTarget; readonly value: Expression }
  | { readonly kind: 'selectInto'; readonly query: Query; readonly into: readonly TriggerTarget[] }
  | { readonly kind: 'dml'; readonly plan: DmlPlan; readonly into: readonly TriggerTarget[] }
  | { readonly kind: 'raise'; readonly number: Expression; readonly text: Expression }
  | { readonly kind: 'null' };
