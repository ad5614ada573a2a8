import type { Expression } from '../ast.ts';
import type { ColumnDefinition, CreateTable, Identity, TableConstraint } from '../ddl-plan.ts';
import { failure, unsupported } from '../errors.ts';
import { inlineConstraint, outOfLineConstraint, startsConstraint } from './constraint.ts';
import { expression } from './expression.ts';
import {
  accept,
  acceptOne,
  acceptSymbol,
  expect,
  inParentheses,
  isSymbol,
  isWord,
  name,
  offsetOf,
  type Parser,
  peek,
  sees,
  tableName,
} from './parser.ts';
import { query } from './query.ts';
import { sequenceOptions } from './sequence.ts';
import { skipAllStorage } from './storage.ts';
import { dataType } from './type.ts';

/** Behind CREATE TABLE. */
export function createTable(p: Parser): CreateTable {
  const table = tableName(p);
  if (sees(p, 'OF')) throw unsupported('object tables', offsetOf(p));
  const parts: Parts = { columns: [], constraints: [], columnNames: [] };
  if (acceptSymbol(p, '(')) relationalParts(p, parts);
  skipAllStorage(p);
  if (sees(p, 'PARTITION', 'BY')) throw unsupported('partitioned tables', offsetOf(p));
  const selected = accept(p, 'AS') ? query(p) : null;
  if (selected === null) requireTypes(parts, table.offset);
  checkNames(parts, table.offset);
  const declared = parts.columns.map(({ name, type }) => ({ name, type }));
  return { kind: 'createTable', table, ...parts, query: selected, declared };
}

type Parts = { columns: ColumnDefinition[]; constraints: TableConstraint[]; columnNames: string[] };

function relationalParts(p: Parser, parts: Parts): void {
  do {
    if (startsConstraint(p)) parts.constraints.push(outOfLineConstraint(p));
    else if (isSymbol(peek(p, 1), ',') || isSymbol(peek(p, 1), ')')) parts.columnNames.push(name(p));
    else parts.columns.push(columnDefinition(p));
  } while (acceptSymbol(p, ','));
  if (!acceptSymbol(p, ')')) throw failure(907, offsetOf(p));
}

/** Names alone are columns only when a query gives their types. */
function requireTypes(parts: Parts, offset: number): void {
  if (parts.columnNames.length > 0) throw failure(2263, offset);
  if (parts.columns.length === 0) throw failure(906, offset);
}

function checkNames(parts: Parts, offset: number): void {
  const names = [...parts.columns.map(({ name }) => name), ...parts.columnNames];
  if (new Set(names).size < names.length) throw failure(957, offset);
}

/** A column with its type, default and constraints. */
export function columnDefinition(p: Parser): ColumnDefinition {
  const column = name(p);
  const generated = isWord(peek(p), 'GENERATED', 'AS');
  if (generated && !sees(p, 'GENERATED', 'BY') && !identityFollows(p)) return virtualColumn(p, column);
  const type = dataType(p);
  const rest = columnRest(p, column);
  return { name: column, type, ...rest };
}

function identityFollows(p: Parser): boolean {
  return sees(p, 'GENERATED', 'ALWAYS', 'AS', 'IDENTITY');
}

function virtualColumn(p: Parser, column: string): never {
  throw unsupported(`virtual column ${column} without a type`, offsetOf(p));
}

type Rest = Pick<ColumnDefinition, 'default' | 'defaultOnNull' | 'identity' | 'constraints'> & {
  readonly virtual: Expression | null;
};

function columnRest(p: Parser, column: string): Rest {
  const rest = {
    default: null as Expression | null,
    defaultOnNull: false,
    identity: null as Identity | null,
  };
  let virtual: Expression | null = null;
  const constraints: TableConstraint[] = [];
  for (;;) {
    if (accept(p, 'DEFAULT')) {
      rest.defaultOnNull = accept(p, 'ON', 'NULL');
      rest.default = expression(p);
    } else if (sees(p, 'GENERATED') || (sees(p, 'AS') && isSymbol(peek(p, 1), '('))) {
      if (isVirtual(p)) virtual = virtualExpression(p);
      else rest.identity = identity(p);
    } else if (startsConstraint(p) || isWord(peek(p), 'NOT', 'NULL', 'REFERENCES')) {
      constraints.push(inlineConstraint(p, column));
    } else if (acceptOne(p, 'VISIBLE', 'ENABLE', 'SORT') === null) {
      if (isWord(peek(p), 'INVISIBLE', 'ENCRYPT')) throw unsupported(`${peek(p).value} columns`, offsetOf(p));
      return { ...rest, virtual, constraints };
    }
  }
}

function isVirtual(p: Parser): boolean {
  if (sees(p, 'AS')) return true;
  return sees(p, 'GENERATED', 'ALWAYS', 'AS') && isSymbol(peek(p, 3), '(');
}

function virtualExpression(p: Parser): Expression {
  accept(p, 'GENERATED', 'ALWAYS');
  expect(p, 'AS');
  const value = inParentheses(p, () => expression(p));
  accept(p, 'VIRTUAL');
  return value;
}

function identity(p: Parser): Identity {
  expect(p, 'GENERATED');
  let when: Identity['when'] = 'ALWAYS';
  if (accept(p, 'BY')) {
    expect(p, 'DEFAULT');
    when = accept(p, 'ON', 'NULL') ? 'BY DEFAULT ON NULL' : 'BY DEFAULT';
  } else accept(p, 'ALWAYS');
  expect(p, 'AS');
  expect(p, 'IDENTITY');
  const options = isSymbol(peek(p), '(') ? inParentheses(p, () => sequenceOptions(p)) : sequenceOptions(p);
  return { when, options };
}
