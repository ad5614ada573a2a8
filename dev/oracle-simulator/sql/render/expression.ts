import type { Expression } from '../ast.ts';
import { unsupported } from '../errors.ts';
import { isCondition } from '../parts.ts';
import { callText } from './call.ts';
import { conditionText } from './condition.ts';
import { kindOf } from './kinds.ts';
import { dateText, intervalText, timestampText } from './literal.ts';
import { commaJoined, literal, quoted, type Renderer, tableText } from './renderer.ts';
import { rowidText } from './rowid.ts';
import { typeText } from './type.ts';
import { alikeTexts, bindText, dateOf, numberOf, textOf } from './values.ts';

/** An expression as PostgreSQL's; compound ones in parentheses, so that precedence never matters. */
export function expressionText(r: Renderer, value: Expression): string {
  switch (value.kind) {
    case 'null':
      return 'NULL';
    case 'text':
      return literal(value.value);
    case 'number':
      return /^\d+$/.test(value.text) ? `${value.text}::numeric` : value.text;
    case 'binaryNumber':
      return `${literal(value.text)}::${value.type === 'float4' ? 'real' : 'double precision'}`;
    case 'boolean':
      return String(value.value);
    case 'bind':
      return bindText(r, value.index);
    case 'column':
      return value.path.map(quoted).join('.');
    case 'triggerColumn':
      return `${value.row}.${quoted(value.name)}`;
    case 'date':
      return dateText(value.text);
    case 'timestamp':
      return timestampText(value.text, value.zone);
    case 'interval':
      return intervalText(value);
    case 'subquery':
      return `(${r.grammar.query(r, value.query)})`;
    case 'row':
      return `(${commaJoined(value.items.map((item) => expressionText(r, item)))})`;
    case 'rowid':
      return rowidText(r, value);
    default:
      return compoundText(r, value);
  }
}

type Compound = Exclude<
  Expression,
  {
    kind:
      | 'null'
      | 'text'
      | 'number'
      | 'binaryNumber'
      | 'boolean'
      | 'bind'
      | 'column'
      | 'triggerColumn'
      | 'date'
      | 'timestamp'
      | 'interval'
      | 'subquery'
      | 'row'
      | 'rowid';
  }
>;

function compoundText(r: Renderer, value: Compound): string {
  switch (value.kind) {
    case 'rownum':
      return '(row_number() OVER ())::numeric';
    case 'level':
      return '"LEVEL"';
    case 'sequence':
      return `${value.value.toLowerCase()}(${literal(tableText(value.sequence))})::numeric`;
    case 'minus':
      return `(-${numberOf(r, value.operand)})`;
    case 'binary':
      return binaryText(r, value);
    case 'case':
      return caseText(r, value);
    case 'cast':
      return castText(r, value);
    case 'extract':
      return `oracle.extract(${literal(value.field)}, ${localOf(r, value.operand)})`;
    case 'atTimeZone':
      return atTimeZoneText(r, value);
    case 'asInterval':
      return asIntervalText(r, value);
    case 'trim':
      return trimText(r, value);
    case 'call':
      return callText(r, value);
  }
}

function binaryText(r: Renderer, value: Extract<Expression, { kind: 'binary' }>): string {
  const { operator, left, right } = value;
  if (operator === '||') return `oracle.concat(${textOf(r, left)}, ${textOf(r, right)})`;
  const texts = [left, right].map((side) => numberOf(r, side));
  if (operator === '/') return `oracle.divide(${commaJoined(texts)})`;
  return `(${texts.join(` ${operator} `)})`;
}

function caseText(r: Renderer, value: Extract<Expression, { kind: 'case' }>): string {
  const { operand, branches, otherwise } = value;
  const results = [...branches.map(({ result }) => result), ...(otherwise === null ? [] : [otherwise])];
  const texts = alikeTexts(r, results, results);
  const tested = branches.map(({ when }) =>
    isCondition(when) ? conditionText(r, when) : expressionText(r, when),
  );
  const whens = tested.map((when, index) => `WHEN ${when} THEN ${texts[index]}`);
  const start = operand === null ? 'CASE' : `CASE ${expressionText(r, operand)}`;
  const last = otherwise === null ? '' : ` ELSE ${texts.at(-1)}`;
  return `${start} ${whens.join(' ')}${last} END`;
}

function castText(r: Renderer, value: Extract<Expression, { kind: 'cast' }>): string {
  const { operand, type } = value;
  const target = typeText(type);
  const fromText = kindOf(r, operand) === 'text';
  switch (type.name) {
    case 'VARCHAR2':
    case 'NVARCHAR2':
    case 'CHAR':
    case 'NCHAR':
    case 'LONG':
      return `${textOf(r, operand)}::${target}`;
    case 'NUMBER':
    case 'FLOAT':
      return `${kindOf(r, operand) === 'number' ? `(${expressionText(r, operand)})` : toNumberText(r, operand)}::${target}`;
    case 'DATE':
      return operand.kind === 'atTimeZone' ? `(${localOf(r, operand)})::oracle.date` : dateOf(r, operand);
    case 'TIMESTAMP':
      return fromText
        ? `oracle.to_timestamp(${textOf(r, operand)})::${target}`
        : `(${localOf(r, operand)})::${target}`;
    case 'TIMESTAMP WITH TIME ZONE':
    case 'TIMESTAMP WITH LOCAL TIME ZONE':
      return fromText
        ? `oracle.to_timestamp_tz(${textOf(r, operand)})::${target}`
        : `(${expressionText(r, operand)})::${target}`;
    case 'INTERVAL DAY TO SECOND':
      return fromText
        ? `oracle.to_dsinterval(${textOf(r, operand)})::${target}`
        : plainCast(r, operand, target);
    case 'INTERVAL YEAR TO MONTH':
      return fromText
        ? `oracle.to_yminterval(${textOf(r, operand)})::${target}`
        : plainCast(r, operand, target);
    case 'RAW':
      return fromText ? `oracle.hextoraw(${textOf(r, operand)})::${target}` : plainCast(r, operand, target);
    case 'CLOB':
    case 'NCLOB':
      return `oracle.to_${type.name.toLowerCase()}(${textOf(r, operand)})`;
    case 'BLOB':
      return `oracle.to_blob(${expressionText(r, operand)})`;
    case 'ROWID':
    case 'UROWID':
      return `oracle.chartorowid(${textOf(r, operand)})`;
    default:
      return plainCast(r, operand, target);
  }
}

function plainCast(r: Renderer, operand: Expression, target: string): string {
  const typed = kindOf(r, operand) === 'text' ? textOf(r, operand) : expressionText(r, operand);
  return `(${typed})::${target}`;
}

function toNumberText(r: Renderer, operand: Expression): string {
  const typed = kindOf(r, operand) === 'text' || operand.kind === 'null' ? textOf(r, operand) : null;
  return `oracle.to_number(${typed ?? expressionText(r, operand)})`;
}

/** A time as its zone's clock shows it: PostgreSQL keeps no zone, so AT TIME ZONE is read where fields are. */
function localOf(r: Renderer, value: Expression): string {
  if (value.kind !== 'atTimeZone' || value.zone === null) return expressionText(r, value);
  return `oracle.local_time(${expressionText(r, value.operand)}, ${textOf(r, value.zone)})`;
}

function atTimeZoneText(r: Renderer, value: Extract<Expression, { kind: 'atTimeZone' }>): string {
  const operand = expressionText(r, value.operand);
  if (value.zone === null) return `oracle.at_local(${operand})`;
  return `oracle.at_time_zone(${operand}, ${textOf(r, value.zone)})`;
}

/** `(a - b) DAY TO SECOND`, where the difference of two DATEs would be a number. */
function asIntervalText(r: Renderer, value: Extract<Expression, { kind: 'asInterval' }>): string {
  const { operand, type } = value;
  if (operand.kind !== 'binary' || operand.operator !== '-' || type.name !== 'INTERVAL DAY TO SECOND') {
    throw unsupported(`(…) ${type.name.slice('INTERVAL '.length)}`, 0);
  }
  const [left, right] = [operand.left, operand.right].map(
    (side) => `(${expressionText(r, side)})::timestamp`,
  );
  return `(${left} - ${right})::${typeText(type)}`;
}

const trims = { BOTH: 'trim', LEADING: 'ltrim', TRAILING: 'rtrim' } as const;

function trimText(r: Renderer, value: Extract<Expression, { kind: 'trim' }>): string {
  const characters = value.characters === null ? [] : [textOf(r, value.characters)];
  return `oracle.${trims[value.side]}(${commaJoined([textOf(r, value.operand), ...characters])})`;
}
