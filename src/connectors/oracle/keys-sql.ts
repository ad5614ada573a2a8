/** Keys and positions in SQL: how rows are ordered, and conditions that compare them with a position. */
import type { EntityPlan, SourceColumn } from '../../domain/entity.ts';
import { SyncError } from '../../domain/errors.ts';
import { decodeKey } from '../../domain/keys.ts';
import type { KeyRange } from '../../domain/source-shape.ts';
import type { Binds } from './binds.ts';
import { columnType, type Kind } from './column-types.ts';
import { quoteName } from './relation.ts';
import { selected, WALL_MASK } from './values.ts';

/** One value of a position: what orders it, and how its text is selected and compared. */
export type OrderPart = {
  readonly expression: string;
  readonly kind: Kind;
  readonly national: boolean;
  /** Digits of a timestamp's seconds; null: not those of a column. */
  readonly scale: number | null;
  readonly nullable: boolean;
  /** In a SELECT list, so that the value's text can be made of it. */
  readonly selected: string;
};

export function keyColumns(plan: EntityPlan): SourceColumn[] {
  return plan.spec.key.map((name) => {
    const column = plan.readColumns.find((candidate) => candidate.name === name);
    if (column === undefined) {
      throw new SyncError('SCHEMA_CHANGED', {
        message: `Entity ${plan.spec.entity}: key column ${name} is not read`,
      });
    }
    return column;
  });
}

export function keyOrder(plan: EntityPlan): OrderPart[] {
  return keyColumns(plan).map(orderPart);
}

export function orderPart(column: SourceColumn): OrderPart {
  const { kind, national, scale } = columnType(column.sourceType);
  return {
    expression: quoteName(column.name),
    kind: kind ?? 'text',
    national,
    scale,
    nullable: column.nullable,
    selected: selected(column),
  };
}

/** NULLs come last, as in PostgreSQL. */
export function orderBy(parts: readonly Pick<OrderPart, 'expression'>[]): string {
  return `ORDER BY ${parts.map((part) => part.expression).join(', ')}`;
}

/**
 * The text of a position's value, as PostgreSQL prints it, in a form that compares with the column's values. Times have
 * the column's own type: of a value of another one (a DATE and a TIMESTAMP), the column would be converted, row by row
 * and without its index.
 */
export function operand(
  part: Pick<OrderPart, 'kind' | 'national' | 'scale'>,
  text: string,
  { bind }: Pick<Binds, 'bind'>,
): string {
  const { kind, national } = part;
  const mask = text.endsWith(' BC') ? `S${WALL_MASK}` : WALL_MASK;
  switch (kind) {
    case 'number':
      return `TO_NUMBER(${bind(text)})`;
    case 'date':
      return `TO_DATE(${bind(masked(text, 0))}, '${mask}')`;
    case 'timestamp':
      return ownType(`TO_TIMESTAMP(${bind(masked(text, 9))}, '${mask}.FF9')`, part, text);
    case 'zoned':
      return `TO_TIMESTAMP_TZ(${bind(`${masked(text, 9)} +00:00`)}, '${mask}.FF9 TZH:TZM')`;
    case 'localZoned': {
      const zoned = `TO_TIMESTAMP_TZ(${bind(`${masked(text, 9)} +00:00`)}, '${mask}.FF9 TZH:TZM')`;
      return ownType(zoned, part, text);
    }
    case 'raw':
      return `HEXTORAW(${bind(text.replace(/^\\x/, ''))})`;
    case 'rowid':
      return `CHARTOROWID(${bind(text)})`;
    case 'char':
      return bind(text, national ? 'nationalChar' : 'char');
    default:
      return bind(text, national ? 'nationalText' : 'text');
  }
}

/** Only where nothing is rounded: a value between two of the column's equals none of them. */
function ownType(value: string, { kind, scale }: Pick<OrderPart, 'kind' | 'scale'>, text: string): string {
  if (scale === null || fractionOf(text).length > scale) return value;
  return `CAST(${value} AS TIMESTAMP(${scale})${kind === 'localZoned' ? ' WITH LOCAL TIME ZONE' : ''})`;
}

function fractionOf(text: string): string {
  return /\.(\d+)/.exec(text)?.[1] ?? '';
}

/** The latest time of so many digits of seconds at or before this one. A bound needs no more digits than its column. */
export function floorSeconds(text: string, digits: number): string {
  const fraction = fractionOf(text);
  if (fraction.length <= digits) return text;
  return text.replace(`.${fraction}`, digits === 0 ? '' : `.${fraction.slice(0, digits)}`);
}

/** `2026-01-02 03:04:05.6+00` → `2026-01-02 03:04:05.600000000`; BC becomes a minus sign. */
export function masked(text: string, digits: number): string {
  const sign = text.endsWith(' BC') ? '-' : '';
  const bare = text.replace(/ BC$/, '').replace(/\+00$/, '');
  const [wall = '', fraction = ''] = bare.split('.');
  const full = wall.length === 'YYYY-MM-DD'.length ? `${wall} 00:00:00` : wall;
  return `${sign}${full}${digits === 0 ? '' : `.${fraction.padEnd(digits, '0')}`}`;
}

/**
 * `(a, b) > (1, 2)`, which Oracle does not have: `a >= 1 AND (a > 1 OR (a = 1 AND b > 2))`. The first condition is for
 * the index.
 */
export function compare(
  parts: readonly OrderPart[],
  operator: '>' | '<=',
  { values, binds }: { readonly values: readonly string[]; readonly binds: Binds },
): string {
  const operands = parts.map((part, i) => operand(part, values[i] ?? '', binds));
  const strict = operator === '>' ? '>' : '<';
  const nested = (at: number): string => {
    const { expression } = parts[at] as OrderPart;
    const value = operands[at] as string;
    if (at === parts.length - 1) return `${expression} ${operator} ${value}`;
    return `${expression} ${strict} ${value} OR (${expression} = ${value} AND (${nested(at + 1)}))`;
  };
  const all = nested(0);
  if (parts.length === 1) return all;
  return `${(parts[0] as OrderPart).expression} ${strict}= ${operands[0]} AND (${all})`;
}

/**
 * Conditions of a key range. Rows without a complete key belong to the last chunk, so that each is read, and by one
 * chunk only.
 */
export function rangeConditions(parts: readonly OrderPart[], range: KeyRange, binds: Binds): string[] {
  const bound = (operator: '>' | '<=', key: string | null): string[] =>
    key === null ? [] : [compare(parts, operator, { values: decodeKey(key, parts.length), binds })];
  const bounds = [...bound('>', range.lower), ...bound('<=', range.upper)];
  const nullable = parts.filter((part) => part.nullable);
  if (bounds.length === 0 || nullable.length === 0) return bounds;
  if (range.upper !== null) return [...bounds, ...nullable.map((part) => `${part.expression} IS NOT NULL`)];
  const incomplete = nullable.map((part) => `${part.expression} IS NULL`);
  return [`(${bounds.map((each) => `(${each})`).join(' AND ')}) OR ${incomplete.join(' OR ')}`];
}
