import { aggregateSpec } from '../aggregates.ts';
import type {
  Argument,
  Condition,
  Expression,
  Frame,
  FrameBound,
  FunctionCall,
  OrderItem,
  Window,
} from '../ast.ts';
import { failure, unsupported } from '../errors.ts';
import { type FunctionSpec, functionSpec, isOraclePackage, missingFunctions } from '../functions.ts';
import { asExpression } from '../parts.ts';
import {
  accept,
  acceptOne,
  acceptSymbol,
  advance,
  expect,
  expectSymbol,
  inParentheses,
  isSymbol,
  nested,
  offsetOf,
  type Parser,
  peek,
  sees,
} from './parser.ts';

/** Functions that render in ways of their own: how many arguments they take. */
const special: ReadonlyMap<string, readonly [least: number, most: number]> = new Map([
  ['NVL', [2, 2]],
  ['NVL2', [3, 3]],
  ['COALESCE', [2, 1000]],
  ['NULLIF', [2, 2]],
  ['DECODE', [3, 255]],
  ['GREATEST', [1, 1000]],
  ['LEAST', [1, 1000]],
  ['TO_BINARY_DOUBLE', [1, 1]],
  ['TO_BINARY_FLOAT', [1, 1]],
  ['USERENV', [1, 1]],
  ['GROUPING', [1, 1]],
  ['SYSDATE', [0, 0]],
  ['SYSTIMESTAMP', [0, 1]],
  ['CURRENT_TIMESTAMP', [0, 1]],
  ['LOCALTIMESTAMP', [0, 1]],
]);

/** A call, from its parenthesis on; `path` is what was called. @throws OraError 904, 909, 938, 939, 30484 */
export function functionCall(p: Parser, path: readonly string[], offset: number): FunctionCall | Condition {
  return nested(p, () => {
    const listed = isSymbol(peek(p), '(') ? argumentList(p) : { args: [], star: false, distinct: false };
    if (path.length === 1 && path[0] === 'REGEXP_LIKE') return regexpLike(listed.args, offset);
    const respects = nullTreatment(p);
    const withinGroup = within(p);
    if (sees(p, 'KEEP') && isSymbol(peek(p, 1), '(')) throw unsupported('KEEP (DENSE_RANK …)', offsetOf(p));
    const ignoreNulls = nullTreatment(p) || respects;
    const over = accept(p, 'OVER') ? window(p) : null;
    const call: FunctionCall = { kind: 'call', path, ...listed, withinGroup, ignoreNulls, over, offset };
    check(p, call);
    return call;
  });
}

function operandOf(p: Parser): Expression {
  const offset = offsetOf(p);
  return asExpression(p.grammar.operand(p), offset);
}

type Listed = { readonly args: readonly Argument[]; readonly star: boolean; readonly distinct: boolean };

function argumentList(p: Parser): Listed {
  expectSymbol(p, '(');
  if (acceptSymbol(p, ')')) return { args: [], star: false, distinct: false };
  if (isSymbol(peek(p), '*') && isSymbol(peek(p, 1), ')')) {
    p.at += 2;
    return { args: [], star: true, distinct: false };
  }
  const distinct = acceptOne(p, 'DISTINCT', 'UNIQUE') !== null;
  if (!distinct) accept(p, 'ALL');
  const args: Argument[] = [];
  do args.push(argument(p));
  while (acceptSymbol(p, ','));
  if (sees(p, 'DEFAULT')) throw unsupported('DEFAULT … ON CONVERSION ERROR', offsetOf(p));
  if (sees(p, 'ON', 'OVERFLOW')) overflow(p);
  nullTreatment(p);
  expectSymbol(p, ')');
  return { args, star: false, distinct };
}

function overflow(p: Parser): void {
  p.at += 2;
  if (!accept(p, 'ERROR')) throw unsupported('ON OVERFLOW TRUNCATE', offsetOf(p));
}

function argument(p: Parser): Argument {
  const named = isSymbol(peek(p, 1), '=>') ? advance(p).value : null;
  if (named !== null) advance(p);
  return { name: named, value: operandOf(p) };
}

/** @returns whether NULLs are ignored. */
function nullTreatment(p: Parser): boolean {
  if (sees(p, 'IGNORE', 'NULLS')) throw unsupported('IGNORE NULLS', offsetOf(p));
  accept(p, 'RESPECT', 'NULLS');
  return false;
}

function within(p: Parser): readonly OrderItem[] | null {
  if (!accept(p, 'WITHIN')) return null;
  expect(p, 'GROUP');
  return inParentheses(p, () => {
    expect(p, 'ORDER');
    expect(p, 'BY', 924);
    return orderItems(p);
  });
}

/** Behind ORDER BY. */
export function orderItems(p: Parser): OrderItem[] {
  const items = [orderItem(p)];
  while (acceptSymbol(p, ',')) items.push(orderItem(p));
  return items;
}

function orderItem(p: Parser): OrderItem {
  const value = operandOf(p);
  const direction = acceptOne(p, 'ASC', 'DESC') ?? 'ASC';
  if (!accept(p, 'NULLS')) return { value, direction, nulls: direction === 'ASC' ? 'LAST' : 'FIRST' };
  const nulls = acceptOne(p, 'FIRST', 'LAST');
  if (nulls === null) throw failure(905, offsetOf(p));
  return { value, direction, nulls };
}

function window(p: Parser): Window {
  return inParentheses(p, () => {
    const partitionBy: Expression[] = [];
    if (accept(p, 'PARTITION')) {
      expect(p, 'BY', 924);
      do partitionBy.push(operandOf(p));
      while (acceptSymbol(p, ','));
    }
    const ordered = accept(p, 'ORDER');
    if (ordered) expect(p, 'BY', 924);
    const orderBy = ordered ? orderItems(p) : [];
    return { partitionBy, orderBy, frame: frame(p) };
  });
}

function frame(p: Parser): Frame | null {
  const unit = acceptOne(p, 'ROWS', 'RANGE');
  if (unit === null) return null;
  if (!accept(p, 'BETWEEN')) return { unit, start: frameBound(p), end: null };
  const start = frameBound(p);
  expect(p, 'AND');
  return { unit, start, end: frameBound(p) };
}

function frameBound(p: Parser): FrameBound {
  if (accept(p, 'CURRENT')) {
    expect(p, 'ROW');
    return { kind: 'current' };
  }
  const value = accept(p, 'UNBOUNDED') ? null : operandOf(p);
  const side = acceptOne(p, 'PRECEDING', 'FOLLOWING');
  if (side === null) throw failure(905, offsetOf(p));
  return value === null ? { kind: 'unbounded', side } : { kind: 'value', side, value };
}

function regexpLike(args: readonly Argument[], offset: number): Condition {
  if (args.length < 2) throw failure(938, offset);
  if (args.length > 3) throw failure(939, offset);
  return { kind: 'regexpLike', args: args.map(({ value }) => value) };
}

function check(p: Parser, call: FunctionCall): void {
  const known = call.path.join('.');
  if (known.includes('DBMS_FLASHBACK') || known === 'TIMESTAMP_TO_SCN') p.asksScn = true;
  const aggregate = call.path.length === 1 ? aggregateSpec(known) : null;
  if (aggregate !== null) {
    if (call.over === null && aggregate.analyticOnly) throw failure(30484, call.offset);
    if (call.star && known !== 'COUNT') throw failure(936, call.offset);
    if (!call.star) counted(call, aggregate.least, aggregate.most);
    return;
  }
  if (call.path.length === 1 && missingFunctions.has(known)) throw unsupported(known, call.offset);
  if (call.star || call.distinct || call.over !== null || call.withinGroup !== null) throw unknown(call);
  const limits = call.path.length === 1 ? special.get(known) : undefined;
  const spec = functionSpec(call.path);
  if (limits !== undefined) counted(call, limits[0], limits[1]);
  else if (spec !== null) counted(call, spec.least, mostOf(spec));
  else checkUnknown(p, call);
}

function mostOf(spec: FunctionSpec): number {
  return spec.args.length;
}

function counted(call: FunctionCall, least: number, most: number): void {
  if (call.args.length < least) throw failure(938, call.offset);
  if (call.args.length > most) throw failure(939, call.offset);
}

/** A function of the user's: packages' and schemas' functions, and anything within a block. */
function checkUnknown(p: Parser, call: FunctionCall): void {
  const packaged = call.path.at(-2) ?? call.path[0] ?? '';
  if (isOraclePackage(packaged)) {
    throw unsupported(call.path.join('.'), call.offset);
  }
  if (call.path.length > 3) throw unknown(call);
  if (call.path.length === 1 && p.language !== 'block') throw unknown(call);
}

function unknown(call: FunctionCall): Error {
  return failure(904, call.offset, call.path.map((each) => `"${each}"`).join('.'));
}
