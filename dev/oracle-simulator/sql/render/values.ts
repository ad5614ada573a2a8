import type { Expression } from '../ast.ts';
import { kindOf, kindOfBind } from './kinds.ts';
import { literal, parameter, type Renderer } from './renderer.ts';

/** Expressions where a value of a certain type must stand: Oracle converts by itself, PostgreSQL is told to. */

const castsOfBinds: Readonly<Record<string, string>> = {
  number: '::numeric',
  double: '::double precision',
  date: '::oracle.date',
  timestamp: '::timestamp',
  zoned: '::timestamptz',
  interval: '::interval',
  raw: '::oracle.raw',
  clob: '::oracle.clob',
  blob: '::oracle.blob',
  rowid: '::oracle.rowid',
};

/** A bind with its type; text has none, so that it becomes what it is compared with. */
export function bindText(r: Renderer, index: number): string {
  const place = parameter(r, index);
  const bind = r.context.binds[index];
  if (bind?.type.name === 'BINARY_FLOAT') return `${place}::real`;
  if (bind?.type.name === 'NCLOB') return `${place}::oracle.nclob`;
  if (bind?.type.name === 'INTERVAL YEAR TO MONTH') return `${place}::interval year to month`;
  if (bind?.type.name === 'INTERVAL DAY TO SECOND') return `${place}::interval day to second`;
  return `${place}${castsOfBinds[kindOfBind(r, index)] ?? ''}`;
}

/** The value of a column in INSERT and UPDATE: a TIMESTAMP bind keeps all nine digits until it meets the column. */
export function assignedText(r: Renderer, value: Expression): string {
  if (value.kind === 'bind' && kindOfBind(r, value.index) === 'timestamp') {
    return `${parameter(r, value.index)}::oracle.timestamp9`;
  }
  return r.grammar.expression(r, value);
}

/** As text: by to_char where it may be something else. */
export function textOf(r: Renderer, value: Expression): string {
  switch (value.kind) {
    case 'null':
      return 'NULL::text';
    case 'text':
      return literal(value.value);
    case 'bind':
      if (kindOfBind(r, value.index) === 'text') return `${parameter(r, value.index)}::text`;
      break;
    default:
      if (kindOf(r, value) === 'text') return r.grammar.expression(r, value);
  }
  return `oracle.to_char(${r.grammar.expression(r, value)})`;
}

/** As a number, where it is text. */
export function numberOf(r: Renderer, value: Expression): string {
  if (value.kind === 'null') return 'NULL::numeric';
  if (kindOf(r, value) === 'text') return `oracle.to_number(${textOf(r, value)})`;
  return r.grammar.expression(r, value);
}

/** As a DATE. */
export function dateOf(r: Renderer, value: Expression): string {
  if (value.kind === 'null') return 'NULL::oracle.date';
  const kind = kindOf(r, value);
  if (kind === 'text') return `oracle.to_date(${textOf(r, value)})`;
  const text = r.grammar.expression(r, value);
  return kind === 'date' ? text : `(${text})::oracle.date`;
}

/** As it is, but typed: where PostgreSQL would not find out what an untyped bind or NULL is. */
export function typedOf(r: Renderer, value: Expression): string {
  return kindOf(r, value) === 'text' || value.kind === 'null'
    ? textOf(r, value)
    : r.grammar.expression(r, value);
}

/** A whole number of rows that is not below 0; NULL is 0. */
export function rowCountOf(r: Renderer, value: Expression): string {
  if (value.kind === 'number' && /^\d{1,18}$/.test(value.text)) return value.text;
  return `greatest(floor(${numberOf(r, value)}), 0)::bigint`;
}

/** Results of one column, as CASE and NVL have them: when the first is text, all are. */
export function alikeTexts(
  r: Renderer,
  values: readonly Expression[],
  whole: readonly Expression[],
): string[] {
  const first = whole.find(({ kind }) => kind !== 'null');
  const asText = first !== undefined && kindOf(r, first) === 'text';
  return values.map((value) => {
    const kind = kindOf(r, value);
    const converts = asText && kind !== 'text' && kind !== null && value.kind !== 'null';
    return converts ? textOf(r, value) : r.grammar.expression(r, value);
  });
}
