/** INSERT, UPDATE, DELETE and MERGE, as `StatementPlan` has them. */
import type { Condition, Expression, Query, TableName, TableReference } from './ast.ts';

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
