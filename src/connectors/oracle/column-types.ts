/**
 * Oracle's types, each with a type of the mirror that holds every value of it, or the reason why there is none. A
 * source column's `sourceType` is all that later steps know of it, so it is written to be read back.
 */
import type { SourceColumn } from '../../domain/entity.ts';

/** What decides how a value is selected, fetched, compared and bound. */
export type Kind =
  | 'number'
  | 'binaryFloat'
  | 'binaryDouble'
  | 'text'
  | 'char'
  | 'clob'
  | 'blob'
  | 'raw'
  | 'date'
  | 'timestamp'
  | 'zoned'
  | 'localZoned'
  | 'yearMonth'
  | 'daySecond'
  | 'rowid'
  | 'boolean'
  | 'json'
  | 'xml';

export type ColumnType = {
  /** null: a type that cannot be read. */
  readonly kind: Kind | null;
  /** NCHAR, NVARCHAR2, NCLOB. */
  readonly national: boolean;
  /** NUMBER: decimal digits; null: any. */
  readonly precision: number | null;
  /** NUMBER: digits behind the point; TIMESTAMP, INTERVAL DAY TO SECOND: of seconds; null: any. */
  readonly scale: number | null;
};

/** A result column as the driver describes it. */
export type DescribedColumn = {
  readonly name: string;
  /** Oracle's name of the type, without length and precision; of an object type `SCHEMA.NAME`. */
  readonly typeName: string;
  readonly isObject: boolean;
  /** NUMBER: decimal digits, FLOAT: binary ones, TIMESTAMP: of seconds. */
  readonly precision: number | null;
  readonly scale: number | null;
  readonly bytes: number | null;
  readonly nullable: boolean;
};

const KINDS: Readonly<Record<string, Kind>> = {
  NUMBER: 'number',
  FLOAT: 'number',
  BINARY_FLOAT: 'binaryFloat',
  BINARY_DOUBLE: 'binaryDouble',
  VARCHAR2: 'text',
  NVARCHAR2: 'text',
  CHAR: 'char',
  NCHAR: 'char',
  CLOB: 'clob',
  NCLOB: 'clob',
  BLOB: 'blob',
  RAW: 'raw',
  DATE: 'date',
  TIMESTAMP: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'zoned',
  'TIMESTAMP WITH LOCAL TIME ZONE': 'localZoned',
  'INTERVAL YEAR TO MONTH': 'yearMonth',
  'INTERVAL DAY TO SECOND': 'daySecond',
  ROWID: 'rowid',
  UROWID: 'rowid',
  BOOLEAN: 'boolean',
  JSON: 'json',
  XMLTYPE: 'xml',
};

/** Of FLOAT and of NUMBERs without limits. */
const FLOATING_SCALE = -127;
/** PostgreSQL's seconds. */
const MICROSECONDS = 6;

/** What a `sourceType` of `mapColumn` says, or a type as the dictionary spells it: `INTERVAL DAY(2) TO SECOND(6)`. */
export function columnType(sourceType: string): ColumnType {
  const parts = /\((\d+)(?:,(-?\d+))?\)/.exec(sourceType);
  const name = sourceType.replace(/\([^)]*\)/g, '');
  const first = parts === null ? null : Number(parts[1]);
  const isNumber = name === 'NUMBER';
  const second = parts?.[2] === undefined ? (isNumber && first !== null ? 0 : null) : Number(parts[2]);
  const hasSeconds = name.startsWith('TIMESTAMP') || name === 'INTERVAL DAY TO SECOND';
  return {
    kind: (Object.hasOwn(KINDS, name) ? KINDS[name] : null) ?? null,
    national: /^N(CHAR|VARCHAR2|CLOB)$/.test(name),
    precision: isNumber ? first : null,
    scale: hasSeconds ? first : isNumber ? second : null,
  };
}

export function mapColumn(column: DescribedColumn): SourceColumn {
  const { name, nullable } = column;
  const sourceType = spell(column);
  const type = columnType(sourceType);
  const mirrorType = mirrorTypeOf(type);
  const mapped = { name, sourceType, nullable, binaryAsIs: false };
  if (mirrorType !== null) return { ...mapped, mirrorType };
  return { ...mapped, mirrorType: null, problem: problemOf(column, type) };
}

/** Oracle's own spelling. */
function spell({ typeName, isObject, precision, scale, bytes }: DescribedColumn): string {
  if (isObject) return `OBJECT ${typeName}`;
  if (typeName === 'NUMBER') {
    // An expression is described with precision 0, as a NUMBER without limits is.
    if (!precision) return 'NUMBER';
    if (scale === FLOATING_SCALE) return `FLOAT(${precision})`;
    return scale ? `NUMBER(${precision},${scale})` : `NUMBER(${precision})`;
  }
  if (typeName.startsWith('TIMESTAMP'))
    return typeName.replace('TIMESTAMP', `TIMESTAMP(${precision ?? MICROSECONDS})`);
  if (typeName === 'INTERVAL DAY TO SECOND')
    return precision === null ? typeName : `${typeName}(${precision})`;
  if (bytes !== null && /^(VARCHAR2|CHAR|RAW)$/.test(typeName)) return `${typeName}(${bytes})`;
  return typeName;
}

/** Up to so many digits fit integer and bigint. */
const INTEGER_DIGITS = 9;
const BIGINT_DIGITS = 18;

function mirrorTypeOf({ kind, precision, scale }: ColumnType): string | null {
  switch (kind) {
    case 'number':
      if (precision === null || scale !== 0 || precision > BIGINT_DIGITS) return 'numeric';
      return precision <= INTEGER_DIGITS ? 'integer' : 'bigint';
    case 'binaryFloat':
      return 'real';
    case 'binaryDouble':
      return 'double precision';
    case 'text':
    // Padding stays: it is part of what the source shows.
    case 'char':
    case 'clob':
    case 'rowid':
    // XML's own type would need a PostgreSQL built with libxml.
    case 'xml':
      return 'text';
    case 'blob':
    case 'raw':
      return 'bytea';
    case 'date':
      return 'timestamp without time zone';
    case 'timestamp':
      return inMicroseconds(scale, 'timestamp without time zone');
    case 'zoned':
    case 'localZoned':
      return inMicroseconds(scale, 'timestamp with time zone');
    case 'yearMonth':
      return 'interval';
    case 'daySecond':
      return inMicroseconds(scale, 'interval');
    case 'boolean':
      return 'boolean';
    case 'json':
      return 'json';
    case null:
      return null;
  }
}

function inMicroseconds(scale: number | null, type: string): string | null {
  return (scale ?? MICROSECONDS) <= MICROSECONDS ? type : null;
}

function problemOf({ name, typeName, isObject }: DescribedColumn, { kind }: ColumnType): string {
  if (kind === 'timestamp' || kind === 'zoned' || kind === 'localZoned') {
    const type = kind === 'timestamp' ? 'timestamp' : 'timestamptz';
    return `it has more than six digits of seconds: write { from: '${name}', type: '${type}', rounding: true }, or type: 'text' for all digits`;
  }
  if (kind === 'daySecond') {
    return `it has more than six digits of seconds: write { from: '${name}', type: 'text' } for all digits, or read CAST(${name} AS INTERVAL DAY(9) TO SECOND(6)) by \`read.sql\``;
  }
  if (typeName === 'LONG' || typeName === 'LONG RAW') {
    const lob = typeName === 'LONG' ? 'CLOB' : 'BLOB';
    return `${typeName} cannot be read in pages: make it a ${lob} (ALTER TABLE … MODIFY ${name} ${lob}), or leave it out of \`columns\``;
  }
  if (isObject) {
    return `values of object types have no text: read their attributes by \`read.sql\` (SELECT t.${name}.attribute …), or leave it out of \`columns\``;
  }
  return `there is no text for it: convert it by \`read.sql\`, or leave it out of \`columns\``;
}
