import type { Expression } from './ast.ts';
import type { BlockPlan, LockPlan, QueryPlan, SessionPlan, StatementPlan, TransactionPlan } from './plan.ts';
import { ddlTexts } from './render/ddl.ts';
import { dmlText } from './render/dml.ts';
import { expressionText } from './render/expression.ts';
import { queryText } from './render/query.ts';
import {
  commaJoined,
  quoted,
  type RenderContext,
  type Renderer,
  referenceName,
  tableText,
} from './render/renderer.ts';
import { typedOf } from './render/values.ts';

export type Rendered = {
  readonly sql: string;
  /** `$k` is the value of bind `params[k - 1]`. */
  readonly params: readonly number[];
};

/** Blocks are executed step by step, ALTER SESSION by the engine. */
export type RenderablePlan = Exclude<StatementPlan, BlockPlan | SessionPlan>;

/**
 * A statement in PostgreSQL's SQL. DDL: one text of one or more statements separated by semicolons, without parameters;
 * it may be empty when there is nothing to do.
 * @throws OraError 439, 904, 918, 1867 with what cannot be rendered; TypeError for plans of users.
 */
export function render(plan: RenderablePlan, context: RenderContext): Rendered {
  const r = createRenderer(context);
  return { sql: planText(r, plan), params: r.params };
}

/** An expression by itself, to be selected: AS OF's, or a value of a block. */
export function renderExpression(value: Expression, context: RenderContext): Rendered {
  const r = createRenderer(context);
  return { sql: typedOf(r, value), params: r.params };
}

function createRenderer(context: RenderContext): Renderer {
  const grammar = {
    query: (r: Renderer, query: QueryPlan['query']) => queryText(r, query),
    expression: expressionText,
  };
  return { context, params: [], scopes: [], commonTables: new Set(), grammar };
}

function planText(r: Renderer, plan: RenderablePlan): string {
  switch (plan.kind) {
    case 'query':
      return queryText(r, plan.query, identityItems(r, plan));
    case 'dml':
      return dmlText(r, plan);
    case 'transaction':
      return transactionText(plan);
    case 'lock':
      return lockText(plan);
    case 'ddl':
      return ddlTexts(r, plan.ddl).join(';\n');
  }
}

/** Table and place of the rows of a query that locks one table. */
function identityItems(r: Renderer, { query, lockedTable }: QueryPlan): readonly string[] {
  if (r.context.rowIdentity !== 'append' || lockedTable === null || query.body.kind !== 'select') return [];
  const [reference] = query.body.from;
  const name = reference === undefined ? null : referenceName(reference);
  return name === null ? [] : [`${quoted(name)}.tableoid`, `${quoted(name)}.ctid`];
}

/** Oracle's SERIALIZABLE is one snapshot and no more. */
const modes = {
  'read only': 'ISOLATION LEVEL REPEATABLE READ, READ ONLY',
  'read write': 'ISOLATION LEVEL READ COMMITTED, READ WRITE',
  serializable: 'ISOLATION LEVEL REPEATABLE READ',
  'read committed': 'ISOLATION LEVEL READ COMMITTED',
} as const;

function transactionText(plan: TransactionPlan): string {
  switch (plan.action) {
    case 'commit':
      return 'COMMIT';
    case 'rollback':
      return 'ROLLBACK';
    case 'savepoint':
      return `SAVEPOINT ${quoted(plan.name)}`;
    case 'rollbackTo':
      return `ROLLBACK TO SAVEPOINT ${quoted(plan.name)}`;
    case 'set':
      return `SET TRANSACTION ${modes[plan.mode]}`;
    case 'constraints':
      return `SET CONSTRAINTS ${plan.names.length === 0 ? 'ALL' : commaJoined(plan.names.map(tableText))} ${plan.mode}`;
  }
}

function lockText({ tables, mode, wait }: LockPlan): string {
  return `LOCK TABLE ${commaJoined(tables.map(tableText))} IN ${mode} MODE${wait.kind === 'nowait' ? ' NOWAIT' : ''}`;
}
