import type { OracleType, OracleTypeName } from '../types.ts';

/** Types that are not PostgreSQL's own: their numbers differ from database to database. */
export type BaseTypes = ReadonlyMap<number, string>;

const varchar2Bytes = 4000;

/**
 * Oracle's type of a column of a result that is no plain column, or that nothing was declared of. The same rules are in
 * oracle.type_of, for the dictionary. What Oracle has no type for is text.
 */
export function resultType(
  field: { readonly dataTypeID: number; readonly dataTypeModifier: number },
  baseTypes: BaseTypes,
): OracleType {
  const { dataTypeID, dataTypeModifier } = field;
  const base = baseTypes.get(dataTypeID);
  if (base !== undefined) return baseType(base, dataTypeModifier);
  return builtIn[dataTypeID]?.(dataTypeModifier) ?? text(varchar2Bytes, 'BYTE');
}

function type(name: OracleTypeName, parts: Partial<OracleType> = {}): OracleType {
  return { name, precision: null, scale: null, length: null, unit: null, ...parts };
}

function text(length: number, unit: 'BYTE' | 'CHAR'): OracleType {
  return type('VARCHAR2', { length, unit });
}

/** PostgreSQL's length modifiers are 4 more than the length. */
function lengthOf(modifier: number, otherwise: number): number {
  return modifier > 4 ? modifier - 4 : otherwise;
}

function whole(precision: number): () => OracleType {
  return () => type('NUMBER', { precision, scale: 0 });
}

function numeric(modifier: number): OracleType {
  if (modifier < 4) return type('NUMBER');
  const bits = (modifier - 4) & 0x7ff;
  return type('NUMBER', { precision: (modifier - 4) >> 16, scale: bits > 1023 ? bits - 2048 : bits });
}

function secondDigits(modifier: number): number {
  const digits = modifier & 0xffff;
  return modifier < 0 || digits > 6 ? 6 : digits;
}

/** Fields of an interval's modifier: days, hours, minutes, seconds; months and years are bits 1 and 2. */
const dayFields = (1 << 3) | (1 << 10) | (1 << 11) | (1 << 12);

function interval(modifier: number): OracleType {
  const isYears = modifier >= 0 && ((modifier >> 16) & dayFields) === 0;
  return isYears
    ? type('INTERVAL YEAR TO MONTH', { precision: 2 })
    : type('INTERVAL DAY TO SECOND', { precision: 2, scale: secondDigits(modifier) });
}

function baseType(name: string, modifier: number): OracleType {
  switch (name) {
    case 'date':
      return type('DATE');
    case 'timestamp9':
      return type('TIMESTAMP', { scale: lengthOf(modifier, 9) });
    case 'raw':
      return type('RAW', { length: lengthOf(modifier, 2000) });
    default:
      return type(name.toUpperCase() as OracleTypeName);
  }
}

/** By PostgreSQL's type number, which is the same everywhere. */
const builtIn: Readonly<Record<number, (modifier: number) => OracleType>> = {
  16: whole(1),
  17: () => type('RAW', { length: 2000 }),
  20: whole(19),
  21: whole(5),
  23: whole(10),
  26: whole(10),
  700: () => type('BINARY_FLOAT'),
  701: () => type('BINARY_DOUBLE'),
  1042: (modifier) => type('CHAR', { length: lengthOf(modifier, 2000), unit: 'CHAR' }),
  1043: (modifier) => text(lengthOf(modifier, varchar2Bytes), 'CHAR'),
  1082: () => type('DATE'),
  1114: (modifier) => type('TIMESTAMP', { scale: secondDigits(modifier) }),
  1184: (modifier) => type('TIMESTAMP WITH TIME ZONE', { scale: secondDigits(modifier) }),
  1186: interval,
  1700: numeric,
};
