/** Values that come back in binds: each has its length behind it, which is 0 unless the bind was too short for it. */

import { OraError } from '../ora-error.ts';
import type { Cell, EngineSession } from '../types.ts';
import { encodeText } from '../values/text.ts';
import type { TtcWriter } from '../wire/writer.ts';
import { DATA_TYPE } from './data-types.ts';
import { isLobCell, readWholeLob, writeLob } from './lob-data.ts';
import type { Bind } from './parse-binds.ts';
import { bytesOf, textOf, valueWriter } from './write-value.ts';

const BINARY: ReadonlySet<number> = new Set([DATA_TYPE.raw, DATA_TYPE.longRaw]);
const TEXT: ReadonlySet<number> = new Set([DATA_TYPE.varchar, DATA_TYPE.char, DATA_TYPE.long]);

export type OutWriter = (writer: TtcWriter, cell: Cell) => Promise<void>;

type OutContext = {
  readonly session: EngineSession;
  /** RETURNING tells the client the length that it would have needed; a block fails. */
  readonly tooLong: 'truncate' | 'fail';
};

export function outWriter(bind: Bind, context: OutContext): OutWriter {
  if (bind.dataType === DATA_TYPE.clob || bind.dataType === DATA_TYPE.blob) return lobWriter(bind, context);
  // By the type, not by the form of the character set: JDBC gives one to numbers, too.
  const isBinary = BINARY.has(bind.dataType);
  const isText = TEXT.has(bind.dataType);
  const write = valueWriter(bind.dataType, bind.form);
  return async (writer, value) => {
    const cell = isLobCell(value) ? await readWholeLob(context.session, value) : value;
    if (cell === null) {
      writer.uint8(0);
      writer.sb(0);
    } else if (isBinary || isText) {
      writeLimited(writer, isBinary ? bytesOf(cell) : encodeText(textOf(cell), bind.form), { bind, context });
    } else {
      write(writer, cell);
      writer.sb(0);
    }
  };
}

function writeLimited(
  writer: TtcWriter,
  bytes: Uint8Array,
  { bind, context }: { readonly bind: Bind; readonly context: OutContext },
): void {
  const fits = bytes.length <= bind.maxBytes || bind.maxBytes === 0;
  if (!fits && context.tooLong === 'fail') {
    throw new OraError(6502, 'PL/SQL: numeric or value error: character string buffer too small');
  }
  writer.bytes(fits ? bytes : bytes.subarray(0, bind.maxBytes));
  writer.sb(fits ? 0 : bytes.length);
}

function lobWriter(bind: Bind, { session }: OutContext): OutWriter {
  return async (writer, cell) => {
    if (cell === null) {
      writer.ub(0);
    } else if (isLobCell(cell)) {
      await writeLob(writer, cell, { session, wanted: bind });
    } else {
      const kind = bind.dataType === DATA_TYPE.blob ? 'BLOB' : bind.form === 2 ? 'NCLOB' : 'CLOB';
      const lob = session.lobs.create(kind);
      await session.lobs.write(lob, 0, cell);
      await writeLob(writer, lob, { session, wanted: bind });
    }
    writer.sb(0);
  };
}
