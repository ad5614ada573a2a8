/** PostgreSQL's text of values as the canonical form of types.ts, and back. */

import { OraError } from '../ora-error.ts';
import type { BindType, Cell, Column, LobCell, LobKind } from '../types.ts';
import { dayInterval, isoInterval, yearInterval } from './intervals.ts';
import type { Value } from './pipeline.ts';

/** Where LOBs of results go, and where those of binds come from. */
export type LobShelf = {
  adopt(kind: LobKind, data: string | Buffer): LobCell;
  /** All of it. */
  whole(cell: LobCell): Promise<string | Buffer>;
};

export type CellReader = (text: string) => Cell;

/** null: the text is the cell. */
export function cellReader({ type }: Pick<Column, 'type'>, lobs: LobShelf): CellReader | null {
  switch (type.name) {
    case 'NUMBER':
    case 'FLOAT':
    case 'BINARY_FLOAT':
    case 'BINARY_DOUBLE':
    case 'DATE':
    case 'TIMESTAMP':
    case 'ROWID':
    case 'UROWID':
      return null;
    case 'TIMESTAMP WITH TIME ZONE':
    case 'TIMESTAMP WITH LOCAL TIME ZONE':
      return zonedCell;
    case 'INTERVAL YEAR TO MONTH':
      return yearInterval;
    case 'INTERVAL DAY TO SECOND':
      return dayInterval;
    case 'RAW':
    case 'LONG RAW':
      return (text) => (text === '\\x' ? null : bytesOf(text));
    case 'CLOB':
    case 'NCLOB':
      return (text) => lobs.adopt(type.name as LobKind, text);
    case 'BLOB':
      return (text) => lobs.adopt('BLOB', bytesOf(text));
    default:
      return (text) => (text === '' ? null : text);
  }
}

function bytesOf(hex: string): Buffer {
  return Buffer.from(hex.slice(2), 'hex');
}

/** PostgreSQL leaves minutes out of a zone that has none; ` BC` stays at the end. */
function zonedCell(text: string): string {
  const parts = /^(.*[+-]\d\d)(:\d\d)?(?::\d\d)?( BC)?$/.exec(text);
  return parts === null ? text : `${parts[1]}${parts[2] ?? ':00'}${parts[3] ?? ''}`;
}

export type Row = readonly (string | null)[];

/** Rows of some columns; columns behind them are left out. */
export function rowReader(columns: readonly Column[], lobs: LobShelf): (row: Row) => readonly Cell[] {
  const readers = columns.map((column) => cellReader(column, lobs));
  return (row) =>
    readers.map((reader, index) => {
      const text = row[index] ?? null;
      return text === null || reader === null ? text : reader(text);
    });
}

/** A bind's value as a parameter of PostgreSQL. */
export async function parameterOf(cell: Cell, { type }: BindType, lobs: LobShelf): Promise<Value> {
  if (cell === null || cell === '') return null;
  if (typeof cell === 'string') return textParameter(cell, type.name);
  if (cell instanceof Uint8Array) return Buffer.from(cell.buffer, cell.byteOffset, cell.byteLength);
  return lobs.whole(cell);
}

function textParameter(text: string, type: BindType['type']['name']): string {
  switch (type) {
    case 'INTERVAL YEAR TO MONTH':
    case 'INTERVAL DAY TO SECOND':
      return isoInterval(text);
    case 'VARCHAR2':
    case 'NVARCHAR2':
    case 'CHAR':
    case 'NCHAR':
    case 'LONG':
      // PostgreSQL's text cannot hold it; Oracle's can.
      if (text.includes('\0'))
        throw new OraError(3001, 'unimplemented feature: the character U+0000 in text');
      return text;
    default:
      return text;
  }
}

/** The values of `$1`, `$2` …: each is a bind's, as `params` says. */
export async function parametersOf(
  params: readonly number[],
  bound: { readonly binds: readonly BindType[]; readonly row: readonly Cell[] },
  lobs: LobShelf,
): Promise<Value[]> {
  const values: Value[] = [];
  for (const index of params) {
    const bind = bound.binds[index];
    if (bind === undefined || index >= bound.row.length) throw new OraError(1008, 'not all variables bound');
    values.push(await parameterOf(bound.row[index] ?? null, bind, lobs));
  }
  return values;
}
