/** Metadata of binds and defines, and rows of bind values. */

import { OraError } from '../ora-error.ts';
import type { BindType, Cell } from '../types.ts';
import type { LocatorOwner } from '../values/lob-locator.ts';
import { readRowid } from '../values/rowid.ts';
import type { CharsetForm } from '../values/text.ts';
import { type ClientCapabilities, FIELD_VERSION } from '../wire/capabilities.ts';
import { ProtocolError, type TtcReader } from '../wire/reader.ts';
import { bindTypeOf, canonicalDataType, DATA_TYPE, hasWideScale, MAX_STRING_BYTES } from './data-types.ts';
import { decodeBind } from './decode-bind.ts';

const ROW_DATA = 7;
const ARRAY_FLAG = 0x40;
const LOB_PREFETCH_FLAG = 0x2000000;
/** In front of a missing boolean, which has a byte behind it. */
const NO_BOOLEAN = 0xfd;

/** A bind, or a define: what a client wants a column as. */
export type Bind = {
  /** Canonical: aliases are resolved. */
  readonly dataType: number;
  readonly form: CharsetForm;
  readonly maxBytes: number;
  /** An array of PL/SQL. */
  readonly isArray: boolean;
  /** Length and chunk size of LOBs travel in front of their locators. */
  readonly wantsLobSize: boolean;
  /** … and so many characters or bytes of them. */
  readonly lobPrefetch: number;
  /** null: not supported. */
  readonly type: BindType | null;
};

export type BindRow = {
  readonly cells: readonly Cell[];
  /** Of the first value that no Oracle value can be. The request is read to its end all the same. */
  readonly error: OraError | null;
};

export function parseBindMetadata(
  reader: TtcReader,
  count: number,
  client: ClientCapabilities,
): readonly Bind[] {
  return Array.from({ length: count }, () => parseBind(reader, client));
}

/**
 * One row of `binds`, those that travel. Long values come last, except in a block.
 * @throws ProtocolError when something else comes
 */
export function parseBindRow(
  reader: TtcReader,
  binds: readonly Bind[],
  context: { readonly owner: LocatorOwner; readonly isBlock: boolean },
): BindRow {
  if (reader.uint8() !== ROW_DATA) throw new ProtocolError('A row of bind values was expected');
  const cells: Cell[] = new Array(binds.length).fill(null);
  let error: OraError | null = null;
  const read = (at: number): void => {
    try {
      cells[at] = parseValue(reader, binds[at] as Bind, context.owner);
    } catch (problem) {
      if (!(problem instanceof OraError)) throw problem;
      error ??= problem;
    }
  };
  const isLong = (bind: Bind): boolean => !context.isBlock && bind.maxBytes > MAX_STRING_BYTES;
  for (const [at, bind] of binds.entries()) if (!isLong(bind)) read(at);
  for (const [at, bind] of binds.entries()) if (isLong(bind)) read(at);
  return { cells, error };
}

function parseBind(reader: TtcReader, client: ClientCapabilities): Bind {
  const dataType = canonicalDataType(reader.uint8());
  const flags = reader.uint8();
  reader.uint8(); // precision
  if (client.scaleAsInteger && hasWideScale(dataType)) reader.ub();
  else reader.uint8();
  const maxBytes = reader.ub();
  reader.ub(); // most elements of an array
  const moreFlags = reader.ub();
  if (reader.ub() > 0) reader.bytes(); // object identifier
  reader.ub(); // version
  reader.ub(); // character set
  const form = reader.uint8() as CharsetForm;
  const lobPrefetch = reader.ub();
  if (client.fieldVersion >= FIELD_VERSION.v12_2) reader.ub(); // column
  return {
    dataType,
    form,
    maxBytes,
    isArray: (flags & ARRAY_FLAG) !== 0,
    // As a number: the flag is beyond what a signed 32-bit operation leaves alone in larger fields.
    wantsLobSize: Math.floor(moreFlags / LOB_PREFETCH_FLAG) % 2 === 1,
    lobPrefetch,
    type: bindTypeOf(dataType, form, maxBytes),
  };
}

function parseValue(reader: TtcReader, bind: Bind, owner: LocatorOwner): Cell {
  if (bind.isArray) {
    for (let left = reader.ub(); left > 0; left--) skipValue(reader, bind.dataType);
    throw new OraError(3115, 'unsupported network datatype or representation (PL/SQL arrays)');
  }
  if (bind.type === null) {
    skipValue(reader, bind.dataType);
    throw unsupportedType(bind.dataType);
  }
  if (bind.dataType === DATA_TYPE.rowid) return readRowid(reader);
  const bytes = valueBytes(reader, bind.dataType);
  return bytes === null ? null : decodeBind(bind, bytes, owner);
}

export function unsupportedType(dataType: number): OraError {
  const name = dataType === DATA_TYPE.cursor ? 'REF CURSOR' : `data type ${dataType}`;
  return new OraError(3115, `unsupported network datatype or representation (${name})`);
}

function skipValue(reader: TtcReader, dataType: number): void {
  if (dataType === DATA_TYPE.cursor) {
    // A lone 0 behind the first length is no cursor; otherwise its number follows.
    reader.uint8();
    if (reader.uint8() !== 0) reader.ub();
  } else if (dataType === DATA_TYPE.object) {
    skipObject(reader);
  } else if (dataType === DATA_TYPE.json || dataType === DATA_TYPE.vector) {
    if (reader.ub() === 0) return;
    reader.bytes();
    reader.bytes();
  } else if (dataType === DATA_TYPE.rowid) {
    readRowid(reader);
  } else {
    valueBytes(reader, dataType);
  }
}

function skipObject(reader: TtcReader): void {
  for (let part = 0; part < 3; part++) if (reader.ub() > 0) reader.bytes(); // type, object, snapshot
  reader.ub(); // version
  const size = reader.ub();
  reader.ub(); // flags
  if (size > 0) reader.bytes();
}

function valueBytes(reader: TtcReader, dataType: number): Buffer | null {
  if (dataType === DATA_TYPE.clob || dataType === DATA_TYPE.blob || dataType === DATA_TYPE.bfile) {
    return reader.ub() === 0 ? null : reader.bytes();
  }
  if (dataType === DATA_TYPE.boolean && reader.peek() === NO_BOOLEAN) {
    reader.raw(2);
    return null;
  }
  return reader.bytes();
}
