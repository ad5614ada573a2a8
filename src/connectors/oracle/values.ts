/**
 * Values on their way from Oracle: what a SELECT list asks for so that nothing is lost, and the text that PostgreSQL
 * would print. DATEs and TIMESTAMPs come as text of the database's making: a JavaScript Date has neither microseconds
 * nor a time without zone.
 */
import type oracledb from 'oracledb';
import type { EntityPlan, SourceColumn } from '../../domain/entity.ts';
import { float4Text, float8Text } from '../../domain/pg-binary-numbers.ts';
import { type ColumnType, columnType } from './column-types.ts';
import { quoteName } from './relation.ts';
import { spanText } from './write-back-interval.ts';

export const WALL_MASK = 'YYYY-MM-DD HH24:MI:SS';
/** S: a minus sign before years BC, else a blank. */
const SIGNED_MASK = `S${WALL_MASK}`;
const MICROSECONDS = 6;

/** The column in a SELECT list. */
export function selected(column: SourceColumn): string {
  return selectedAs(quoteName(column.name), columnType(column.sourceType));
}

/** Any expression of a type, in a SELECT list. */
export function selectedAs(expression: string, { kind, scale }: Pick<ColumnType, 'kind' | 'scale'>): string {
  const digits = (scale ?? MICROSECONDS) > MICROSECONDS ? 9 : MICROSECONDS;
  switch (kind) {
    case 'date':
      return `TO_CHAR(${expression}, '${SIGNED_MASK}')`;
    case 'timestamp':
    // In the session's zone, which is UTC.
    case 'localZoned':
      return `TO_CHAR(${expression}, '${SIGNED_MASK}.FF${digits}')`;
    case 'zoned':
      return `TO_CHAR(SYS_EXTRACT_UTC(${expression}), '${SIGNED_MASK}.FF${digits}')`;
    case 'json':
      return `JSON_SERIALIZE(${expression} RETURNING CLOB)`;
    case 'xml':
      return `XMLSERIALIZE(CONTENT ${expression} AS CLOB)`;
    default:
      return expression;
  }
}

/** Text of a fetched value that is not NULL. */
export type Convert = (value: unknown) => string;

/** null: the driver's text is it. */
export function converterOf(column: SourceColumn, plan: Pick<EntityPlan, 'loadColumns'>): Convert | null {
  const { kind } = columnType(column.sourceType);
  switch (kind) {
    case 'number':
      return numberText;
    case 'binaryFloat':
      return (value) => floatText(value as number, 4);
    case 'binaryDouble':
      return (value) => floatText(value as number, 8);
    case 'blob':
    case 'raw':
      return (value) => `\\x${(value as Buffer).toString('hex')}`;
    case 'date':
    case 'timestamp':
      return (value) => wallText(value as string);
    case 'zoned':
    case 'localZoned':
      return (value) => zonedText(value as string);
    case 'yearMonth':
      return (value) => yearMonthText(value as oracledb.IntervalYM);
    case 'daySecond':
      return daySecondConverter(column, plan);
    case 'boolean':
      return (value) => (value === true ? 't' : 'f');
    default:
      return null;
  }
}

/** Thick mode gives `.5` where thin mode gives `0.5`. */
export function numberText(value: unknown): string {
  const text = String(value);
  const first = text.charCodeAt(0);
  if (first === 0x2e) return `0${text}`;
  return first === 0x2d && text.charCodeAt(1) === 0x2e ? `-0${text.slice(1)}` : text;
}

const scratch = new Uint8Array(8);
const scratchView = new DataView(scratch.buffer);

/** The shortest text that is this number again, as PostgreSQL prints it. */
export function floatText(value: number, bytes: 4 | 8): string {
  if (bytes === 4) {
    scratchView.setFloat32(0, value);
    return float4Text(scratch, 0);
  }
  scratchView.setFloat64(0, value);
  return float8Text(scratch, 0);
}

/** ` 2026-01-02 03:04:05.600000` → `2026-01-02 03:04:05.6`; a minus sign becomes BC. */
export function wallText(masked: string): string {
  const text = trimFraction(masked);
  return masked.charCodeAt(0) === 0x2d ? `${text} BC` : text;
}

export function zonedText(masked: string): string {
  const text = `${trimFraction(masked)}+00`;
  return masked.charCodeAt(0) === 0x2d ? `${text} BC` : text;
}

/** Without the sign, and without zeros at the end of a fraction. */
function trimFraction(masked: string): string {
  const start = masked.charCodeAt(0) === 0x20 || masked.charCodeAt(0) === 0x2d ? 1 : 0;
  let end = masked.length;
  if (end - start <= 'YYYY-MM-DD HH:MM:SS'.length) return start === 0 ? masked : masked.slice(start);
  while (masked.charCodeAt(end - 1) === 0x30) end--;
  if (masked.charCodeAt(end - 1) === 0x2e) end--;
  return masked.slice(start, end);
}

function yearMonthText({ years = 0, months = 0 }: oracledb.IntervalYM): string {
  return spanText({ months: BigInt(years * 12 + months), nanos: 0n });
}

/**
 * A result of `read.sql` does not say how many digits its intervals have. One with more than PostgreSQL's six becomes a
 * text that PostgreSQL refuses, so that its row is set aside instead of rounded.
 */
function daySecondConverter(column: SourceColumn, { loadColumns }: Pick<EntityPlan, 'loadColumns'>): Convert {
  const isInterval = loadColumns.some(
    ({ from, type }) => from === column.name && type.startsWith('interval'),
  );
  return (value) => {
    const nanos = nanosOf(value as oracledb.IntervalDS);
    const text = spanText({ months: 0n, nanos });
    return isInterval && nanos % 1_000n !== 0n ? `${text} (more than six digits of seconds)` : text;
  };
}

function nanosOf(interval: oracledb.IntervalDS): bigint {
  const { days = 0, hours = 0, minutes = 0, seconds = 0, fseconds = 0 } = interval;
  // At most 999,999,999 days: their seconds are far below what a double holds.
  const whole = BigInt(((days * 24 + hours) * 60 + minutes) * 60 + seconds);
  return whole * 1_000_000_000n + BigInt(fseconds);
}
