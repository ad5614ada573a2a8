import { aggregateSpec } from './aggregates.ts';
import type { Condition, Expression } from './ast.ts';

/** Looks at nodes of expressions and conditions. Subqueries are places of their own: not entered. */

type Node = Expression | Condition;

/** The node itself and all below it, subqueries' contents left out. */
export function* nodesOf(node: Node): Generator<Node> {
  yield node;
  for (const child of childrenOf(node)) yield* nodesOf(child);
}

export function containsAggregate(node: Node): boolean {
  return some(node, isAggregate);
}

export function containsRownum(node: Node): boolean {
  return some(node, ({ kind }) => kind === 'rownum');
}

export function some(node: Node, test: (node: Node) => boolean): boolean {
  for (const each of nodesOf(node)) if (test(each)) return true;
  return false;
}

function isAggregate(node: Node): boolean {
  if (node.kind !== 'call' || node.over !== null || node.path.length !== 1) return false;
  const spec = aggregateSpec(node.path[0] ?? '');
  return spec !== null && !spec.analyticOnly;
}

const isNode = (value: unknown): value is Node =>
  typeof value === 'object' && value !== null && 'kind' in value && typeof value.kind === 'string';

/** Nodes directly below. The tree is plain data, so its shape is walked instead of every kind being listed. */
function* childrenOf(node: object): Generator<Node> {
  for (const [key, value] of Object.entries(node)) {
    if (key === 'query' || typeof value !== 'object' || value === null) continue;
    for (const each of Array.isArray(value) ? (value as unknown[]) : [value]) {
      if (typeof each !== 'object' || each === null || 'body' in each) continue;
      if (isNode(each)) yield each;
      else yield* childrenOf(each);
    }
  }
}

/** A copy with every expression that `replace` gives something for replaced; subqueries stay as they are. */
export function substitute<T extends Node>(node: T, replace: (each: Expression) => Expression | null): T {
  return copy(node, replace) as T;
}

function copy(value: unknown, replace: (each: Expression) => Expression | null): unknown {
  if (Array.isArray(value)) return value.map((each) => copy(each, replace));
  if (typeof value !== 'object' || value === null || 'body' in value) return value;
  if (isNode(value)) {
    const replaced = replace(value as Expression);
    if (replaced !== null) return replaced;
  }
  return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, copy(each, replace)]));
}

/** Equal for what is written the same; two binds are the same when their names are. */
export function shapeOf(node: unknown): string {
  return JSON.stringify(node, (key, value: unknown) =>
    key === 'index' || key === 'offset' ? undefined : value,
  );
}
