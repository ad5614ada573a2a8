/** A column's values from text to Oracle: as what they are bound, and how a statement names them. '' is NULL. */
import oracledb from 'oracledb';
import type { Kind } from './column-types.ts';
import { WALL_MASK } from './values.ts';
import { daySecondText, parseSpan, yearMonthText } from './write-back-interval.ts';
import { fitsNumber, hexDigits, type Moment, plainNumber, utcTime, wallTime } from './write-back-text.ts';

export type ValueKind = Exclude<Kind, 'localZoned' | 'boolean' | 'json' | 'xml'>;

export type WriteColumn = {
  readonly name: string;
  /** Oracle's, as the dictionary spells it. */
  readonly type: string;
  /** null: a type without a text that Oracle would read back; such columns are neither written nor read. */
  readonly kind: ValueKind | null;
  /** NUMBER: decimal digits; null: any. */
  readonly precision: number | null;
  /** NUMBER: digits behind the point; TIMESTAMP, INTERVAL DAY: of seconds; null: any. */
  readonly scale: number | null;
  /** NCHAR, NVARCHAR2, NCLOB. */
  readonly national: boolean;
};

/** The text is no value of the column, or not without losing digits. Says why, without the value. */
export class InvalidValue extends Error {
  readonly column: string;

  constructor(column: string, problem: string) {
    super(`${column} ${problem}`);
    this.name = 'InvalidValue';
    this.column = column;
  }
}

export type Bind = oracledb.BindParameter;

/** A bind for the text; `expression` below is made for it. @throws InvalidValue */
export function bindOf(column: WriteColumn, text: string | null): Bind {
  const type = bindType(column);
  return { dir: oracledb.BIND_IN, type, val: text === null || text === '' ? null : bound(column, text) };
}

/** What stands in a statement for the value of the bind `placeholder`. Numbers need NLS_NUMERIC_CHARACTERS '.,'. */
export function expression({ kind }: WriteColumn, placeholder: string, { val }: Bind): string {
  const sign = String(val).startsWith('-') ? 'S' : '';
  switch (kind) {
    case 'number':
      return `TO_NUMBER(${placeholder})`;
    case 'date':
      return `TO_DATE(${placeholder}, '${sign}${WALL_MASK}')`;
    case 'timestamp':
      return `TO_TIMESTAMP(${placeholder}, '${sign}${WALL_MASK}.FF9')`;
    case 'zoned':
      return `TO_TIMESTAMP_TZ(${placeholder}, '${WALL_MASK}.FF9 TZH:TZM')`;
    case 'yearMonth':
      return `TO_YMINTERVAL(${placeholder})`;
    case 'daySecond':
      return `TO_DSINTERVAL(${placeholder})`;
    case 'rowid':
      return `CHARTOROWID(${placeholder})`;
    default:
      return placeholder;
  }
}

function bindType({ kind, national }: WriteColumn): oracledb.DbType {
  switch (kind) {
    case 'binaryFloat':
      return oracledb.DB_TYPE_BINARY_FLOAT;
    case 'binaryDouble':
      return oracledb.DB_TYPE_BINARY_DOUBLE;
    case 'char':
      // Compared with blanks padded, as the column's own values are.
      return national ? oracledb.DB_TYPE_NCHAR : oracledb.DB_TYPE_CHAR;
    case 'text':
      return national ? oracledb.DB_TYPE_NVARCHAR : oracledb.DB_TYPE_VARCHAR;
    case 'clob':
      return national ? oracledb.DB_TYPE_NCLOB : oracledb.DB_TYPE_CLOB;
    case 'blob':
      return oracledb.DB_TYPE_BLOB;
    case 'raw':
      return oracledb.DB_TYPE_RAW;
    default:
      return oracledb.DB_TYPE_VARCHAR;
  }
}

function bound(column: WriteColumn, text: string): string | number | Buffer {
  switch (column.kind) {
    case 'number':
      return numberText(column, text);
    case 'binaryFloat':
    case 'binaryDouble':
      return double(column, text);
    case 'blob':
    case 'raw':
      return Buffer.from(hexDigits(text) ?? fail(column, 'is not given as hexadecimal digits'), 'hex');
    case 'date':
      return signed(moment(column, wallTime(text), 0));
    case 'timestamp': {
      const given = moment(column, wallTime(text), column.scale ?? 9);
      return `${signed(given)}.${given.fraction.padEnd(9, '0')}`;
    }
    case 'zoned': {
      const given = moment(column, utcTime(text), column.scale ?? 9);
      return `${given.wall}.${given.fraction.padEnd(9, '0')} +00:00`;
    }
    case 'yearMonth':
    case 'daySecond':
      return span(column, text);
    default:
      return text;
  }
}

function numberText(column: WriteColumn, text: string): string {
  const plain = plainNumber(text) ?? fail(column, 'is not given as a number');
  if (!fitsNumber(plain, column)) fail(column, 'is given with more digits than it holds');
  return plain;
}

/** As PostgreSQL prints what is no number. */
export const DOUBLES: Readonly<Record<string, number>> = {
  nan: Number.NaN,
  infinity: Number.POSITIVE_INFINITY,
  '-infinity': Number.NEGATIVE_INFINITY,
};

function double(column: WriteColumn, text: string): number {
  const named = DOUBLES[text.trim().toLowerCase()];
  if (named !== undefined) return named;
  if (plainNumber(text) === null) fail(column, 'is not given as a number');
  const value = Number(text);
  return column.kind === 'binaryFloat' ? Math.fround(value) : value;
}

function moment(column: WriteColumn, given: Moment | null, scale: number): Moment {
  if (given === null) return fail(column, 'is not given as a date and time that Oracle has');
  if (given.fraction.length > scale) fail(column, 'is given with more digits of seconds than it holds');
  return given;
}

function signed({ wall, beforeChrist }: Moment): string {
  return beforeChrist ? `-${wall}` : wall;
}

function span(column: WriteColumn, text: string): string {
  const given = parseSpan(text);
  const [own, other] =
    column.kind === 'yearMonth' ? [given?.months, given?.nanos] : [given?.nanos, given?.months];
  if (own === undefined || other !== 0n) return fail(column, 'is not given as an interval of its kind');
  if (column.kind === 'yearMonth') return yearMonthText(own);
  if (own % 10n ** BigInt(9 - (column.scale ?? 9)) !== 0n) {
    fail(column, 'is given with more digits of seconds than it holds');
  }
  return daySecondText(own);
}

function fail(column: WriteColumn, problem: string): never {
  throw new InvalidValue(column.name, problem);
}
