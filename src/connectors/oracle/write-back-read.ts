/** A column's values from Oracle to the texts that PostgreSQL would print. */
import oracledb from 'oracledb';
import { parseSpan, spanText } from './write-back-interval.ts';
import { momentText, plainNumber, wallTime } from './write-back-text.ts';
import { quoted, WALL_MASK, type WriteColumn } from './write-back-values.ts';

type FetchTypeHandler = NonNullable<oracledb.ExecuteOptions['fetchTypeHandler']>;

/** The column in a SELECT list, so that `readText` gets its text. */
export function selected({ name, kind }: WriteColumn): string {
  const column = quoted(name);
  switch (kind) {
    case 'date':
      return `TO_CHAR(${column}, 'S${WALL_MASK}')`;
    case 'timestamp':
      return `TO_CHAR(${column}, 'S${WALL_MASK}.FF9')`;
    case 'zoned':
      return `TO_CHAR(SYS_EXTRACT_UTC(${column}), '${WALL_MASK}.FF9')`;
    case 'yearMonth':
    case 'daySecond':
      return `TO_CHAR(${column})`;
    default:
      return column;
  }
}

/** How the driver is to fetch what `selected` asks for: no JavaScript number for a NUMBER, no LOB locators. */
export const fetchTypes: FetchTypeHandler = ({ dbType }) => {
  switch (dbType) {
    case oracledb.DB_TYPE_NUMBER:
    case oracledb.DB_TYPE_CLOB:
    case oracledb.DB_TYPE_NCLOB:
    case oracledb.DB_TYPE_ROWID:
      return { type: oracledb.STRING };
    case oracledb.DB_TYPE_BLOB:
      return { type: oracledb.BUFFER };
    default:
      return undefined;
  }
};

/** The text of a fetched value, as PostgreSQL would print it. */
export function readText(column: WriteColumn, value: unknown): string | null {
  if (value === null || value === undefined) return null;
  if (Buffer.isBuffer(value)) return `\\x${value.toString('hex')}`;
  if (typeof value === 'number') return column.kind === 'binaryFloat' ? shortFloat(value) : String(value);
  const text = String(value);
  switch (column.kind) {
    case 'number':
      return plainNumber(text) ?? text;
    case 'date':
    case 'timestamp':
      return wallText(text);
    case 'zoned':
      return `${wallText(text)}+00`;
    case 'yearMonth':
    case 'daySecond': {
      const given = parseSpan(text);
      return given === null ? text : spanText(given);
    }
    default:
      return text === '' ? null : text;
  }
}

/** `S…` masks give a blank or a minus sign before the year. */
function wallText(text: string): string {
  const bare = text.trim();
  const given = wallTime(bare.replace(/^-/, ''));
  return given === null ? bare : momentText({ ...given, beforeChrist: bare.startsWith('-') });
}

/** The shortest decimal that is this float again. */
function shortFloat(value: number): string {
  for (let digits = 1; digits < 9; digits++) {
    const short = Number(value.toPrecision(digits));
    if (Math.fround(short) === value) return String(short);
  }
  return String(value);
}
