import type { Condition, Expression } from './ast.ts';
import { failure } from './errors.ts';

/** Which kind of node stands where: conditions are no values in Oracle's SQL, and values are no conditions. */

const conditionKinds: ReadonlySet<string> = new Set<Condition['kind']>([
  'and',
  'or',
  'not',
  'compare',
  'quantified',
  'in',
  'between',
  'like',
  'isNull',
  'isFloat',
  'exists',
  'regexpLike',
  'firing',
]);

export function isCondition(node: Expression | Condition): node is Condition {
  return conditionKinds.has(node.kind);
}

/** @throws OraError 920 */
export function asCondition(node: Expression | Condition, offset: number): Condition {
  if (!isCondition(node)) throw failure(920, offset);
  return node;
}

/** @throws OraError 936 */
export function asExpression(node: Expression | Condition, offset: number): Expression {
  if (isCondition(node)) throw failure(936, offset);
  return node;
}
