import type { Expression, TriggerEvent } from '../ast.ts';
import type { CreateTrigger, TriggerStatement, TriggerTarget, TriggerVariable } from '../ddl-plan.ts';
import { failure, unsupported } from '../errors.ts';
import { substitute } from '../walk.ts';
import { dmlPlan } from './dml.ts';
import { condition, expression } from './expression.ts';
import {
  accept,
  acceptOne,
  acceptSymbol,
  advance,
  commaList,
  expect,
  expectSymbol,
  inParentheses,
  isSymbol,
  isWord,
  name,
  nested,
  offsetOf,
  type Parser,
  peek,
  sees,
  tableName,
} from './parser.ts';
import { query } from './query.ts';
import { dataType } from './type.ts';

/** Behind CREATE [OR REPLACE] TRIGGER: a row trigger of a table, as change capture and key columns need it. */
export function createTrigger(p: Parser, how: 'create' | 'replace'): CreateTrigger {
  const trigger = tableName(p, 4070);
  const timing = acceptOne(p, 'BEFORE', 'AFTER');
  if (timing === null) throw unsupported(`${peek(p).value} triggers`, offsetOf(p));
  const fired = events(p);
  expect(p, 'ON', 969);
  if (isWord(peek(p), 'DATABASE', 'SCHEMA', 'NESTED')) throw unsupported('system triggers', offsetOf(p));
  const table = tableName(p);
  if (accept(p, 'REFERENCING')) referencing(p);
  if (!accept(p, 'FOR', 'EACH', 'ROW')) throw unsupported('statement triggers', offsetOf(p));
  if (isWord(peek(p), 'FOLLOWS', 'PRECEDES', 'DISABLE')) throw unsupported(peek(p).value, offsetOf(p));
  accept(p, 'ENABLE');
  const when = accept(p, 'WHEN') ? whenCondition(p) : null;
  const variables = accept(p, 'DECLARE') ? declarations(p) : [];
  expect(p, 'BEGIN', 4079);
  const body = statements(p, 'END');
  expect(p, 'END');
  if (peek(p).kind === 'word' || peek(p).kind === 'quoted') advance(p);
  expectSymbol(p, ';', 933);
  return {
    kind: 'createTrigger',
    name: trigger,
    replace: how === 'replace',
    timing,
    ...fired,
    table,
    when,
    variables,
    body,
  };
}

function events(p: Parser): Pick<CreateTrigger, 'events' | 'updateOf'> {
  const all: TriggerEvent[] = [];
  let updateOf: readonly string[] = [];
  do {
    const event = acceptOne(p, 'INSERT', 'UPDATE', 'DELETE');
    if (event === null) throw failure(4079, offsetOf(p));
    all.push(event);
    if (event === 'UPDATE' && accept(p, 'OF')) updateOf = commaList(p, () => name(p));
  } while (accept(p, 'OR'));
  return { events: all, updateOf };
}

function referencing(p: Parser): void {
  for (;;) {
    const row = acceptOne(p, 'NEW', 'OLD');
    if (row === null) {
      if (sees(p, 'PARENT')) throw unsupported('REFERENCING PARENT', offsetOf(p));
      return;
    }
    accept(p, 'AS');
    p.rowNames.set(name(p), row);
  }
}

/** WHEN has no colon in front of NEW and OLD: columns `NEW.x` become the row's. */
function whenCondition(p: Parser): CreateTrigger['when'] {
  return inParentheses(p, () =>
    substitute(condition(p), (each) => {
      const row =
        each.kind === 'column' && each.path.length === 2 ? p.rowNames.get(each.path[0] ?? '') : undefined;
      if (each.kind !== 'column' || row === undefined) return null;
      return { kind: 'triggerColumn', row, name: each.path[1] ?? '' };
    }),
  );
}

function declarations(p: Parser): TriggerVariable[] {
  const variables: TriggerVariable[] = [];
  while (!sees(p, 'BEGIN')) {
    if (isWord(peek(p), 'PRAGMA', 'CURSOR', 'TYPE', 'PROCEDURE', 'FUNCTION', 'EXCEPTION')) {
      throw unsupported(`${peek(p).value} in a trigger`, offsetOf(p));
    }
    const variable = name(p);
    const constant = accept(p, 'CONSTANT');
    const type = variableType(p);
    accept(p, 'NOT', 'NULL');
    const value = acceptSymbol(p, ':=') || accept(p, 'DEFAULT') ? expression(p) : null;
    if (constant && value === null) throw failure(6550, offsetOf(p), 'a constant without a value');
    expectSymbol(p, ';', 933);
    variables.push({ name: variable, type, value });
  }
  return variables;
}

/** A type, or `table.column%TYPE`. */
function variableType(p: Parser): TriggerVariable['type'] {
  if (!isSymbol(peek(p, 1), '.')) return dataType(p);
  const offset = offsetOf(p);
  const path = [name(p)];
  while (acceptSymbol(p, '.')) path.push(name(p));
  if (!acceptSymbol(p, '%') || !accept(p, 'TYPE')) throw failure(902, offset);
  const column = path.pop() ?? '';
  const [schema, table] = path.length > 1 ? [path[0], path[1]] : [null, path[0]];
  return { like: { schema: schema ?? null, name: table ?? '', offset }, column };
}

/** Statements up to one of these words, at least one. */
function statements(p: Parser, ...ends: readonly string[]): TriggerStatement[] {
  return nested(p, () => {
    const all: TriggerStatement[] = [];
    do all.push(...statement(p));
    while (!isWord(peek(p), ...ends));
    return all;
  });
}

function statement(p: Parser): readonly TriggerStatement[] {
  const token = peek(p);
  if (token.kind === 'end') throw failure(921, token.offset);
  if (accept(p, 'BEGIN')) {
    const inner = statements(p, 'END');
    expect(p, 'END');
    expectSymbol(p, ';', 933);
    return inner;
  }
  const single = simple(p);
  expectSymbol(p, ';', 933);
  return [single];
}

const constructs =
  'FOR WHILE LOOP CASE EXECUTE OPEN FETCH CLOSE RAISE RETURN EXCEPTION GOTO COMMIT ROLLBACK'.split(' ');

function simple(p: Parser): TriggerStatement {
  const token = peek(p);
  if (isWord(token, ...constructs)) throw unsupported(`${token.value} in a trigger`, token.offset);
  if (accept(p, 'NULL')) return { kind: 'null' };
  if (accept(p, 'IF')) return branches(p);
  if (isWord(token, 'SELECT', 'WITH')) return selectInto(p);
  if (isWord(token, 'INSERT', 'UPDATE', 'DELETE', 'MERGE')) return dml(p);
  if (accept(p, 'RAISE_APPLICATION_ERROR')) return raise(p);
  const to = target(p);
  if (!acceptSymbol(p, ':=')) throw unsupported(`a call of ${to.name} in a trigger`, token.offset);
  return { kind: 'assign', target: to, value: expression(p) };
}

function branches(p: Parser): TriggerStatement {
  const all = [branch(p)];
  while (accept(p, 'ELSIF')) all.push(branch(p));
  const otherwise = accept(p, 'ELSE') ? statements(p, 'END') : [];
  expect(p, 'END');
  expect(p, 'IF');
  return { kind: 'if', branches: all, otherwise };
}

function branch(p: Parser): Extract<TriggerStatement, { kind: 'if' }>['branches'][number] {
  const when = condition(p);
  expect(p, 'THEN');
  return { when, body: statements(p, 'ELSIF', 'ELSE', 'END') };
}

/** `:NEW.x` or a variable. */
function target(p: Parser): TriggerTarget {
  const token = peek(p);
  if (token.kind !== 'bind') return { row: null, name: name(p) };
  advance(p);
  if (p.rowNames.get(token.value) !== 'NEW') throw failure(4085, token.offset);
  expectSymbol(p, '.', 929);
  return { row: 'NEW', name: name(p) };
}

function targets(p: Parser): TriggerTarget[] {
  expect(p, 'INTO', 925);
  return commaList(p, () => target(p));
}

function selectInto(p: Parser): TriggerStatement {
  const offset = offsetOf(p);
  let into: TriggerTarget[] = [];
  p.readInto = (parser) => {
    into = targets(parser);
  };
  const selected = query(p);
  if (into.length === 0) throw failure(925, offset);
  return { kind: 'selectInto', query: selected, into };
}

function dml(p: Parser): TriggerStatement {
  let into: TriggerTarget[] = [];
  const plan = dmlPlan(p, (parser) => {
    into = targets(parser);
  });
  return { kind: 'dml', plan, into };
}

function raise(p: Parser): TriggerStatement {
  return inParentheses(p, () => {
    const number: Expression = expression(p);
    expectSymbol(p, ',');
    return { kind: 'raise', number, text: expression(p) };
  });
}
