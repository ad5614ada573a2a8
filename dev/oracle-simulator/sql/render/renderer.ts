import type { BindType } from '../../types.ts';
import type { Expression, Query, TableName, TableReference } from '../ast.ts';

export type RenderContext = {
  /** By index of Statement.binds. One that is not there counts as VARCHAR2. */
  readonly binds: readonly BindType[];
  readonly user: string;
  /** Schema of names without one: DDL names functions in it. */
  readonly schema: string;
  /** Queries with a `lockedTable`, DML with RETURNING: columns `tableoid`, `ctid` behind the others. */
  readonly rowIdentity?: 'append';
};

/** What the names of one query block stand for. */
export type Scope = {
  readonly from: readonly TableReference[];
  /** CONNECT BY LEVEL. */
  readonly levels: boolean;
};

/** The state of one rendering. */
export type Renderer = {
  readonly context: RenderContext;
  /** `$k` is bind `params[k - 1]`; each place has its own, as PostgreSQL types each by its place. */
  readonly params: number[];
  /** Innermost last. */
  readonly scopes: Scope[];
  readonly commonTables: Set<string>;
  readonly grammar: RenderGrammar;
};

/** Renderings that contain one another across files. */
export type RenderGrammar = {
  readonly query: (r: Renderer, query: Query) => string;
  readonly expression: (r: Renderer, value: Expression) => string;
};

/** `"Name"`. */
export function quoted(name: string): string {
  return `"${name.replaceAll('"', '""')}"`;
}

/** `'text'`, whatever standard_conforming_strings says of backslashes is on: PostgreSQL's default. */
export function literal(text: string): string {
  return `'${text.replaceAll("'", "''")}'`;
}

const dynamicView = /^G?V\$/;

/** A table as it is found by search_path; `V$X` are views `V_$X` of SYS. */
export function tableText(table: TableName): string {
  const { schema, name } = table;
  if (dynamicView.test(name) && (schema === null || schema === 'SYS' || schema === 'PUBLIC')) {
    return `"SYS".${quoted(name.replace('V$', 'V_$'))}`;
  }
  return schema === null ? quoted(name) : `${quoted(schema)}.${quoted(name)}`;
}

/** What a table reference is called in its query; null: nothing. */
export function referenceName(reference: TableReference): string | null {
  if (reference.kind === 'join') return null;
  if (reference.alias !== null) return reference.alias;
  return reference.kind === 'table' ? reference.table.name : null;
}

/** The tables of a FROM list, those inside joins among them. */
export function flatReferences(from: readonly TableReference[]): TableReference[] {
  return from.flatMap((each) => (each.kind === 'join' ? flatReferences([each.left, each.right]) : [each]));
}

export function withScope<T>(r: Renderer, scope: Scope, render: () => T): T {
  r.scopes.push(scope);
  const result = render();
  r.scopes.pop();
  return result;
}

/** A new place for a bind. */
export function parameter(r: Renderer, index: number): string {
  return `$${r.params.push(index)}`;
}

export function commaJoined(items: readonly string[]): string {
  return items.join(', ');
}
