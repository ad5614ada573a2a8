import type { Expression, Frame, FrameBound, FunctionCall, OrderItem, Window } from '../ast.ts';
import { unsupported } from '../errors.ts';
import { containsRownum, shapeOf } from '../walk.ts';
import { commaJoined, type Renderer } from './renderer.ts';
import { placeText } from './rowid.ts';
import { numberOf, textOf, typedOf } from './values.ts';

/** Aggregate and analytic functions. Counts become numeric, so that arithmetic on them is Oracle's. */
export function aggregateText(r: Renderer, call: FunctionCall): string {
  const name = call.path[0] ?? '';
  const first = call.args[0]?.value;
  if (first !== undefined && containsRownum(first)) throw unsupported(`ROWNUM in ${name}`, call.offset);
  const distinct = call.distinct ? 'DISTINCT ' : '';
  const over = call.over === null ? '' : ` OVER (${windowText(r, call.over)})`;
  const overAgain = () => (call.over === null ? '' : ` OVER (${windowText(r, call.over)})`);
  const of = (render: typeof numberOf) => (first === undefined ? '' : `${distinct}${render(r, first)}`);
  switch (name) {
    case 'COUNT':
      return `(count(${call.star ? '*' : of(typedOf)})${over})::numeric`;
    case 'MIN':
    case 'MAX':
      return extremeRowid(r, call, over) ?? `${name.toLowerCase()}(${of(typedOf)})${over}`;
    case 'SUM':
    case 'STDDEV_POP':
    case 'STDDEV_SAMP':
    case 'VAR_POP':
    case 'VAR_SAMP':
      return `${name.toLowerCase()}(${of(numberOf)})${over}`;
    // PostgreSQL's avg rounds to 16 digits.
    case 'AVG':
      return `oracle.divide(sum(${of(numberOf)})${over}, (count(${of(numberOf)})${overAgain()})::numeric)`;
    // Of a single row they are 0 in Oracle.
    case 'STDDEV':
    case 'VARIANCE':
      return `CASE WHEN count(${of(numberOf)})${over} = 1 THEN 0 ELSE ${name.toLowerCase()}(${of(numberOf)})${overAgain()} END`;
    case 'LISTAGG':
      return listaggText(r, call);
    case 'LAG':
    case 'LEAD':
      return `${name.toLowerCase()}(${commaJoined(shiftArguments(r, call))})${over}`;
    case 'FIRST_VALUE':
    case 'LAST_VALUE':
      return `${name.toLowerCase()}(${of(typedOf)})${over}`;
    case 'NTH_VALUE':
      return `nth_value(${of(typedOf)}, ${wholeOf(r, call.args[1]?.value)})${over}`;
    case 'NTILE':
      return `(ntile(${wholeOf(r, first)})${over})::numeric`;
    default:
      return `(${name.toLowerCase()}()${over})::numeric`;
  }
}

/** The first or last place of a table; null: not of a stored table's ROWID. */
function extremeRowid(r: Renderer, call: FunctionCall, over: string): string | null {
  const value = call.args[0]?.value;
  const place = value === undefined ? null : placeText(r, value);
  if (place === null) return null;
  const object = place.replace(/ctid$/, 'tableoid');
  const extreme = (column: string) => `${call.path[0]?.toLowerCase()}(${column})${over}`;
  return `oracle.rowid_of(${extreme(object)}, ${extreme(place)})`;
}

function shiftArguments(r: Renderer, call: FunctionCall): string[] {
  const [value, distance, standard] = call.args.map((argument) => argument.value);
  const texts = value === undefined ? [] : [typedOf(r, value)];
  if (distance !== undefined) texts.push(wholeOf(r, distance));
  if (standard !== undefined) texts.push(r.grammar.expression(r, standard));
  return texts;
}

function wholeOf(r: Renderer, value: Expression | undefined): string {
  return value === undefined ? '1' : `(${numberOf(r, value)})::integer`;
}

function listaggText(r: Renderer, call: FunctionCall): string {
  const [value, separator] = call.args.map((argument) => argument.value);
  if (call.over !== null) throw unsupported('LISTAGG … OVER', call.offset);
  if (value === undefined) return 'NULL';
  const between = separator === undefined || separator.kind === 'null' ? "''" : textOf(r, separator);
  const ordered = call.withinGroup ?? [];
  // PostgreSQL orders distinct values by themselves only.
  if (call.distinct && shapeOf(ordered[0]?.value) !== shapeOf(value) && ordered.length > 0) {
    throw unsupported('LISTAGG(DISTINCT …) in another order', call.offset);
  }
  const text = textOf(r, value);
  const order = call.distinct && ordered.length > 0 ? ` ORDER BY ${text}` : orderText(r, ordered);
  return `nullif(string_agg(${call.distinct ? 'DISTINCT ' : ''}${text}, ${between}${order}), '')`;
}

/** ` ORDER BY …` of windows and aggregates, where a number is no position; '' without items. */
export function orderText(r: Renderer, items: readonly OrderItem[]): string {
  if (items.length === 0) return '';
  return ` ORDER BY ${commaJoined(items.map((item) => `${placeText(r, item.value) ?? typedOf(r, item.value)}${directionText(item)}`))}`;
}

/** Both have NULLs last ascending and first descending. */
export function directionText({ direction, nulls }: OrderItem): string {
  const standard = direction === 'ASC' ? 'LAST' : 'FIRST';
  return `${direction === 'DESC' ? ' DESC' : ''}${nulls === standard ? '' : ` NULLS ${nulls}`}`;
}

function windowText(r: Renderer, window: Window): string {
  const partition =
    window.partitionBy.length === 0
      ? ''
      : `PARTITION BY ${commaJoined(window.partitionBy.map((value) => typedOf(r, value)))}`;
  const order = orderText(r, window.orderBy);
  const frame = window.frame === null ? '' : ` ${frameText(r, window.frame)}`;
  return `${partition}${order}${frame}`.trim();
}

function frameText(r: Renderer, { unit, start, end }: Frame): string {
  const from = boundText(r, start, unit);
  return end === null ? `${unit} ${from}` : `${unit} BETWEEN ${from} AND ${boundText(r, end, unit)}`;
}

function boundText(r: Renderer, bound: FrameBound, unit: Frame['unit']): string {
  if (bound.kind === 'current') return 'CURRENT ROW';
  if (bound.kind === 'unbounded' || bound.value === undefined) return `UNBOUNDED ${bound.side}`;
  const value = numberOf(r, bound.value);
  return `${unit === 'ROWS' ? `(${value})::bigint` : value} ${bound.side}`;
}
