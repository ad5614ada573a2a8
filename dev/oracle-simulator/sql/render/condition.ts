import type { Condition, Expression, Query } from '../ast.ts';
import { kindOf } from './kinds.ts';
import { commaJoined, type Renderer } from './renderer.ts';
import { placeOf, placeText } from './rowid.ts';
import { numberOf, textOf, typedOf } from './values.ts';

/** A condition as PostgreSQL's. */
export function conditionText(r: Renderer, condition: Condition): string {
  switch (condition.kind) {
    case 'and':
    case 'or':
      return condition.items.map((item) => itemText(r, item)).join(` ${condition.kind.toUpperCase()} `);
    case 'not':
      return `NOT ${inParentheses(conditionText(r, condition.item))}`;
    case 'compare':
      return comparedText(r, condition);
    case 'quantified':
      return quantifiedText(r, condition);
    case 'in':
      return inText(r, condition);
    case 'between':
      return betweenText(r, condition);
    case 'like':
      return likeText(r, condition);
    case 'isNull':
      return `${nullTested(r, condition.value)} IS ${condition.negated ? 'NOT ' : ''}NULL`;
    case 'isFloat':
      return isFloatText(r, condition);
    case 'exists':
      return `EXISTS (${r.grammar.query(r, condition.query)})`;
    case 'regexpLike':
      return `oracle.regexp_like(${commaJoined(condition.args.map((value) => textOf(r, value)))})`;
    case 'firing':
      return `TG_OP = '${condition.event}'`;
  }
}

function inParentheses(text: string): string {
  return `(${text})`;
}

function itemText(r: Renderer, item: Condition): string {
  const text = conditionText(r, item);
  return item.kind === 'and' || item.kind === 'or' ? inParentheses(text) : text;
}

/** The sides of a comparison: text meets numbers as a number, ROWIDs meet as places. */
function sidesText(r: Renderer, left: Expression, right: Expression): readonly [string, string] {
  if (placeText(r, left) !== null || placeText(r, right) !== null)
    return [placeOf(r, left), placeOf(r, right)];
  const kinds = [kindOf(r, left), kindOf(r, right)];
  if (kinds.includes('number') && kinds.includes('text')) return [numberOf(r, left), numberOf(r, right)];
  // Two untyped sides would be compared as text anyway, but PostgreSQL asks for the type of binds.
  if (kinds[0] === 'text' && kinds[1] === 'text') return [typedOf(r, left), r.grammar.expression(r, right)];
  return [r.grammar.expression(r, left), r.grammar.expression(r, right)];
}

function comparedText(
  r: Renderer,
  { operator, left, right }: Extract<Condition, { kind: 'compare' }>,
): string {
  return sidesText(r, left, right).join(` ${operator} `);
}

function betweenText(r: Renderer, condition: Extract<Condition, { kind: 'between' }>): string {
  const { negated, value, low, high } = condition;
  const [left, from] = sidesText(r, value, low);
  const [again, to] = sidesText(r, value, high);
  if (left === again) return `${left} ${negated ? 'NOT ' : ''}BETWEEN ${from} AND ${to}`;
  const both = `(${left} >= ${from} AND ${again} <= ${to})`;
  return negated ? `NOT ${both}` : both;
}

function isQuery(right: readonly Expression[] | Query): right is Query {
  return !Array.isArray(right);
}

function inText(r: Renderer, { negated, left, right }: Extract<Condition, { kind: 'in' }>): string {
  const word = negated ? 'NOT IN' : 'IN';
  const place = placeText(r, left);
  if (isQuery(right)) {
    if (place !== null) return placesText(r, { place, negated, query: right });
    return `${typedOf(r, left)} ${word} (${r.grammar.query(r, right)})`;
  }
  if (place !== null) return `${place} ${word} (${commaJoined(right.map((value) => placeOf(r, value)))})`;
  const kinds = right.map((value) => kindOf(r, value));
  const leftKind = kindOf(r, left);
  const asNumbers =
    (leftKind === 'text' && kinds.includes('number')) || (leftKind === 'number' && kinds.includes('text'));
  const side = (value: Expression) => (asNumbers ? numberOf(r, value) : r.grammar.expression(r, value));
  const values = commaJoined(right.map(side));
  return `${asNumbers ? numberOf(r, left) : typedLeft(r, left)} ${word} (${values})`;
}

function typedLeft(r: Renderer, left: Expression): string {
  return left.kind === 'bind' ? typedOf(r, left) : r.grammar.expression(r, left);
}

/** An array of places, so that the rows are fetched by them. */
function placesText(
  r: Renderer,
  { place, negated, query }: { place: string; negated: boolean; query: Query },
): string {
  const inner = `SELECT oracle.rowid_ctid(q.r::text) FROM (${r.grammar.query(r, query)}) AS q(r)`;
  const found = `${place} = ANY (ARRAY(${inner}))`;
  return negated ? `NOT (${found})` : found;
}

function quantifiedText(r: Renderer, condition: Extract<Condition, { kind: 'quantified' }>): string {
  const { operator, quantifier, left, right } = condition;
  const leftText = typedOf(r, left);
  if (isQuery(right)) return `${leftText} ${operator} ${quantifier} (${r.grammar.query(r, right)})`;
  const each = right.map((value) => `${leftText} ${operator} ${r.grammar.expression(r, value)}`);
  return inParentheses(each.join(quantifier === 'ALL' ? ' AND ' : ' OR '));
}

/** Without ESCAPE nothing escapes: PostgreSQL's backslash is switched off. */
function likeText(r: Renderer, condition: Extract<Condition, { kind: 'like' }>): string {
  const { negated, value, pattern, escapedBy } = condition;
  const [text, like] = [textOf(r, value), textOf(r, pattern)];
  const escaped = escapedBy === null ? "''" : textOf(r, escapedBy);
  return `${text} ${negated ? 'NOT ' : ''}LIKE ${like} ESCAPE ${escaped}`;
}

function nullTested(r: Renderer, value: Expression): string {
  return placeText(r, value) ?? typedOf(r, value);
}

function isFloatText(r: Renderer, { value, what, negated }: Extract<Condition, { kind: 'isFloat' }>): string {
  const text = numberOf(r, value);
  const tested =
    what === 'NAN'
      ? `(${text})::double precision = 'NaN'::double precision`
      : `abs((${text})::double precision) = 'Infinity'::double precision`;
  return negated ? `NOT (${tested})` : `(${tested})`;
}
