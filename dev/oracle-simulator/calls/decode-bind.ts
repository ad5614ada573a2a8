/** Bytes of a bind value, as a cell. */

import type { Cell } from '../types.ts';
import { decodeFloat } from '../values/binary-float.ts';
import {
  decodeDate,
  decodeLocalTimestamp,
  decodeTimestamp,
  decodeZonedTimestamp,
} from '../values/datetime.ts';
import { decodeDaysSeconds, decodeYearsMonths } from '../values/interval.ts';
import { decodeLocator, type LocatorOwner } from '../values/lob-locator.ts';
import { decodeNumber } from '../values/number.ts';
import { type CharsetForm, decodeText } from '../values/text.ts';
import { DATA_TYPE } from './data-types.ts';

const DECODERS: ReadonlyMap<number, (bytes: Uint8Array) => string> = new Map([
  [DATA_TYPE.number, decodeNumber],
  [DATA_TYPE.date, decodeDate],
  [DATA_TYPE.timestamp, decodeTimestamp],
  [DATA_TYPE.timestampTz, decodeZonedTimestamp],
  [DATA_TYPE.timestampLtz, decodeLocalTimestamp],
  [DATA_TYPE.intervalYm, decodeYearsMonths],
  [DATA_TYPE.intervalDs, decodeDaysSeconds],
  [DATA_TYPE.binaryFloat, decodeFloat],
  [DATA_TYPE.binaryDouble, decodeFloat],
  [DATA_TYPE.boolean, decodeBoolean],
]);

/** @throws OraError when the bytes are no value of the type */
export function decodeBind(
  bind: { readonly dataType: number; readonly form: CharsetForm },
  bytes: Buffer,
  owner: LocatorOwner,
): Cell {
  const { dataType } = bind;
  if (dataType === DATA_TYPE.raw || dataType === DATA_TYPE.longRaw) return Uint8Array.from(bytes);
  if (dataType === DATA_TYPE.clob || dataType === DATA_TYPE.blob) return decodeLocator(bytes, owner);
  const decode = DECODERS.get(dataType);
  if (decode !== undefined) return decode(bytes);
  const text = decodeText(bytes, bind.form);
  return text === '' ? null : text;
}

function decodeBoolean(bytes: Uint8Array): string {
  return bytes[bytes.length - 1] === 0 ? '0' : '1';
}
