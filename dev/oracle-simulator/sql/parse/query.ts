import type {
  CommonTable,
  Expression,
  GroupItem,
  Query,
  QueryBody,
  Select,
  SelectItem,
  SetOperation,
} from '../ast.ts';
import { failure, unsupported } from '../errors.ts';
import { nodesOf } from '../walk.ts';
import { orderItems } from './call.ts';
import { condition, expression } from './expression.ts';
import { tableReferences } from './from.ts';
import {
  accept,
  acceptOne,
  acceptSymbol,
  advance,
  commaList,
  expect,
  inParentheses,
  isName,
  isSymbol,
  name,
  nameList,
  nested,
  offsetOf,
  type Parser,
  peek,
  sees,
} from './parser.ts';
import { nameOfText } from './select-names.ts';

const maxSetOperations = 1000;

/** A query: what may stand at the top, in parentheses, and behind INSERT and CREATE VIEW. Without FOR UPDATE. */
export function query(p: Parser): Query {
  return nested(p, () => {
    const tables = accept(p, 'WITH') ? commonTables(p) : [];
    const body = setOperations(p);
    const ordered = accept(p, 'ORDER');
    if (ordered && accept(p, 'SIBLINGS')) throw unsupported('hierarchical queries', offsetOf(p));
    if (ordered) expect(p, 'BY', 924);
    const orderBy = ordered ? orderItems(p) : [];
    const skip = rowsToSkip(p);
    return { with: tables, body, orderBy, skip, fetch: rowsToFetch(p), forUpdate: null };
  });
}

function commonTables(p: Parser): CommonTable[] {
  if (sees(p, 'FUNCTION') || sees(p, 'PROCEDURE')) throw unsupported('PL/SQL in WITH', offsetOf(p));
  return commaList(p, () => {
    const table = name(p);
    p.commonTables.add(table);
    const columns = isSymbol(peek(p), '(') ? nameList(p) : [];
    expect(p, 'AS');
    const inner = inParentheses(p, () => query(p));
    const clause = acceptOne(p, 'SEARCH', 'CYCLE');
    if (clause !== null) throw unsupported(`${clause} clause`, offsetOf(p));
    return { name: table, columns, query: inner };
  });
}

function setOperations(p: Parser): QueryBody {
  let left = queryTerm(p);
  for (let count = 0; ; count++) {
    const operator = setOperator(p);
    if (operator === null) return left;
    if (count >= maxSetOperations)
      throw failure(3001, offsetOf(p), `more than ${maxSetOperations} set operators`);
    const offset = offsetOf(p);
    const right = queryTerm(p);
    checkWidths(left, right, offset);
    left = { kind: 'set', operator, left, right };
  }
}

function setOperator(p: Parser): SetOperation['operator'] | null {
  const word = acceptOne(p, 'UNION', 'INTERSECT', 'MINUS');
  const all = word !== null && accept(p, 'ALL');
  if (all && word !== 'UNION') throw unsupported(`${word} ALL`, offsetOf(p));
  return all ? 'UNION ALL' : word;
}

function queryTerm(p: Parser): QueryBody {
  if (isSymbol(peek(p), '(')) {
    return { kind: 'nested', query: inParentheses(p, () => query(p)) };
  }
  return select(p);
}

function checkWidths(left: QueryBody, right: QueryBody, offset: number): void {
  const [a, b] = [widthOf(left), widthOf(right)];
  if (a !== null && b !== null && a !== b) throw failure(1789, offset);
}

/** How many columns; null with a `*`. */
function widthOf(body: QueryBody): number | null {
  if (body.kind === 'nested') return widthOf(body.query.body);
  if (body.kind === 'set') return widthOf(body.right);
  return body.items.some(({ kind }) => kind === 'star') ? null : body.items.length;
}

function select(p: Parser): Select {
  const offset = offsetOf(p);
  expect(p, 'SELECT', 928);
  const distinct = acceptOne(p, 'DISTINCT', 'UNIQUE') !== null;
  if (!distinct) accept(p, 'ALL');
  const readInto = p.readInto;
  p.readInto = null;
  const items = commaList(p, () => selectItem(p));
  if (readInto !== null) readInto(p);
  return selectBehindItems(p, { distinct, items, offset });
}

export type SelectStart = Pick<Select, 'distinct' | 'items' | 'offset'>;

/** From FROM on. @throws OraError 923 */
export function selectBehindItems(p: Parser, start: SelectStart): Select {
  expect(p, 'FROM', 923);
  const from = tableReferences(p);
  const where = accept(p, 'WHERE') ? condition(p) : null;
  const levels = connectBy(p, from.length === 1 && where === null);
  if (levels !== null && !isDual(from[0])) throw unsupported('hierarchical queries', start.offset);
  if (levels === null) refuseLevel(start.items);
  const groupBy = grouping(p);
  const having = accept(p, 'HAVING') ? condition(p) : null;
  const clause = acceptOne(p, 'MODEL', 'MATCH_RECOGNIZE', 'PIVOT', 'UNPIVOT', 'QUALIFY', 'WINDOW');
  if (clause !== null) throw unsupported(`${clause} clause`, offsetOf(p));
  return { kind: 'select', ...start, from, where, groupBy, having, levels };
}

function refuseLevel(items: readonly SelectItem[]): void {
  for (const item of items) {
    if (item.kind === 'star') continue;
    for (const node of nodesOf(item.value)) if (node.kind === 'level') throw failure(1788, node.offset);
  }
}

function isDual(reference: Select['from'][number] | undefined): boolean {
  return reference?.kind === 'table' && reference.table.name === 'DUAL';
}

/** `CONNECT BY LEVEL <= n` (or ROWNUM): rows out of nothing. Real hierarchies are refused. */
function connectBy(p: Parser, alone: boolean): Expression | null {
  const offset = offsetOf(p);
  if (sees(p, 'START', 'WITH')) throw unsupported('hierarchical queries', offset);
  if (!accept(p, 'CONNECT')) return null;
  expect(p, 'BY', 924);
  const generated = condition(p);
  if (!alone || generated.kind !== 'compare') throw unsupported('hierarchical queries', offset);
  const { left, operator, right } = generated;
  const counter = left.kind === 'rownum' || left.kind === 'level';
  if (!counter || (operator !== '<=' && operator !== '<')) throw unsupported('hierarchical queries', offset);
  if (operator === '<=') return right;
  return { kind: 'binary', operator: '-', left: right, right: { kind: 'number', text: '1' } };
}

export function selectItem(p: Parser): SelectItem {
  const start = peek(p);
  if (acceptSymbol(p, '*')) return { kind: 'star', table: [], offset: start.offset };
  const qualified = qualifiedStar(p);
  if (qualified !== null) return { kind: 'star', table: qualified, offset: start.offset };
  const value = expression(p);
  const end = peek(p, -1).end;
  const alias = columnAlias(p);
  return { kind: 'value', value, name: alias ?? nameOf(value, p.text.slice(start.offset, end)) };
}

/** `t.*`, `schema.t.*`. */
function qualifiedStar(p: Parser): string[] | null {
  const path: string[] = [];
  for (let ahead = 0; isName(peek(p, ahead)) && isSymbol(peek(p, ahead + 1), '.'); ahead += 2) {
    path.push(peek(p, ahead).value);
    if (!isSymbol(peek(p, ahead + 2), '*')) continue;
    p.at += ahead + 3;
    return path;
  }
  return null;
}

function columnAlias(p: Parser): string | null {
  if (accept(p, 'AS')) return name(p, 923);
  return isName(peek(p)) && !sees(p, 'BULK', 'COLLECT') ? advance(p).value : null;
}

function nameOf(value: Expression, text: string): string {
  if (value.kind === 'column') return value.path.at(-1) ?? '';
  if (value.kind === 'rowid') return 'ROWID';
  return value.kind === 'sequence' ? value.value : nameOfText(text);
}

function grouping(p: Parser): GroupItem[] {
  if (!accept(p, 'GROUP')) return [];
  expect(p, 'BY', 924);
  return commaList(p, () => groupItem(p));
}

function groupItem(p: Parser): GroupItem {
  const called = isSymbol(peek(p, 1), '(');
  if (called && (accept(p, 'ROLLUP') || accept(p, 'CUBE'))) {
    const kind = peek(p, -1).value === 'CUBE' ? 'cube' : 'rollup';
    return { kind, items: inParentheses(p, () => commaList(p, () => groupSet(p))) };
  }
  if (sees(p, 'GROUPING', 'SETS')) {
    p.at += 2;
    return { kind: 'sets', sets: inParentheses(p, () => commaList(p, () => groupSet(p))) };
  }
  return { kind: 'value', value: expression(p) };
}

function groupSet(p: Parser): readonly Expression[] {
  if (isSymbol(peek(p), '(') && isSymbol(peek(p, 1), ')')) {
    p.at += 2;
    return [];
  }
  const value = expression(p);
  return value.kind === 'row' ? value.items : [value];
}

function rowsToSkip(p: Parser): Expression | null {
  if (!accept(p, 'OFFSET')) return null;
  const count = expression(p);
  if (acceptOne(p, 'ROW', 'ROWS') === null) throw failure(905, offsetOf(p));
  return count;
}

function rowsToFetch(p: Parser): Query['fetch'] {
  if (!accept(p, 'FETCH')) return null;
  if (acceptOne(p, 'FIRST', 'NEXT') === null) throw failure(905, offsetOf(p));
  const count: Expression = sees(p, 'ROW') || sees(p, 'ROWS') ? { kind: 'number', text: '1' } : expression(p);
  if (sees(p, 'PERCENT')) throw unsupported('FETCH … PERCENT', offsetOf(p));
  if (acceptOne(p, 'ROW', 'ROWS') === null) throw failure(905, offsetOf(p));
  if (accept(p, 'ONLY')) return { count, withTies: false };
  expect(p, 'WITH');
  expect(p, 'TIES');
  return { count, withTies: true };
}
