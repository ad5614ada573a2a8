/** A column's values: which texts it takes, and when two of them are one value. The database converts them. */
import { parseDecimal, timestampMicros } from '../../domain/values.ts';
import { refused } from '../write-back/outcomes.ts';

export type ValueKind =
  | 'integer'
  | 'numeric'
  | 'float'
  | 'boolean'
  | 'date'
  | 'timestamp'
  | 'time'
  | 'interval'
  | 'text'
  | 'padded'
  | 'json'
  /** Types whose `=` holds for nothing but the same value. */
  | 'exact'
  /** Types without `=`, or with one that takes different values for equal: intervals, shapes, XML, arrays … */
  | 'other';

export type WriteColumn = {
  readonly name: string;
  readonly kind: ValueKind;
  /** The type of its values, for casts: without length, so that nothing is cut or rounded on the way. */
  readonly castType: string;
  /** Digits behind the point: of a numeric, or of seconds; negative for zeros before it; null: any. */
  readonly scale: number | null;
  /** Why it is not written; null: it is. */
  readonly readOnly: 'generated' | 'identity' | null;
};

const KINDS: Readonly<Record<string, ValueKind>> = {
  int2: 'integer',
  int4: 'integer',
  int8: 'integer',
  numeric: 'numeric',
  float4: 'float',
  float8: 'float',
  bool: 'boolean',
  date: 'date',
  timestamp: 'timestamp',
  timestamptz: 'timestamp',
  time: 'time',
  timetz: 'time',
  interval: 'interval',
  text: 'text',
  varchar: 'text',
  name: 'text',
  bpchar: 'padded',
  json: 'json',
  ...Object.fromEntries(
    ['uuid', 'bytea', 'jsonb', 'inet', 'cidr', 'macaddr', 'macaddr8', 'bit', 'varbit', 'oid', 'pg_lsn'].map(
      (name) => [name, 'exact'],
    ),
  ),
};

/** `kind`: pg_type.typtype. */
export function kindOf(type: { readonly schema: string; readonly name: string; readonly kind: string }) {
  if (type.kind === 'e') return 'exact';
  if (type.schema !== 'pg_catalog') return 'other';
  return KINDS[type.name] ?? 'other';
}

/** As atttypmod keeps it; -1: none. */
export function scaleOf(kind: ValueKind, modifier: number): number | null {
  switch (kind) {
    case 'numeric':
      // Eleven bits with a sign, since PostgreSQL 15.
      return modifier < 0 ? null : (((modifier - 4) & 0x7ff) ^ 0x400) - 0x400;
    case 'timestamp':
    case 'time':
      return modifier < 0 ? MICROSECONDS : modifier;
    case 'interval':
      return modifier < 0 || (modifier & 0xffff) === 0xffff ? MICROSECONDS : modifier & 0xffff;
    default:
      return null;
  }
}

const MICROSECONDS = 6;

/**
 * What the database would take for something else without a word (`yesterday`, a rounded number, a date with its time
 * cut off) is refused; everything else is the database's to judge. @throws Refused INVALID_VALUE
 */
export function checkValue(column: WriteColumn, text: string): void {
  if (/\p{Surrogate}/u.test(text)) fail(column, 'holds half of a character');
  switch (column.kind) {
    case 'integer':
      if (!/^\s*[+-]?\d+\s*$/.test(text)) fail(column, 'is not given as a whole number');
      return;
    case 'numeric':
      checkNumeric(column, text);
      return;
    case 'float':
      if (parseDecimal(text) === null && !NOT_FINITE.test(text)) fail(column, 'is not given as a number');
      return;
    case 'boolean':
      if (!/^\s*(t|f|true|false|y|n|yes|no|on|off|1|0)\s*$/i.test(text))
        fail(column, 'is not given as true or false');
      return;
    case 'date':
    case 'timestamp':
      checkMoment(column, text);
      return;
    case 'time':
    case 'interval':
      checkFraction(column, text);
      return;
    default:
      return;
  }
}

const NOT_FINITE = /^\s*(nan|[+-]?inf(inity)?)\s*$/i;
const DAY_MICROS = 86_400_000_000n;

function checkNumeric(column: WriteColumn, text: string): void {
  if (NOT_FINITE.test(text)) return;
  const decimal = parseDecimal(text) ?? fail(column, 'is not given as a number');
  const { scale } = column;
  if (scale === null) return;
  const isRounded =
    decimal.fraction.length > Math.max(scale, 0) || (scale < 0 && !/^0*$/.test(decimal.whole.slice(scale)));
  if (isRounded) fail(column, 'is given with more digits than it holds');
}

function checkMoment(column: WriteColumn, text: string): void {
  const micros = timestampMicros(text) ?? fail(column, 'is not given as a date and time');
  if (/^\s*-?infinity\s*$/i.test(text)) return;
  if (column.kind === 'date') {
    if (micros % DAY_MICROS !== 0n) fail(column, 'is a date, and given with a time of day');
    return;
  }
  checkFraction(column, text);
}

function checkFraction(column: WriteColumn, text: string): void {
  const fraction = /\.(\d*?)0*(?!\d)/.exec(text)?.[1] ?? '';
  if (fraction.length > (column.scale ?? MICROSECONDS)) {
    fail(column, 'is given with more digits of seconds than it holds');
  }
}

function fail(column: WriteColumn, problem: string): never {
  throw refused('INVALID_VALUE', `${column.name} ${problem}`);
}

/** The value of a text expression. */
export function valueSql(column: WriteColumn, text: string): string {
  return `(${text})::${column.castType}`;
}

/**
 * Whether a column's value and a text are the same: in the database's own terms, but never blind to a difference that
 * a reader sees (`=` ignores case under some collations, and takes 1 month for 30 days).
 */
export function sameSql(column: WriteColumn, current: string, text: string): string {
  const given = valueSql(column, text);
  switch (column.kind) {
    case 'text':
    case 'padded':
      return `${current} COLLATE "C" IS NOT DISTINCT FROM ${given} COLLATE "C"`;
    case 'json':
      // Devices write the same document with other blanks.
      return `CASE WHEN ${current}::text IS NOT DISTINCT FROM ${given}::text THEN true
                   WHEN ${current} IS NULL OR ${text} IS NULL THEN false
                   ELSE ${current}::jsonb = ${given}::jsonb END`;
    case 'interval':
    case 'other':
      return `${current}::text COLLATE "C" IS NOT DISTINCT FROM ${given}::text COLLATE "C"`;
    default:
      return `${current} IS NOT DISTINCT FROM ${given}`;
  }
}
