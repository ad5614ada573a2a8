/** Numbers of data types on the wire, and what they are in the simulator. */

import type { BindType, OracleType, OracleTypeName } from '../types.ts';
import { CHARSET_FORM, type CharsetForm } from '../values/text.ts';

export const DATA_TYPE = {
  varchar: 1,
  number: 2,
  long: 8,
  rowid: 11,
  date: 12,
  raw: 23,
  longRaw: 24,
  char: 96,
  binaryFloat: 100,
  binaryDouble: 101,
  cursor: 102,
  object: 109,
  clob: 112,
  blob: 113,
  bfile: 114,
  json: 119,
  vector: 127,
  timestamp: 180,
  timestampTz: 181,
  intervalYm: 182,
  intervalDs: 183,
  urowid: 208,
  timestampLtz: 231,
  boolean: 252,
} as const;

/** The longest string; longer values go last in a row of binds. */
export const MAX_STRING_BYTES = 32_767;

/** Representations of a type that differ only in clients' memory. */
const ALIASES: ReadonlyMap<number, number> = new Map([
  [3, DATA_TYPE.number], // BINARY_INTEGER
  [5, DATA_TYPE.varchar], // NUL-terminated
  [6, DATA_TYPE.number], // with a length
  [9, DATA_TYPE.varchar], // with a length
  [15, DATA_TYPE.raw],
  [94, DATA_TYPE.long],
  [95, DATA_TYPE.longRaw],
  [97, DATA_TYPE.char],
  [104, DATA_TYPE.rowid],
  [187, DATA_TYPE.timestamp],
  [188, DATA_TYPE.timestampTz],
  [189, DATA_TYPE.intervalYm],
  [190, DATA_TYPE.intervalDs],
  [232, DATA_TYPE.timestampLtz],
]);

export function canonicalDataType(code: number): number {
  return ALIASES.get(code) ?? code;
}

/** Types whose scale clients may send and read as an integer behind its length. */
export function hasWideScale(dataType: number): boolean {
  return (
    dataType === DATA_TYPE.number ||
    dataType === DATA_TYPE.timestamp ||
    dataType === DATA_TYPE.timestampTz ||
    dataType === DATA_TYPE.timestampLtz ||
    dataType === DATA_TYPE.intervalDs
  );
}

const BIND_NAMES: ReadonlyMap<number, OracleTypeName> = new Map([
  [DATA_TYPE.varchar, 'VARCHAR2'],
  [DATA_TYPE.number, 'NUMBER'],
  [DATA_TYPE.long, 'LONG'],
  [DATA_TYPE.rowid, 'ROWID'],
  [DATA_TYPE.date, 'DATE'],
  [DATA_TYPE.raw, 'RAW'],
  [DATA_TYPE.longRaw, 'LONG RAW'],
  [DATA_TYPE.char, 'CHAR'],
  [DATA_TYPE.binaryFloat, 'BINARY_FLOAT'],
  [DATA_TYPE.binaryDouble, 'BINARY_DOUBLE'],
  [DATA_TYPE.clob, 'CLOB'],
  [DATA_TYPE.blob, 'BLOB'],
  [DATA_TYPE.timestamp, 'TIMESTAMP'],
  [DATA_TYPE.timestampTz, 'TIMESTAMP WITH TIME ZONE'],
  [DATA_TYPE.intervalYm, 'INTERVAL YEAR TO MONTH'],
  [DATA_TYPE.intervalDs, 'INTERVAL DAY TO SECOND'],
  [DATA_TYPE.urowid, 'UROWID'],
  [DATA_TYPE.timestampLtz, 'TIMESTAMP WITH LOCAL TIME ZONE'],
]);
const NATIONAL: ReadonlyMap<OracleTypeName, OracleTypeName> = new Map([
  ['VARCHAR2', 'NVARCHAR2'],
  ['CHAR', 'NCHAR'],
  ['CLOB', 'NCLOB'],
]);
const LENGTHS: ReadonlySet<OracleTypeName> = new Set(['VARCHAR2', 'NVARCHAR2', 'CHAR', 'NCHAR', 'RAW']);

/** What a client binds, as the engine takes it; null for types that are not supported. Booleans are 1 and 0. */
export function bindTypeOf(dataType: number, form: CharsetForm, maxBytes: number): BindType | null {
  if (dataType === DATA_TYPE.boolean) {
    return { type: { ...plainType('NUMBER'), precision: 1, scale: 0 }, maxBytes };
  }
  const plain = BIND_NAMES.get(dataType);
  if (plain === undefined) return null;
  const name = form === CHARSET_FORM.national ? (NATIONAL.get(plain) ?? plain) : plain;
  const type = LENGTHS.has(name)
    ? { ...plainType(name), length: maxBytes, unit: 'BYTE' as const }
    : {
        ...plainType(name),
        scale: name.startsWith('TIMESTAMP') || name.startsWith('INTERVAL DAY') ? 9 : null,
      };
  return { type, maxBytes };
}

function plainType(name: OracleTypeName): OracleType {
  return { name, precision: null, scale: null, length: null, unit: null };
}

type WireType = { readonly dataType: number; readonly form: CharsetForm };
const none = CHARSET_FORM.none;
const { database, national } = CHARSET_FORM;

const WIRE_TYPES: Readonly<Record<OracleTypeName, WireType>> = {
  VARCHAR2: { dataType: DATA_TYPE.varchar, form: database },
  NVARCHAR2: { dataType: DATA_TYPE.varchar, form: national },
  CHAR: { dataType: DATA_TYPE.char, form: database },
  NCHAR: { dataType: DATA_TYPE.char, form: national },
  NUMBER: { dataType: DATA_TYPE.number, form: none },
  FLOAT: { dataType: DATA_TYPE.number, form: none },
  BINARY_FLOAT: { dataType: DATA_TYPE.binaryFloat, form: none },
  BINARY_DOUBLE: { dataType: DATA_TYPE.binaryDouble, form: none },
  DATE: { dataType: DATA_TYPE.date, form: none },
  TIMESTAMP: { dataType: DATA_TYPE.timestamp, form: none },
  'TIMESTAMP WITH TIME ZONE': { dataType: DATA_TYPE.timestampTz, form: none },
  'TIMESTAMP WITH LOCAL TIME ZONE': { dataType: DATA_TYPE.timestampLtz, form: none },
  'INTERVAL YEAR TO MONTH': { dataType: DATA_TYPE.intervalYm, form: none },
  'INTERVAL DAY TO SECOND': { dataType: DATA_TYPE.intervalDs, form: none },
  RAW: { dataType: DATA_TYPE.raw, form: none },
  LONG: { dataType: DATA_TYPE.long, form: database },
  'LONG RAW': { dataType: DATA_TYPE.longRaw, form: none },
  CLOB: { dataType: DATA_TYPE.clob, form: database },
  NCLOB: { dataType: DATA_TYPE.clob, form: national },
  BLOB: { dataType: DATA_TYPE.blob, form: none },
  ROWID: { dataType: DATA_TYPE.rowid, form: none },
  UROWID: { dataType: DATA_TYPE.urowid, form: none },
};

export function wireTypeOf(name: OracleTypeName): WireType {
  return WIRE_TYPES[name];
}
