import { aggregateSpec } from '../aggregates.ts';
import type { Expression, FunctionCall } from '../ast.ts';
import { failure, unsupported } from '../errors.ts';
import { type ArgumentKind, functionSpec, niladic } from '../functions.ts';
import { aggregateText } from './aggregate.ts';
import { firstKind, kindOf } from './kinds.ts';
import { commaJoined, quoted, type Renderer } from './renderer.ts';
import { alikeTexts, dateOf, numberOf, textOf, typedOf } from './values.ts';

/** A function call as PostgreSQL's. */
export function callText(r: Renderer, call: FunctionCall): string {
  const name = call.path.join('.');
  const args = call.args.map(({ value }) => value);
  const plain = call.path.length === 1;
  if (plain && aggregateSpec(name) !== null) return aggregateText(r, call);
  const special = plain ? specialText(r, call, args) : null;
  if (special !== null) return special;
  const zoned = zonedCharText(r, name, args);
  if (zoned !== null) return zoned;
  const spec = functionSpec(call.path);
  if (spec === null) return userCallText(r, call);
  checkSort(name, args, call.offset);
  const texts = args.map((value, index) => argumentText(r, value, spec.args[index] ?? 'any'));
  const calls = name === 'TO_TIMESTAMP' && isFine(args[1]) ? 'oracle.to_timestamp9' : spec.calls;
  const result = once(name, args, `${calls}(${commaJoined(texts)})`);
  return spec.returns === 'interval'
    ? `${result}::interval ${name.includes('YM') ? 'year to month' : 'day to second'}`
    : result;
}

const CONVERSIONS = new Set(['TO_DATE', 'TO_TIMESTAMP', 'TO_TIMESTAMP_TZ', 'TO_NUMBER', 'HEXTORAW']);

/** A converted bind is the same for every row; PostgreSQL would convert it for each, which a subquery spares it. */
function once(name: string, args: readonly Expression[], text: string): string {
  const constant = args.every(({ kind }) => kind === 'bind' || kind === 'text');
  const bound = args.some(({ kind }) => kind === 'bind');
  return CONVERSIONS.has(name) && constant && bound ? `(SELECT ${text})` : text;
}

/** Masks of more digits than PostgreSQL's timestamps have. */
function isFine(mask: Expression | undefined): boolean {
  return mask?.kind === 'text' && /FF[789]/i.test(mask.value);
}

function argumentText(r: Renderer, value: Expression, kind: ArgumentKind): string {
  switch (kind) {
    case 'text':
      return textOf(r, value);
    case 'number':
      return numberOf(r, value);
    case 'date':
      return dateOf(r, value);
    case 'any':
      return typedOf(r, value);
  }
}

/** Functions that are no functions in PostgreSQL; null: it is one. */
function specialText(r: Renderer, call: FunctionCall, args: readonly Expression[]): string | null {
  const name = call.path[0] ?? '';
  const [first, second, third] = args;
  switch (name) {
    case 'NVL':
    case 'COALESCE':
      return `COALESCE(${commaJoined(alikeTexts(r, args, args))})`;
    case 'NULLIF':
      return `NULLIF(${commaJoined(alikeTexts(r, args, args))})`;
    case 'NVL2': {
      if (first === undefined || second === undefined || third === undefined) return null;
      const [some, none] = alikeTexts(r, [second, third], [second, third]);
      return `CASE WHEN ${typedOf(r, first)} IS NOT NULL THEN ${some} ELSE ${none} END`;
    }
    case 'DECODE':
      return decodeText(r, args);
    case 'GREATEST':
    case 'LEAST':
      return extremeText(r, name, args);
    case 'TO_BINARY_DOUBLE':
      return first === undefined ? null : `(${numberOf(r, first)})::double precision`;
    case 'TO_BINARY_FLOAT':
      return first === undefined ? null : `(${numberOf(r, first)})::real`;
    case 'USERENV':
      return first === undefined ? null : `oracle.sys_context('USERENV', ${textOf(r, first)})`;
    case 'GROUPING':
      return first === undefined ? null : `grouping(${r.grammar.expression(r, first)})::numeric`;
    default:
      return niladicText(name, first);
  }
}

function niladicText(name: string, precision: Expression | undefined): string | null {
  const found = niladic.get(name);
  if (found === undefined) return null;
  if (precision?.kind !== 'number') return found.sql;
  const digits = Math.min(Number(precision.text), 6);
  return `${found.sql}::${found.returns === 'zoned' ? 'timestamptz' : 'timestamp'}(${digits})`;
}

/** NULL equals NULL in DECODE. Where no NULL can be searched for, a simple CASE evaluates its operand once. */
function decodeText(r: Renderer, args: readonly Expression[]): string {
  const [operand, ...rest] = args;
  if (operand === undefined) return 'NULL';
  const searches: Expression[] = [];
  const results: Expression[] = [];
  for (let index = 0; index + 1 < rest.length; index += 2) {
    searches.push(rest[index] as Expression);
    results.push(rest[index + 1] as Expression);
  }
  const otherwise = rest.length % 2 === 1 ? rest.at(-1) : undefined;
  const all = otherwise === undefined ? results : [...results, otherwise];
  const texts = decodedResults(r, all);
  const literals = searches.every(({ kind }) => kind === 'text' || kind === 'number' || kind === 'date');
  const asNumber = kindOf(r, operand) === 'text' && firstKind(r, searches) === 'number';
  const operandText = () => (asNumber ? numberOf(r, operand) : typedOf(r, operand));
  const search = (value: Expression) => r.grammar.expression(r, value);
  const whens = searches.map((value, index) =>
    literals
      ? `WHEN ${search(value)} THEN ${texts[index]}`
      : `WHEN ${operandText()} IS NOT DISTINCT FROM ${search(value)} THEN ${texts[index]}`,
  );
  const last = otherwise === undefined ? '' : ` ELSE ${texts.at(-1)}`;
  return `CASE${literals ? ` ${operandText()}` : ''} ${whens.join(' ')}${last} END`;
}

/** Of the type of the first result; text when that is NULL. */
function decodedResults(r: Renderer, results: readonly Expression[]): string[] {
  const first = results[0];
  const asText = first === undefined || first.kind === 'null' || kindOf(r, first) === 'text';
  const mixed = results.some((value) => value.kind !== 'null' && kindOf(r, value) !== 'text');
  // NULL first and the others of one type: Oracle makes text of them, which the type of the column shows.
  return results.map((value) => (asText && mixed ? textOf(r, value) : r.grammar.expression(r, value)));
}

/** NULL when one of the arguments is. */
function extremeText(r: Renderer, name: string, args: readonly Expression[]): string {
  const nullable = args.filter(({ kind }) => kind !== 'text' && kind !== 'number');
  const texts = commaJoined(alikeTexts(r, args, args));
  if (nullable.length === 0) return `${name}(${texts})`;
  const present = nullable.map((value) => `${typedOf(r, value)} IS NOT NULL`).join(' AND ');
  return `CASE WHEN ${present} THEN ${name}(${texts}) END`;
}

/** TO_CHAR of a time in another zone: the zone is an argument, as PostgreSQL's type does not hold it. */
function zonedCharText(r: Renderer, name: string, args: readonly Expression[]): string | null {
  const [time, mask] = args;
  if (name !== 'TO_CHAR' || time?.kind !== 'atTimeZone' || time.zone === null || mask === undefined)
    return null;
  const parts = [
    `(${r.grammar.expression(r, time.operand)})::timestamptz`,
    textOf(r, time.zone),
    textOf(r, mask),
  ];
  return `oracle.to_char_at(${commaJoined(parts)})`;
}

/** Only the binary order is Oracle's here. @throws OraError 439 */
function checkSort(name: string, args: readonly Expression[], offset: number): void {
  const sort = name === 'NLSSORT' ? args[1] : undefined;
  if (sort === undefined) return;
  if (sort.kind === 'text' && /^\s*NLS_SORT\s*=\s*"?BINARY"?\s*$/i.test(sort.value)) return;
  throw unsupported('NLSSORT other than NLS_SORT=BINARY', offset);
}

/** A function of a package or schema: `"PKG.FUNC"`, in a schema when there are three names. */
function userCallText(r: Renderer, call: FunctionCall): string {
  if (call.path.length > 3) throw failure(904, call.offset, call.path.join('.'));
  const inner = call.path.length === 3 ? call.path.slice(1) : call.path;
  const schema = call.path.length === 3 ? `${quoted(call.path[0] ?? '')}.` : '';
  const args = call.args.map(({ name, value }) => {
    const text = r.grammar.expression(r, value);
    return name === null ? text : `${quoted(name)} => ${text}`;
  });
  return `${schema}${quoted(inner.join('.'))}(${commaJoined(args)})`;
}
