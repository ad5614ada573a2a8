import type { OracleType } from '../../types.ts';
import { aggregateSpec } from '../aggregates.ts';
import type { Expression, FunctionCall } from '../ast.ts';
import { functionSpec, niladic, type ValueKind } from '../functions.ts';
import type { Renderer } from './renderer.ts';

/** What is known of an expression's type without the catalog: nothing of columns, all of literals and binds. */

const kindsOfTypes: Readonly<Record<OracleType['name'], ValueKind>> = {
  VARCHAR2: 'text',
  NVARCHAR2: 'text',
  CHAR: 'text',
  NCHAR: 'text',
  LONG: 'text',
  NUMBER: 'number',
  FLOAT: 'number',
  BINARY_FLOAT: 'double',
  BINARY_DOUBLE: 'double',
  DATE: 'date',
  TIMESTAMP: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'zoned',
  'TIMESTAMP WITH LOCAL TIME ZONE': 'zoned',
  'INTERVAL YEAR TO MONTH': 'interval',
  'INTERVAL DAY TO SECOND': 'interval',
  RAW: 'raw',
  'LONG RAW': 'raw',
  CLOB: 'clob',
  NCLOB: 'clob',
  BLOB: 'blob',
  ROWID: 'rowid',
  UROWID: 'rowid',
};

export function kindOfType(type: OracleType): ValueKind {
  return kindsOfTypes[type.name];
}

/** null: not known. */
export function kindOf(r: Renderer, value: Expression): ValueKind | null {
  switch (value.kind) {
    case 'text':
    case 'trim':
      return 'text';
    case 'number':
    case 'rownum':
    case 'level':
    case 'sequence':
    case 'extract':
      return 'number';
    case 'binaryNumber':
      return 'double';
    case 'bind':
      return kindOfBind(r, value.index);
    case 'rowid':
      return 'rowid';
    case 'date':
      return 'date';
    case 'timestamp':
      return value.zone !== null ? 'zoned' : 'timestamp';
    case 'interval':
    case 'asInterval':
      return 'interval';
    case 'atTimeZone':
      return 'zoned';
    case 'cast':
      return kindOfType(value.type);
    case 'minus':
      return kindOf(r, value.operand) === 'text' ? 'number' : kindOf(r, value.operand);
    case 'binary':
      return kindOfBinary(r, value);
    case 'case':
      return firstKind(r, [
        ...value.branches.map(({ result }) => result),
        ...(value.otherwise ? [value.otherwise] : []),
      ]);
    case 'call':
      return kindOfCall(r, value);
    case 'subquery':
      return kindOfSubquery(r, value);
    default:
      return null;
  }
}

export function kindOfBind(r: Renderer, index: number): ValueKind {
  const bind = r.context.binds[index];
  return bind === undefined ? 'text' : kindOfType(bind.type);
}

export function firstKind(r: Renderer, values: readonly Expression[]): ValueKind | null {
  const known = values.find((value) => value.kind !== 'null');
  return known === undefined ? null : kindOf(r, known);
}

function kindOfBinary(r: Renderer, value: Extract<Expression, { kind: 'binary' }>): ValueKind | null {
  if (value.operator === '||') return 'text';
  const [left, right] = [kindOf(r, value.left), kindOf(r, value.right)];
  const times = [left, right].filter((kind) => kind === 'date' || kind === 'timestamp' || kind === 'zoned');
  if (left === 'interval' && right === 'interval') return 'interval';
  if (times.length === 2) return left === 'date' && right === 'date' ? 'number' : 'interval';
  if (times.length === 1) return left === 'number' || right === 'number' ? 'date' : null;
  const numbers = [left, right].map((kind) => (kind === 'text' ? 'number' : kind));
  if (numbers.every((kind) => kind === 'number')) return 'number';
  return numbers.includes('double') ? 'double' : null;
}

function kindOfCall(r: Renderer, call: FunctionCall): ValueKind | null {
  const name = call.path.join('.');
  const [first, second, third] = call.args.map(({ value }) => value);
  switch (name) {
    case 'NVL':
    case 'COALESCE':
    case 'NULLIF':
    case 'GREATEST':
    case 'LEAST':
    case 'MIN':
    case 'MAX':
    case 'LAG':
    case 'LEAD':
    case 'FIRST_VALUE':
    case 'LAST_VALUE':
      return first === undefined ? null : kindOf(r, first);
    case 'NVL2':
      return second === undefined ? null : kindOf(r, second);
    case 'DECODE':
      return third === undefined || third.kind === 'null' ? 'text' : kindOf(r, third);
    case 'LISTAGG':
    case 'USERENV':
      return 'text';
    case 'TO_BINARY_DOUBLE':
    case 'TO_BINARY_FLOAT':
      return 'double';
    case 'COUNT':
    case 'ROW_NUMBER':
    case 'RANK':
    case 'DENSE_RANK':
    case 'NTILE':
    case 'GROUPING':
      return 'number';
    default:
  }
  if (call.path.length === 1 && aggregateSpec(name) !== null) return null;
  const spec = functionSpec(call.path);
  if (spec === null) return niladic.get(name)?.returns ?? null;
  if (spec.returns !== 'first') return spec.returns;
  const given = first === undefined ? null : kindOf(r, first);
  return given === 'timestamp' || given === 'zoned' ? 'date' : given === 'text' ? 'number' : given;
}

function kindOfSubquery(r: Renderer, value: Extract<Expression, { kind: 'subquery' }>): ValueKind | null {
  const { body } = value.query;
  const item = body.kind === 'select' && body.items.length === 1 ? body.items[0] : undefined;
  return item?.kind === 'value' ? kindOf(r, item.value) : null;
}
