/** Cells as bytes of a type on the wire. */

import { OraError } from '../ora-error.ts';
import type { Cell } from '../types.ts';
import { encodeFloat } from '../values/binary-float.ts';
import {
  encodeDate,
  encodeLocalTimestamp,
  encodeTimestamp,
  encodeZonedTimestamp,
} from '../values/datetime.ts';
import { encodeDaysSeconds, encodeYearsMonths } from '../values/interval.ts';
import { encodeNumber } from '../values/number.ts';
import { type CharsetForm, encodeText } from '../values/text.ts';
import type { TtcWriter } from '../wire/writer.ts';
import { DATA_TYPE } from './data-types.ts';

/** Writes a cell that is neither NULL nor a LOB. */
export type ValueWriter = (writer: TtcWriter, cell: Cell) => void;

const ENCODERS: ReadonlyMap<number, (text: string) => Uint8Array> = new Map([
  [DATA_TYPE.number, encodeNumber],
  [DATA_TYPE.date, encodeDate],
  [DATA_TYPE.timestamp, encodeTimestamp],
  [DATA_TYPE.timestampTz, encodeZonedTimestamp],
  [DATA_TYPE.timestampLtz, encodeLocalTimestamp],
  [DATA_TYPE.intervalYm, encodeYearsMonths],
  [DATA_TYPE.intervalDs, encodeDaysSeconds],
  [DATA_TYPE.binaryFloat, (text: string) => encodeFloat(text, 4)],
  [DATA_TYPE.binaryDouble, (text: string) => encodeFloat(text, 8)],
  [DATA_TYPE.boolean, encodeBoolean],
]);

const TRUE = Uint8Array.of(1, 1);
const FALSE = Uint8Array.of(0);

export function valueWriter(dataType: number, form: CharsetForm): ValueWriter {
  const encode = ENCODERS.get(dataType);
  if (encode !== undefined) return (writer, cell) => writer.bytes(encode(textOf(cell)));
  if (dataType === DATA_TYPE.raw || dataType === DATA_TYPE.longRaw) {
    return (writer, cell) => writer.bytes(bytesOf(cell));
  }
  return (writer, cell) => writer.bytes(encodeText(textOf(cell), form));
}

export function textOf(cell: Cell): string {
  if (typeof cell === 'string') return cell;
  throw new OraError(932, 'inconsistent datatypes: expected characters, got binary data');
}

export function bytesOf(cell: Cell): Uint8Array {
  if (cell instanceof Uint8Array) return cell;
  throw new OraError(932, 'inconsistent datatypes: expected binary data, got characters');
}

function encodeBoolean(text: string): Uint8Array {
  return text === '0' ? FALSE : TRUE;
}
