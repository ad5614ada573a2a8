import type { CompareOperator, Condition, Expression, Query } from '../ast.ts';
import { failure, unsupported } from '../errors.ts';
import { asCondition, asExpression } from '../parts.ts';
import {
  accept,
  acceptOne,
  acceptSymbol,
  advance,
  commaList,
  expect,
  inParentheses,
  isSymbol,
  nested,
  offsetOf,
  type Parser,
  peek,
  sees,
} from './parser.ts';
import { primary } from './primary.ts';
import { digits, intervalType } from './type.ts';

/**
 * Conditions and expressions in one grammar, as parentheses do not tell which is inside; the kind of the result is
 * checked where one of them must stand.
 */
export function operand(p: Parser): Expression | Condition {
  return nested(p, () => disjunction(p));
}

export function expression(p: Parser): Expression {
  const offset = offsetOf(p);
  return asExpression(
    nested(p, () => disjunction(p)),
    offset,
  );
}

export function condition(p: Parser): Condition {
  const offset = offsetOf(p);
  return asCondition(
    nested(p, () => disjunction(p)),
    offset,
  );
}

type Operand = Expression | Condition;

function disjunction(p: Parser): Operand {
  return joined(p, 'OR', conjunction);
}

function conjunction(p: Parser): Operand {
  return joined(p, 'AND', negation);
}

function joined(p: Parser, word: 'AND' | 'OR', production: (p: Parser) => Operand): Operand {
  const start = offsetOf(p);
  const first = production(p);
  if (!sees(p, word)) return first;
  const items = [asCondition(first, start)];
  while (accept(p, word)) {
    const offset = offsetOf(p);
    items.push(asCondition(production(p), offset));
  }
  return { kind: word === 'AND' ? 'and' : 'or', items };
}

function negation(p: Parser): Operand {
  if (!accept(p, 'NOT')) return predicate(p);
  const offset = offsetOf(p);
  return {
    kind: 'not',
    item: asCondition(
      nested(p, () => negation(p)),
      offset,
    ),
  };
}

function predicate(p: Parser): Operand {
  if (sees(p, 'EXISTS') && isSymbol(peek(p, 1), '(')) {
    advance(p);
    return { kind: 'exists', query: inParentheses(p, () => p.grammar.query(p)) };
  }
  const offset = offsetOf(p);
  let left = sum(p);
  for (;;) {
    const tested = test(p, left, offset);
    if (tested === null) return left;
    left = tested;
  }
}

/** What follows an expression and makes a condition of it; null: nothing. */
function test(p: Parser, left: Operand, offset: number): Condition | null {
  const operator = comparison(p);
  if (operator !== null) return compared(p, asExpression(left, offset), operator);
  if (accept(p, 'IS')) return isTest(p, asExpression(left, offset));
  const negated = sees(p, 'NOT') && isTestWord(p);
  if (negated) advance(p);
  if (accept(p, 'IN')) return inTest(p, asExpression(left, offset), negated);
  if (accept(p, 'BETWEEN')) {
    const value = asExpression(left, offset);
    const low = part(p);
    expect(p, 'AND');
    return { kind: 'between', negated, value, low, high: part(p) };
  }
  if (accept(p, 'LIKE')) {
    const value = asExpression(left, offset);
    const pattern = part(p);
    return { kind: 'like', negated, value, pattern, escapedBy: accept(p, 'ESCAPE') ? part(p) : null };
  }
  const variant = acceptOne(p, 'LIKEC', 'LIKE2', 'LIKE4', 'MEMBER', 'SUBMULTISET');
  if (variant !== null) throw unsupported(variant, offset);
  return null;
}

function isTestWord(p: Parser): boolean {
  const next = peek(p, 1);
  return next.kind === 'word' && ['IN', 'BETWEEN', 'LIKE'].includes(next.value);
}

const comparisons: Readonly<Record<string, CompareOperator>> = {
  '=': '=',
  '<>': '<>',
  '!=': '<>',
  '^=': '<>',
  '<': '<',
  '<=': '<=',
  '>': '>',
  '>=': '>=',
};

function comparison(p: Parser): CompareOperator | null {
  const token = peek(p);
  const operator = token.kind === 'symbol' ? comparisons[token.value] : undefined;
  if (operator === undefined) return null;
  advance(p);
  return operator;
}

function compared(p: Parser, left: Expression, operator: CompareOperator): Condition {
  const quantifier = acceptOne(p, 'ANY', 'SOME', 'ALL');
  if (quantifier === null) return { kind: 'compare', operator, left, right: part(p) };
  const right = listOrQuery(p);
  return { kind: 'quantified', operator, quantifier: quantifier === 'ALL' ? 'ALL' : 'ANY', left, right };
}

function isTest(p: Parser, value: Expression): Condition {
  const negated = accept(p, 'NOT');
  if (accept(p, 'NULL')) return { kind: 'isNull', negated, value };
  const what = acceptOne(p, 'NAN', 'INFINITE');
  if (what === null) throw failure(908, offsetOf(p));
  return { kind: 'isFloat', negated, value, what };
}

function inTest(p: Parser, left: Expression, negated: boolean): Condition {
  if (isSymbol(peek(p), '(')) return { kind: 'in', negated, left, right: listOrQuery(p) };
  return { kind: 'in', negated, left, right: [part(p)] };
}

function listOrQuery(p: Parser): readonly Expression[] | Query {
  return inParentheses(p, () => {
    if (sees(p, 'SELECT') || sees(p, 'WITH')) return p.grammar.query(p);
    const items = commaList(p, () => expression(p));
    const only = items[0];
    // ((SELECT …)): parentheses around a query, not a scalar subquery.
    if (items.length === 1 && only?.kind === 'subquery') return only.query;
    return items;
  });
}

/** An operand of a comparison. */
function part(p: Parser): Expression {
  const offset = offsetOf(p);
  return asExpression(sum(p), offset);
}

/** An expression that no comparison may follow inside, as behind AS OF. */
export const simpleExpression = part;

const maxChain = 1000;

type BinaryOperator = '+' | '-' | '*' | '/' | '||';

function sum(p: Parser): Operand {
  return chain(p, ['+', '-', '||'], product);
}

function product(p: Parser): Operand {
  return chain(p, ['*', '/'], factor);
}

function chain(p: Parser, operators: readonly BinaryOperator[], production: (p: Parser) => Operand): Operand {
  const start = offsetOf(p);
  let left = production(p);
  for (let length = 0; ; length++) {
    const token = peek(p);
    const operator = operators.find((each) => isSymbol(token, each));
    if (operator === undefined) return left;
    if (length >= maxChain) throw failure(3001, token.offset, `more than ${maxChain} operators in a row`);
    advance(p);
    const offset = offsetOf(p);
    const right = asExpression(production(p), offset);
    left = { kind: 'binary', operator, left: asExpression(left, start), right };
  }
}

function factor(p: Parser): Operand {
  const offset = offsetOf(p);
  if (acceptSymbol(p, '-')) {
    return {
      kind: 'minus',
      operand: asExpression(
        nested(p, () => factor(p)),
        offset,
      ),
    };
  }
  if (acceptSymbol(p, '+'))
    return asExpression(
      nested(p, () => factor(p)),
      offset,
    );
  if (sees(p, 'PRIOR') || sees(p, 'CONNECT_BY_ROOT')) throw unsupported('hierarchical queries', offset);
  let value = primary(p);
  for (;;) {
    const followed = suffix(p, value, offset);
    if (followed === null) return value;
    value = followed;
  }
}

/** AT TIME ZONE, AT LOCAL, DAY TO SECOND. */
function suffix(p: Parser, value: Operand, offset: number): Expression | null {
  if (isSymbol(peek(p), '(') && isSymbol(peek(p, 1), '+') && isSymbol(peek(p, 2), ')')) {
    throw unsupported('outer join operator (+)', offsetOf(p));
  }
  if (accept(p, 'AT', 'LOCAL'))
    return { kind: 'atTimeZone', operand: asExpression(value, offset), zone: null };
  if (accept(p, 'AT', 'TIME', 'ZONE')) {
    const start = offsetOf(p);
    const zone = asExpression(primary(p), start);
    return { kind: 'atTimeZone', operand: asExpression(value, offset), zone };
  }
  if (!followsIntervalQualifier(p)) return null;
  return { kind: 'asInterval', operand: asExpression(value, offset), type: intervalType(p) };
}

/** `DAY [(n)] TO SECOND`: nothing else, as DAY and YEAR may be aliases. */
function followsIntervalQualifier(p: Parser): boolean {
  const first = peek(p);
  if (first.kind !== 'word' || (first.value !== 'DAY' && first.value !== 'YEAR')) return false;
  const at = p.at;
  advance(p);
  if (isSymbol(peek(p), '(') && peek(p, 1).kind === 'number') digits(p, 2);
  const qualifies = sees(p, 'TO', first.value === 'DAY' ? 'SECOND' : 'MONTH');
  p.at = at;
  return qualifies;
}
