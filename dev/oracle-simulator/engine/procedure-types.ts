import type { OracleTypeName } from '../types.ts';

const types: Readonly<Record<OracleTypeName, string>> = {
  VARCHAR2: 'varchar',
  NVARCHAR2: 'varchar',
  CHAR: 'bpchar',
  NCHAR: 'bpchar',
  NUMBER: 'numeric',
  FLOAT: 'numeric',
  BINARY_FLOAT: 'real',
  BINARY_DOUBLE: 'double precision',
  DATE: 'oracle.date',
  TIMESTAMP: 'timestamp',
  'TIMESTAMP WITH TIME ZONE': 'timestamptz',
  'TIMESTAMP WITH LOCAL TIME ZONE': 'timestamptz',
  'INTERVAL YEAR TO MONTH': 'interval',
  'INTERVAL DAY TO SECOND': 'interval',
  RAW: 'oracle.raw',
  LONG: 'oracle.long',
  'LONG RAW': 'oracle.raw',
  CLOB: 'oracle.clob',
  NCLOB: 'oracle.nclob',
  BLOB: 'oracle.blob',
  ROWID: 'oracle.rowid',
  UROWID: 'oracle.rowid',
};

/** PostgreSQL's type of parameters that Oracle declares so. */
export function parameterType(type: OracleTypeName): string {
  return types[type];
}
