/** How the values of a query's columns go out: as they are, or as what the client defined them as. */

import { OraError } from '../ora-error.ts';
import type { Cell, Column, EngineSession, LobCell, OracleType } from '../types.ts';
import { type NlsFormats, oracleText } from '../values/oracle-text.ts';
import { writeRowid, writeUrowid } from '../values/rowid.ts';
import type { TtcWriter } from '../wire/writer.ts';
import { DATA_TYPE, MAX_STRING_BYTES, wireTypeOf } from './data-types.ts';
import { isLobCell, readWholeLob, releaseLob, writeLob } from './lob-data.ts';
import type { Bind } from './parse-binds.ts';
import { bytesOf, textOf, type ValueWriter, valueWriter } from './write-value.ts';

/** Writes one value of a column, NULL included. A promise for those that have to be read first. */
export type CellWriter = (writer: TtcWriter, cell: Cell) => void | Promise<void>;

export type WriterContext = { readonly session: EngineSession; readonly formats: NlsFormats };

const COLUMN_VALUE_NULL = 1405;

/** @throws OraError 932 for a conversion that there is not */
export function cellWriter(column: Column, define: Bind | null, context: WriterContext): CellWriter {
  const source = wireTypeOf(column.type.name);
  if (source.dataType === DATA_TYPE.clob || source.dataType === DATA_TYPE.blob) {
    return lobColumnWriter(column.type, define, context);
  }
  const target = define ?? source;
  const write = columnValueWriter(column.type, target, context);
  return isLongTarget(target) ? withIndicator(write) : orNull(write);
}

/** Whether the column's values can go out only after the client said as what. */
export function needsDefine(column: Column): boolean {
  const { dataType } = wireTypeOf(column.type.name);
  return dataType === DATA_TYPE.clob || dataType === DATA_TYPE.blob;
}

type Target = Pick<Bind, 'dataType' | 'form'>;

/** By the type alone: JDBC defines strings with more bytes than a string can have. */
function isLongTarget({ dataType }: Target): boolean {
  return dataType === DATA_TYPE.long || dataType === DATA_TYPE.longRaw;
}

function orNull(write: ValueWriter): ValueWriter {
  return (writer, cell) => {
    if (cell === null) writer.uint8(0);
    else write(writer, cell);
  };
}

/** Long values have an indicator and a return code behind them. */
function withIndicator(write: ValueWriter): ValueWriter {
  return (writer, cell) => {
    if (cell === null) {
      writer.uint8(0);
      writer.sb(-1);
      writer.ub(COLUMN_VALUE_NULL);
    } else {
      write(writer, cell);
      writer.sb(0);
      writer.ub(0);
    }
  };
}

function columnValueWriter(type: OracleType, target: Target, { formats }: WriterContext): ValueWriter {
  const from = kindOf(wireTypeOf(type.name).dataType);
  const to = kindOf(target.dataType);
  if (from === 'rowid') return rowidWriter(target);
  const write = valueWriter(target.dataType, target.form);
  if (from === to) return to === 'text' && !isLongTarget(target) ? limited(write) : write;
  if (to === 'text') {
    if (from === 'binary') {
      return (writer, cell) => write(writer, Buffer.from(bytesOf(cell)).toString('hex').toUpperCase());
    }
    return (writer, cell) => write(writer, oracleText(textOf(cell), type, formats));
  }
  if (from === 'text' && to === 'number') return (writer, cell) => write(writer, textOf(cell).trim());
  throw inconsistent(type, target);
}

function rowidWriter(target: Target): ValueWriter {
  if (target.dataType === DATA_TYPE.rowid) return (writer, cell) => writeRowid(writer, textOf(cell));
  if (target.dataType === DATA_TYPE.urowid) return (writer, cell) => writeUrowid(writer, textOf(cell));
  if (kindOf(target.dataType) === 'text') return valueWriter(target.dataType, target.form);
  throw new OraError(932, 'inconsistent datatypes: a ROWID can be defined as characters only');
}

/** Text of an expression has no declared length to keep it within what a VARCHAR2 holds. */
function limited(write: ValueWriter): ValueWriter {
  return (writer, cell) => {
    const text = textOf(cell);
    if (text.length > MAX_STRING_BYTES / 3 && Buffer.byteLength(text) > MAX_STRING_BYTES) {
      throw new OraError(1489, 'result of string concatenation is too long');
    }
    write(writer, cell);
  };
}

type Kind = 'text' | 'binary' | 'number' | 'date' | 'zoned' | 'rowid' | `other ${number}`;

/** Types whose values can go out as each other's. */
function kindOf(dataType: number): Kind {
  switch (dataType) {
    case DATA_TYPE.varchar:
    case DATA_TYPE.char:
    case DATA_TYPE.long:
      return 'text';
    case DATA_TYPE.raw:
    case DATA_TYPE.longRaw:
      return 'binary';
    case DATA_TYPE.number:
    case DATA_TYPE.binaryFloat:
    case DATA_TYPE.binaryDouble:
      return 'number';
    case DATA_TYPE.date:
    case DATA_TYPE.timestamp:
      return 'date';
    case DATA_TYPE.timestampTz:
    case DATA_TYPE.timestampLtz:
      return 'zoned';
    case DATA_TYPE.rowid:
    case DATA_TYPE.urowid:
      return 'rowid';
    default:
      return `other ${dataType}`;
  }
}

function lobColumnWriter(type: OracleType, define: Bind | null, context: WriterContext): CellWriter {
  const { session } = context;
  const isBinary = type.name === 'BLOB';
  if (define === null || define.dataType === (isBinary ? DATA_TYPE.blob : DATA_TYPE.clob)) {
    return async (writer, cell) => {
      if (cell === null) writer.ub(0);
      else await writeLob(writer, lobOf(cell), { session, wanted: define });
    };
  }
  if (kindOf(define.dataType) !== (isBinary ? 'binary' : 'text')) throw inconsistent(type, define);
  const write = withIndicator(valueWriter(define.dataType, define.form));
  return async (writer, cell) => {
    if (cell === null) {
      write(writer, null);
      return;
    }
    const lob = lobOf(cell);
    write(writer, await readWholeLob(session, lob));
    releaseLob(session, lob);
  };
}

function lobOf(cell: Cell): LobCell {
  if (isLobCell(cell)) return cell;
  throw new OraError(932, 'inconsistent datatypes: expected a LOB');
}

function inconsistent(type: OracleType, target: Target): OraError {
  return new OraError(932, `inconsistent datatypes: ${type.name} defined as data type ${target.dataType}`);
}
