import type { OracleType } from '../types.ts';
import type { Condition, Expression, Query, TableName, TriggerEvent } from './ast.ts';
import type { DmlPlan } from './dml-plan.ts';

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
  | { readonly kind: 'createSequence'; readonly name: TableName; readonly options: SequenceOptions }
  | {
      readonly kind: 'alterSequence';
      readonly name: TableName;
      readonly options: SequenceOptions;
      /** From `startWith` on, or from where it began. */
      readonly restart: boolean;
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
      readonly kind: 'alterTrigger';
      readonly name: TableName;
      readonly action: 'ENABLE' | 'DISABLE' | 'COMPILE';
    }
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
