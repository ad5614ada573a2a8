/** What clients are told of a query's columns. */

import type { Column, OracleType } from '../types.ts';
import { CHARSET_FORM, charsetId } from '../values/text.ts';
import { type ClientCapabilities, FIELD_VERSION } from '../wire/capabilities.ts';
import type { TtcWriter } from '../wire/writer.ts';
import { hasWideScale, MAX_STRING_BYTES, wireTypeOf } from './data-types.ts';

const DESCRIBE_INFO = 16;
/** A NUMBER without a precision, and a FLOAT. */
const FLOATING = -127;
const FLOAT_BINARY_DIGITS = 126;
const NUMBER_DIGITS = 38;
const LEADING_DIGITS = 2;
const FRACTION_DIGITS = 6;
/** UTF-8, as Oracle counts for columns declared in characters. */
const BYTES_A_CHARACTER = 4;
const BYTES_A_NATIONAL_CHARACTER = 2;
const MAX_LONG_BYTES = 2 ** 31 - 1;
const LOB_BYTES = 4000;

export type Sizes = {
  readonly precision: number;
  readonly scale: number;
  readonly maxBytes: number;
  /** Character types: as declared, in bytes or characters. */
  readonly length: number;
};

export function writeDescribe(
  writer: TtcWriter,
  columns: readonly Column[],
  client: ClientCapabilities,
): void {
  writer.uint8(DESCRIBE_INFO);
  writer.uint8(0); // cursor's description, not read
  writer.ub(columns.reduce((sum, { type }) => Math.min(sum + sizesOf(type).maxBytes, MAX_LONG_BYTES), 0));
  writer.ub(columns.length);
  if (columns.length > 0) writer.uint8(0);
  for (const [at, column] of columns.entries()) writeColumn(writer, { column, at }, client);
  writer.ub(0); // current date
  for (let field = 0; field < 4; field++) writer.ub(0);
  writer.ub(0); // identifier for a client's cache of results
}

function writeColumn(
  writer: TtcWriter,
  { column, at }: { readonly column: Column; readonly at: number },
  client: ClientCapabilities,
): void {
  const { dataType, form } = wireTypeOf(column.type.name);
  const sizes = sizesOf(column.type);
  writer.uint8(dataType);
  writer.uint8(0); // flags
  writer.uint8(sizes.precision);
  if (client.scaleAsInteger && hasWideScale(dataType)) writer.sb(sizes.scale);
  else writer.uint8(sizes.scale);
  writer.ub(sizes.maxBytes);
  writer.ub(0); // most elements of an array
  writer.ub(0); // more flags
  writer.ub(0); // object identifier
  writer.ub(0); // version
  writer.ub(charsetId(form));
  writer.uint8(form);
  writer.ub(form === CHARSET_FORM.none ? 0 : sizes.length);
  if (client.fieldVersion >= FIELD_VERSION.v12_2) writer.ub(0); // column of the table
  writer.uint8(column.nullable ? 1 : 0);
  writer.uint8(0); // length of the name in version 7
  writer.countedText(column.name);
  writer.ub(0); // schema of the type
  writer.ub(0); // name of the type
  writer.ub(at + 1);
  writer.ub(0); // user-defined flags
  writeNewerFields(writer, client);
}

function writeNewerFields(writer: TtcWriter, { fieldVersion }: ClientCapabilities): void {
  if (fieldVersion >= FIELD_VERSION.v23) {
    writer.ub(0); // schema of the domain
    writer.ub(0); // name of the domain
  }
  if (fieldVersion >= FIELD_VERSION.annotations) writer.ub(0);
  if (fieldVersion >= FIELD_VERSION.vector) {
    writer.ub(0);
    writer.uint8(0);
    writer.uint8(0);
  }
}

export function sizesOf(type: OracleType): Sizes {
  switch (type.name) {
    case 'NUMBER':
      return numberSizes(type);
    case 'FLOAT':
      return plain(22, { precision: type.precision ?? FLOAT_BINARY_DIGITS, scale: FLOATING });
    case 'BINARY_FLOAT':
      return plain(4);
    case 'BINARY_DOUBLE':
      return plain(8);
    case 'DATE':
      return plain(7);
    case 'TIMESTAMP':
    case 'TIMESTAMP WITH LOCAL TIME ZONE':
      return plain(11, { scale: type.scale ?? FRACTION_DIGITS });
    case 'TIMESTAMP WITH TIME ZONE':
      return plain(13, { scale: type.scale ?? FRACTION_DIGITS });
    case 'INTERVAL YEAR TO MONTH':
      return plain(5, { precision: type.precision ?? LEADING_DIGITS });
    case 'INTERVAL DAY TO SECOND':
      return plain(11, {
        precision: type.precision ?? LEADING_DIGITS,
        scale: type.scale ?? FRACTION_DIGITS,
      });
    case 'ROWID':
      return plain(18);
    case 'UROWID':
      return plain(4000);
    case 'LONG':
    case 'LONG RAW':
      return plain(MAX_LONG_BYTES);
    case 'CLOB':
    case 'NCLOB':
    case 'BLOB':
      return plain(LOB_BYTES);
    default:
      return stringSizes(type);
  }
}

function plain(maxBytes: number, digits: { precision?: number; scale?: number } = {}): Sizes {
  return { precision: digits.precision ?? 0, scale: digits.scale ?? 0, maxBytes, length: 0 };
}

function numberSizes({ precision, scale }: OracleType): Sizes {
  if (precision === null && scale === null) return plain(22, { scale: FLOATING });
  return plain(22, { precision: precision ?? NUMBER_DIGITS, scale: scale ?? 0 });
}

/** No declared length: an expression, which may be as long as a string can be. */
function stringSizes({ name, length, unit }: OracleType): Sizes {
  const national = name === 'NVARCHAR2' || name === 'NCHAR';
  const widest = national ? BYTES_A_NATIONAL_CHARACTER : unit === 'CHAR' ? BYTES_A_CHARACTER : 1;
  const declared = length ?? Math.floor(MAX_STRING_BYTES / widest);
  const maxBytes = Math.min(declared * widest, MAX_STRING_BYTES);
  return { precision: 0, scale: 0, maxBytes, length: declared };
}
