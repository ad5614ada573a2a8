import type { OracleType } from '../../types.ts';

/** PostgreSQL's type for one of Oracle's. */
export function typeText(type: OracleType): string {
  const { length, precision, scale } = type;
  const sized = length === null ? '' : `(${length})`;
  switch (type.name) {
    case 'VARCHAR2':
    case 'NVARCHAR2':
      return `varchar${sized}`;
    case 'CHAR':
    case 'NCHAR':
      return `bpchar${sized}`;
    case 'NUMBER':
      return precision === null ? 'numeric' : `numeric(${precision}, ${scale ?? 0})`;
    case 'FLOAT':
      return 'numeric';
    case 'BINARY_FLOAT':
      return 'real';
    case 'BINARY_DOUBLE':
      return 'double precision';
    case 'DATE':
      return 'oracle.date';
    case 'TIMESTAMP':
      return (scale ?? 6) > 6 ? `oracle.timestamp9(${scale})` : `timestamp(${scale ?? 6})`;
    case 'TIMESTAMP WITH TIME ZONE':
    case 'TIMESTAMP WITH LOCAL TIME ZONE':
      return `timestamptz(${Math.min(scale ?? 6, 6)})`;
    case 'INTERVAL YEAR TO MONTH':
      return 'interval year to month';
    case 'INTERVAL DAY TO SECOND':
      return `interval day to second(${Math.min(scale ?? 6, 6)})`;
    case 'RAW':
      return `oracle.raw${sized}`;
    case 'LONG RAW':
      return 'oracle.raw';
    case 'UROWID':
      return 'oracle.rowid';
    default:
      return `oracle.${type.name.toLowerCase()}`;
  }
}
