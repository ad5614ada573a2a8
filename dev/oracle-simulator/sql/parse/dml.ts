import type {
  Assignment,
  Delete,
  DmlPlan,
  Insert,
  InsertValue,
  Merge,
  Returning,
  Update,
} from '../dml-plan.ts';
import { failure, unsupported } from '../errors.ts';
import { condition, expression } from './expression.ts';
import { tableAlias, tableFactor } from './from.ts';
import {
  accept,
  acceptOne,
  acceptSymbol,
  bindIndex,
  commaList,
  expect,
  expectSymbol,
  inParentheses,
  isSymbol,
  name,
  offsetOf,
  type Parser,
  peek,
  sees,
  tableName,
} from './parser.ts';
import { query, selectItem } from './query.ts';
import { refuseFlashback } from './query-plan.ts';

/** INSERT, UPDATE, DELETE, MERGE; `readInto` takes the targets of RETURNING. */
export function dmlPlan(p: Parser, readInto: (p: Parser) => void): DmlPlan {
  const statement = dmlStatement(p);
  const returning = statement.kind === 'merge' ? [] : returningItems(p, readInto);
  if (sees(p, 'LOG', 'ERRORS')) throw unsupported('LOG ERRORS', offsetOf(p));
  refuseFlashback(p);
  const whole = statement.kind === 'merge' ? statement : { ...statement, returning };
  return { kind: 'dml', statement: whole, table: statement.table, returning: returning.length };
}

function dmlStatement(p: Parser): DmlPlan['statement'] {
  const word = acceptOne(p, 'INSERT', 'UPDATE', 'DELETE', 'MERGE');
  switch (word) {
    case 'INSERT':
      return insert(p);
    case 'UPDATE':
      return update(p);
    case 'DELETE':
      return deletion(p);
    case 'MERGE':
      return merge(p);
    default:
      throw failure(900, offsetOf(p));
  }
}

function target(p: Parser): Pick<Insert, 'table' | 'alias'> {
  if (isSymbol(peek(p), '(')) throw unsupported('DML on a subquery', offsetOf(p));
  const table = tableName(p);
  if (sees(p, 'PARTITION')) throw unsupported('DML on a partition', offsetOf(p));
  return { table, alias: tableAlias(p) };
}

function insert(p: Parser): Insert {
  if (sees(p, 'ALL') || sees(p, 'FIRST')) throw unsupported(`INSERT ${peek(p).value}`, offsetOf(p));
  expect(p, 'INTO', 925);
  const into = target(p);
  const columns = isSymbol(peek(p), '(') && !holdsSelect(p) ? insertColumns(p) : [];
  if (!accept(p, 'VALUES')) {
    if (!sees(p, 'SELECT') && !sees(p, 'WITH') && !isSymbol(peek(p), '(')) throw failure(926, offsetOf(p));
    return { kind: 'insert', ...into, columns, source: { kind: 'query', query: query(p) }, returning: [] };
  }
  const values = insertValues(p, columns.length);
  return { kind: 'insert', ...into, columns, source: { kind: 'values', values }, returning: [] };
}

function holdsSelect(p: Parser): boolean {
  let ahead = 0;
  while (isSymbol(peek(p, ahead), '(')) ahead++;
  const first = peek(p, ahead);
  return first.kind === 'word' && (first.value === 'SELECT' || first.value === 'WITH');
}

function insertColumns(p: Parser): string[] {
  const offset = offsetOf(p);
  const columns = inParentheses(p, () => commaList(p, () => lastName(p)));
  if (new Set(columns).size < columns.length) throw failure(957, offset);
  return columns;
}

/** A column that may have its table in front. */
function lastName(p: Parser): string {
  let last = name(p);
  while (acceptSymbol(p, '.')) last = name(p);
  return last;
}

function insertValues(p: Parser, columns: number): InsertValue[] {
  const offset = offsetOf(p);
  const values = inParentheses(p, () => commaList(p, () => valueOrDefault(p)));
  if (columns > 0 && values.length < columns) throw failure(947, offset);
  if (columns > 0 && values.length > columns) throw failure(913, offset);
  return values;
}

function valueOrDefault(p: Parser): InsertValue {
  return accept(p, 'DEFAULT') ? 'default' : expression(p);
}

function update(p: Parser): Update {
  const of = target(p);
  expect(p, 'SET', 971);
  const set = assignments(p);
  return { kind: 'update', ...of, set, where: where(p), returning: [] };
}

function assignments(p: Parser): Assignment[] {
  return commaList(p, () => assignment(p));
}

function assignment(p: Parser): Assignment {
  if (sees(p, 'ROW') || sees(p, 'VALUE')) throw unsupported(`SET ${peek(p).value}`, offsetOf(p));
  if (!isSymbol(peek(p), '(')) {
    const column = lastName(p);
    expectSymbol(p, '=');
    return { kind: 'value', column, value: valueOrDefault(p) };
  }
  const columns = inParentheses(p, () => commaList(p, () => lastName(p)));
  expectSymbol(p, '=');
  return { kind: 'query', columns, query: inParentheses(p, () => query(p)) };
}

function where(p: Parser): Update['where'] {
  if (!accept(p, 'WHERE')) return null;
  if (sees(p, 'CURRENT', 'OF')) throw unsupported('WHERE CURRENT OF', offsetOf(p));
  return condition(p);
}

function deletion(p: Parser): Delete {
  accept(p, 'FROM');
  const of = target(p);
  return { kind: 'delete', ...of, where: where(p), returning: [] };
}

function merge(p: Parser): Merge {
  expect(p, 'INTO', 925);
  const into = target(p);
  expect(p, 'USING', 2012);
  const source = tableFactor(p);
  expect(p, 'ON', 969);
  const on = inParentheses(p, () => condition(p));
  let matched: Merge['update'] = null;
  let missing: Merge['insert'] = null;
  while (accept(p, 'WHEN')) {
    if (accept(p, 'NOT')) missing = mergeInsert(p);
    else matched = mergeUpdate(p);
  }
  if (matched === null && missing === null) throw failure(905, offsetOf(p));
  return { kind: 'merge', ...into, source, on, update: matched, insert: missing };
}

function mergeUpdate(p: Parser): Merge['update'] {
  for (const word of ['MATCHED', 'THEN', 'UPDATE']) expect(p, word);
  expect(p, 'SET', 971);
  const set = assignments(p);
  const condition = where(p);
  const deleteWhere = accept(p, 'DELETE') ? where(p) : null;
  return { set, where: condition, deleteWhere };
}

function mergeInsert(p: Parser): Merge['insert'] {
  for (const word of ['MATCHED', 'THEN', 'INSERT']) expect(p, word);
  const columns = isSymbol(peek(p), '(') ? insertColumns(p) : [];
  expect(p, 'VALUES', 926);
  const values = insertValues(p, columns.length);
  return { columns, values, where: where(p) };
}

function returningItems(p: Parser, readInto: (p: Parser) => void): Returning {
  if (acceptOne(p, 'RETURNING', 'RETURN') === null) return [];
  const offset = offsetOf(p);
  const items = commaList(p, () => selectItem(p));
  if (sees(p, 'BULK')) throw unsupported('BULK COLLECT', offsetOf(p));
  readInto(p);
  return items.map((item) => {
    if (item.kind === 'star') throw failure(936, offset);
    return { value: item.value, name: item.name };
  });
}

/** `INTO :a, :b`. @returns indexes of the binds. */
export function bindTargets(p: Parser): number[] {
  expect(p, 'INTO', 925);
  return commaList(p, () => {
    const token = peek(p);
    if (token.kind !== 'bind') throw failure(936, token.offset);
    p.at++;
    return bindIndex(p, token);
  });
}
