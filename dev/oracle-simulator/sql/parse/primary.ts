import type { Condition, Expression } from '../ast.ts';
import { failure, unsupported } from '../errors.ts';
import { functionSpec, isOraclePackage, niladic } from '../functions.ts';
import { asCondition, asExpression } from '../parts.ts';
import { functionCall } from './call.ts';
import type { Token } from './lexer.ts';
import { datetimeLiteral } from './literal.ts';
import {
  accept,
  acceptOne,
  acceptSymbol,
  advance,
  bindIndex,
  expect,
  expectSymbol,
  inParentheses,
  isName,
  isSymbol,
  isWord,
  name,
  nested,
  offsetOf,
  type Parser,
  peek,
  sees,
} from './parser.ts';
import { dataType } from './type.ts';

const maxLiteralBytes = 4000;
const maxPlSqlLiteralBytes = 32767;

/** What binds closest: literals, binds, names, calls, and what stands in parentheses. @throws OraError 936 */
export function primary(p: Parser): Expression | Condition {
  const token = peek(p);
  switch (token.kind) {
    case 'text':
      advance(p);
      return textLiteral(p, token);
    case 'number':
      advance(p);
      return numberLiteral(token.value);
    case 'bind':
      advance(p);
      return bind(p, token);
    case 'symbol':
      if (token.value === '(') return parenthesised(p);
      throw failure(936, token.offset);
    case 'end':
      throw failure(936, token.offset);
    default:
      return datetimeLiteral(p) ?? keyword(p, token) ?? named(p);
  }
}

function textLiteral(p: Parser, token: Token): Expression {
  const most = p.language === 'sql' || p.language === 'ddl' ? maxLiteralBytes : maxPlSqlLiteralBytes;
  if (Buffer.byteLength(token.value) > most) throw failure(1704, token.offset);
  if (token.value.includes('\0')) throw failure(911, token.offset);
  return token.value === '' ? { kind: 'null' } : { kind: 'text', value: token.value };
}

function numberLiteral(text: string): Expression {
  const suffix = /[fd]$/i.exec(text)?.[0].toLowerCase();
  if (suffix === undefined) return { kind: 'number', text };
  return { kind: 'binaryNumber', text: text.slice(0, -1), type: suffix === 'f' ? 'float4' : 'float8' };
}

function bind(p: Parser, token: Token): Expression {
  if (p.language !== 'trigger')
    return { kind: 'bind', index: bindIndex(p, token), name: token.value, offset: token.offset };
  const row = p.rowNames.get(token.value);
  if (row === undefined) throw failure(1745, token.offset);
  expectSymbol(p, '.', 929);
  return { kind: 'triggerColumn', row, name: name(p) };
}

function parenthesised(p: Parser): Expression | Condition {
  return nested(p, () => {
    const offset = advance(p).offset;
    if (sees(p, 'SELECT') || sees(p, 'WITH')) {
      const query = p.grammar.query(p);
      expectSymbol(p, ')');
      return { kind: 'subquery', query };
    }
    const first = p.grammar.operand(p);
    if (!isSymbol(peek(p), ',')) {
      expectSymbol(p, ')');
      return first;
    }
    const items = [asExpression(first, offset)];
    while (acceptSymbol(p, ',')) {
      const at = offsetOf(p);
      items.push(asExpression(p.grammar.operand(p), at));
    }
    expectSymbol(p, ')');
    return { kind: 'row', items };
  });
}

function operandOf(p: Parser): Expression {
  const offset = offsetOf(p);
  return asExpression(p.grammar.operand(p), offset);
}

/** Expressions that begin with a word of their own; null: it is a name. */
function keyword(p: Parser, token: Token): Expression | Condition | null {
  if (token.kind !== 'word') return null;
  const called = isSymbol(peek(p, 1), '(');
  switch (token.value) {
    case 'NULL':
      advance(p);
      return { kind: 'null' };
    case 'CASE':
      return caseExpression(p);
    case 'CAST':
      return called ? cast(p) : null;
    case 'EXTRACT':
      return called ? extract(p) : null;
    case 'TRIM':
      return called ? trim(p) : null;
    case 'ROWNUM':
      advance(p);
      return { kind: 'rownum', offset: token.offset };
    case 'ROWID':
      advance(p);
      return { kind: 'rowid', table: null, offset: token.offset };
    case 'LEVEL':
      advance(p);
      return { kind: 'level', offset: token.offset };
    case 'ORA_ROWSCN':
      throw unsupported('ORA_ROWSCN', token.offset);
    case 'CURSOR':
    case 'MULTISET':
      if (called) throw unsupported(token.value, token.offset);
      return null;
    case 'TRUE':
    case 'FALSE':
      if (p.language !== 'block') return null;
      advance(p);
      return { kind: 'boolean', value: token.value === 'TRUE' };
    case 'BINARY_DOUBLE_NAN':
    case 'BINARY_DOUBLE_INFINITY':
    case 'BINARY_FLOAT_NAN':
    case 'BINARY_FLOAT_INFINITY':
      return binaryConstant(p, token.value);
    default:
      return withoutArguments(p, token) ?? firing(p, token);
  }
}

function binaryConstant(p: Parser, word: string): Expression {
  advance(p);
  const type = word.startsWith('BINARY_FLOAT') ? 'float4' : 'float8';
  return { kind: 'binaryNumber', text: word.endsWith('NAN') ? 'NaN' : 'Infinity', type };
}

/** SYSDATE and its like, USER, SYSTIMESTAMP(3). */
function withoutArguments(p: Parser, token: Token): Expression | null {
  const found = niladic.get(token.value);
  if (found === undefined || isSymbol(peek(p, 1), '.')) return null;
  if (!found.precise && isSymbol(peek(p, 1), '(')) return null;
  advance(p);
  const precision = found.precise && acceptSymbol(p, '(') ? advance(p) : null;
  if (precision !== null) {
    if (!/^[0-9]$/.test(precision.value)) throw failure(30088, precision.offset);
    expectSymbol(p, ')');
  }
  const value = precision === null ? null : ({ kind: 'number', text: precision.value } as const);
  return callOf(token.value, value, token.offset);
}

function callOf(word: string, argument: Expression | null, offset: number): Expression {
  return {
    kind: 'call',
    path: [word],
    args: argument === null ? [] : [{ name: null, value: argument }],
    star: false,
    distinct: false,
    withinGroup: null,
    ignoreNulls: false,
    over: null,
    offset,
  };
}

const firingWords = { INSERTING: 'INSERT', UPDATING: 'UPDATE', DELETING: 'DELETE' } as const;

function firing(p: Parser, token: Token): Condition | null {
  if (p.language !== 'trigger') return null;
  const word = acceptOne(p, 'INSERTING', 'UPDATING', 'DELETING');
  if (word === null) return null;
  if (isSymbol(peek(p), '(')) throw unsupported('UPDATING with a column', token.offset);
  return { kind: 'firing', event: firingWords[word] };
}

function caseExpression(p: Parser): Expression {
  return nested(p, () => {
    advance(p);
    const operand = sees(p, 'WHEN') ? null : operandOf(p);
    const branches: { when: Expression | Condition; result: Expression }[] = [];
    while (accept(p, 'WHEN')) {
      const offset = offsetOf(p);
      const tested = p.grammar.operand(p);
      const when = operand === null ? asCondition(tested, offset) : asExpression(tested, offset);
      expect(p, 'THEN');
      branches.push({ when, result: operandOf(p) });
    }
    if (branches.length === 0) throw failure(905, offsetOf(p));
    const otherwise = accept(p, 'ELSE') ? operandOf(p) : null;
    expect(p, 'END');
    return { kind: 'case', operand, branches, otherwise };
  });
}

function cast(p: Parser): Expression {
  advance(p);
  return inParentheses(p, () => {
    const operand = operandOf(p);
    expect(p, 'AS');
    const type = dataType(p);
    if (isWord(peek(p), 'DEFAULT')) throw unsupported('DEFAULT … ON CONVERSION ERROR', offsetOf(p));
    return { kind: 'cast', operand, type };
  });
}

const extractFields = 'YEAR MONTH DAY HOUR MINUTE SECOND TIMEZONE_HOUR TIMEZONE_MINUTE'.split(' ');

function extract(p: Parser): Expression {
  advance(p);
  return inParentheses(p, () => {
    const field = advance(p);
    if (!extractFields.includes(field.value)) throw failure(907, field.offset);
    expect(p, 'FROM', 907);
    return { kind: 'extract', field: field.value, operand: operandOf(p) };
  });
}

function trim(p: Parser): Expression {
  advance(p);
  return inParentheses(p, () => {
    const side = acceptOne(p, 'LEADING', 'TRAILING', 'BOTH') ?? 'BOTH';
    if (accept(p, 'FROM')) return { kind: 'trim', side, characters: null, operand: operandOf(p) };
    const first = operandOf(p);
    if (!accept(p, 'FROM')) return { kind: 'trim', side, characters: null, operand: first };
    return { kind: 'trim', side, characters: first, operand: operandOf(p) };
  });
}

/** A column, a pseudo column of a table, a sequence's value, or a call. */
function named(p: Parser): Expression | Condition {
  const offset = offsetOf(p);
  const path = [firstName(p)];
  while (isSymbol(peek(p), '.')) {
    const next = peek(p, 1);
    if (next.kind === 'word' && (next.value === 'ROWID' || next.value === 'ORA_ROWSCN')) {
      if (next.value === 'ORA_ROWSCN') throw unsupported('ORA_ROWSCN', next.offset);
      p.at += 2;
      return { kind: 'rowid', table: path.at(-1) ?? null, offset };
    }
    if (next.kind !== 'quoted' && next.kind !== 'word') throw failure(936, next.offset);
    advance(p);
    path.push(advance(p).value);
  }
  if (isSymbol(peek(p), '@')) throw unsupported('database links', offsetOf(p));
  if (isSymbol(peek(p), '(') && !isOuterMark(p)) return functionCall(p, path, offset);
  const sequence = sequenceValue(path, offset);
  if (sequence !== null) return sequence;
  if (path.length > 1 && functionSpec(path)?.least === 0) return functionCall(p, path, offset);
  if (path.length > 1 && isOraclePackage(path[0] ?? '')) throw unsupported(path.join('.'), offset);
  if (path.length > 3) throw failure(904, offset, quotedPath(path));
  return { kind: 'column', path, offset };
}

function isOuterMark(p: Parser): boolean {
  return isSymbol(peek(p, 1), '+') && isSymbol(peek(p, 2), ')');
}

/** Some reserved words are functions' names. */
function firstName(p: Parser): string {
  const token = peek(p);
  const callable = isSymbol(peek(p, 1), '(') && isWord(token, 'UID', 'USER', 'SYSDATE');
  if (callable || !isName(token)) throw failure(936, token.offset);
  advance(p);
  return token.value;
}

function sequenceValue(path: readonly string[], offset: number): Expression | null {
  const value = path.at(-1);
  if ((value !== 'NEXTVAL' && value !== 'CURRVAL') || path.length < 2 || path.length > 3) return null;
  const [schema, sequence] = path.length === 3 ? [path[0], path[1]] : [null, path[0]];
  return { kind: 'sequence', sequence: { schema: schema ?? null, name: sequence ?? '', offset }, value };
}

function quotedPath(path: readonly string[]): string {
  return path.map((each) => `"${each}"`).join('.');
}
