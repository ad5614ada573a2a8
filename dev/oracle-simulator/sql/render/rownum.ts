import type { Condition, Expression, Query, Select } from '../ast.ts';
import { unsupported } from '../errors.ts';
import { containsAggregate, containsRownum } from '../walk.ts';
import type { Renderer } from './renderer.ts';
import { numberOf, rowCountOf } from './values.ts';

/** `ROWNUM <= n` beside other conditions: how many rows, and what else is asked. */
export type RowLimit = {
  readonly rest: Condition | null;
  readonly limits: readonly Limit[];
};

type Limit = { readonly count: Expression; readonly operator: '<' | '<=' | '=' } | 'none';

const turned = { '<': '>', '<=': '>=', '>': '<', '>=': '<=', '=': '=', '<>': '<>' } as const;

/** Takes conditions on ROWNUM out. @throws OraError 439 where they are no limit */
export function splitRownum(where: Condition | null): RowLimit {
  if (where === null) return { rest: null, limits: [] };
  const items = where.kind === 'and' ? where.items : [where];
  const limits: Limit[] = [];
  const others: Condition[] = [];
  for (const item of items) {
    if (containsRownum(item)) limits.push(...limitsOf(item));
    else others.push(item);
  }
  const [only] = others;
  const rest = others.length > 1 ? ({ kind: 'and', items: others } as const) : (only ?? null);
  return { rest, limits };
}

function limitsOf(item: Condition): Limit[] {
  if (
    item.kind === 'between' &&
    item.value.kind === 'rownum' &&
    !item.negated &&
    !containsRownum(item.high)
  ) {
    return isAtMostOne(item.low) ? [{ count: item.high, operator: '<=' }] : ['none'];
  }
  if (item.kind !== 'compare') throw refused(item);
  const flipped = item.right.kind === 'rownum';
  const [rownum, bound] = flipped ? [item.right, item.left] : [item.left, item.right];
  const operator = flipped ? turned[item.operator] : item.operator;
  if (rownum.kind !== 'rownum' || containsRownum(bound)) throw refused(item);
  switch (operator) {
    case '<':
    case '<=':
    case '=':
      return [{ count: bound, operator }];
    // The first row is number 1; while it is refused there is no second.
    case '>=':
      return isAtMostOne(bound) ? [] : ['none'];
    case '>':
      return isZero(bound) ? [] : ['none'];
    default:
      throw refused(item);
  }
}

function refused(item: Condition): Error {
  return unsupported(`ROWNUM in this condition (${item.kind})`, 0);
}

function isAtMostOne(value: Expression): boolean {
  if (value.kind !== 'number') throw unsupported('ROWNUM above an expression', 0);
  return Number(value.text) <= 1;
}

function isZero(value: Expression): boolean {
  if (value.kind !== 'number') throw unsupported('ROWNUM above an expression', 0);
  return Number(value.text) === 0;
}

/** What stands behind LIMIT. */
export function limitText(r: Renderer, limits: readonly Limit[]): string {
  const texts = limits.map((limit) => (limit === 'none' ? '0' : oneLimitText(r, limit)));
  return texts.length === 1 ? (texts[0] ?? '0') : `least(${texts.join(', ')})`;
}

function oneLimitText(r: Renderer, { count, operator }: Exclude<Limit, 'none'>): string {
  if (operator === '<=') return rowCountOf(r, count);
  if (operator === '=') {
    if (count.kind === 'number') return Number(count.text) === 1 ? '1' : '0';
    return `CASE WHEN ${rowCountOf(r, count)} = 1 THEN 1 ELSE 0 END`;
  }
  if (count.kind === 'number' && /^\d{1,18}$/.test(count.text))
    return String(Math.max(Number(count.text) - 1, 0));
  return `greatest(ceil(${numberOf(r, count)}) - 1, 0)::bigint`;
}

/** Whether rows must be limited before the rest of the block: its order, groups and duplicates. */
export function limitsFirst(select: Select, query: Query | null): boolean {
  return (
    select.distinct ||
    select.groupBy.length > 0 ||
    select.having !== null ||
    select.items.some((item) => item.kind === 'value' && containsAggregate(item.value)) ||
    (query !== null && (query.orderBy.length > 0 || query.fetch !== null || query.skip !== null))
  );
}
