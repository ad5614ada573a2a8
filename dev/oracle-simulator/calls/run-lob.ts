/** Operations on LOBs by their locators. */

import { OraError } from '../ora-error.ts';
import type { LobCell } from '../types.ts';
import { decodeLocator, LOCATOR_BYTES } from '../values/lob-locator.ts';
import { CHARSET_FORM, CHARSET_ID, decodeText, encodeText } from '../values/text.ts';
import type { CallContext } from '../wire/call-context.ts';
import { DATA_TYPE } from './data-types.ts';
import { CHUNK_BYTES, locatorOf } from './lob-data.ts';
import { type LobRequest, splitLocators } from './parse-lob.ts';

const OPERATION = {
  length: 0x0001,
  read: 0x0002,
  trim: 0x0020,
  write: 0x0040,
  createTemporary: 0x0110,
  freeTemporary: 0x0111,
  chunkSize: 0x4000,
  open: 0x8000,
  close: 0x10000,
  isOpen: 0x11000,
} as const;
const LOB_DATA = 14;
const RETURN_PARAMETERS = 8;

/** What an operation has to tell. */
type Outcome = {
  readonly lob: LobCell;
  readonly data?: Uint8Array;
  readonly amount?: number;
  readonly flag?: boolean;
};

export async function runLobCall(context: CallContext, request: LobRequest): Promise<void> {
  const { writer } = context;
  const outcome =
    request.operation === OPERATION.createTemporary
      ? { lob: createTemporary(context, request) }
      : await operate(context, request, decodeLocator(request.source, context.session));
  if (outcome.data !== undefined) {
    writer.uint8(LOB_DATA);
    writer.bytes(outcome.data);
  }
  writer.uint8(RETURN_PARAMETERS);
  writer.raw(sourceLocator(context, request, outcome.lob));
  writer.raw(request.destination);
  if (request.wants.charset) writer.ub(CHARSET_ID.utf8);
  if (request.wants.amount) writer.ub(outcome.amount ?? request.amount);
  if (request.wants.flag) writer.uint8(outcome.flag === true ? 1 : 0);
  context.endWithStatus();
}

/** Frees all that the session still knows; clients tell of the others, too. */
export function runFreeLobs({ session, cursors }: CallContext, request: LobRequest): void {
  for (const locator of splitLocators(request)) {
    try {
      const cell = decodeLocator(locator, session);
      cursors.openLobs.delete(cell.lob);
      session.lobs.free(cell);
    } catch (error) {
      if (!(error instanceof OraError)) throw error;
    }
  }
}

function createTemporary({ session }: CallContext, request: LobRequest): LobCell {
  if (request.source.length < LOCATOR_BYTES) {
    throw new OraError(22275, 'invalid LOB locator specified: there is no room for a new one');
  }
  if (request.destinationOffset === DATA_TYPE.blob) return session.lobs.create('BLOB');
  if (request.destinationOffset !== DATA_TYPE.clob) {
    throw new OraError(932, `inconsistent datatypes: no temporary LOB of type ${request.destinationOffset}`);
  }
  return session.lobs.create(request.sourceOffset === CHARSET_FORM.national ? 'NCLOB' : 'CLOB');
}

async function operate(context: CallContext, request: LobRequest, lob: LobCell): Promise<Outcome> {
  const { lobs } = context.session;
  switch (request.operation) {
    case OPERATION.length:
      return { lob, amount: await lobs.length(lob) };
    case OPERATION.chunkSize:
      return { lob, amount: CHUNK_BYTES };
    case OPERATION.read:
      return await read(context, request, lob);
    case OPERATION.write:
      return await write(context, request, lob);
    case OPERATION.trim:
      return await trim(context, request, lob);
    case OPERATION.freeTemporary:
      context.cursors.openLobs.delete(lob.lob);
      lobs.free(lob);
      return { lob };
    case OPERATION.open:
    case OPERATION.close:
    case OPERATION.isOpen:
      return openState(context, request, lob);
    default:
      throw new OraError(
        3001,
        `unimplemented feature: operation 0x${request.operation.toString(16)} of a LOB (such as append, copy, erase, and files)`,
      );
  }
}

/** Amount 0: to the end. Offsets are characters of UTF-16, as in a database whose characters vary in width. */
async function read({ session }: CallContext, request: LobRequest, lob: LobCell): Promise<Outcome> {
  const offset = offsetOf(request);
  const amount = request.amount > 0 ? request.amount : Math.max(0, (await session.lobs.length(lob)) - offset);
  const data = await session.lobs.read(lob, offset, amount);
  const bytes = typeof data === 'string' ? encodeText(data, CHARSET_FORM.national) : data;
  return { lob, data: bytes, amount: data.length };
}

async function write({ session }: CallContext, request: LobRequest, lob: LobCell): Promise<Outcome> {
  const bytes = request.data ?? Buffer.alloc(0);
  const data = lob.kind === 'BLOB' ? bytes : decodeText(bytes, CHARSET_FORM.national);
  await session.lobs.write(lob, offsetOf(request), data);
  return { lob, amount: data.length };
}

async function trim({ session }: CallContext, request: LobRequest, lob: LobCell): Promise<Outcome> {
  if (request.amount > (await session.lobs.length(lob))) {
    throw new OraError(22926, "specified trim length is greater than current LOB value's length");
  }
  await session.lobs.trim(lob, request.amount);
  return { lob, amount: request.amount };
}

function openState({ cursors }: CallContext, request: LobRequest, lob: LobCell): Outcome {
  const { openLobs } = cursors;
  const isOpen = openLobs.has(lob.lob);
  if (request.operation === OPERATION.open) {
    if (isOpen) throw new OraError(22293, 'LOB already opened in the same transaction');
    openLobs.add(lob.lob);
  } else if (request.operation === OPERATION.close) {
    if (!isOpen) throw new OraError(22289, 'cannot perform operation on an unopened file or LOB');
    openLobs.delete(lob.lob);
  }
  return { lob, flag: isOpen };
}

function offsetOf({ sourceOffset }: LobRequest): number {
  if (sourceOffset < 1) throw new OraError(24801, 'illegal parameter value in OCI lob function');
  return sourceOffset - 1;
}

/** In as many bytes as the client has for it. */
function sourceLocator({ session }: CallContext, request: LobRequest, lob: LobCell): Buffer {
  if (request.operation !== OPERATION.createTemporary) return request.source;
  const bytes = Buffer.alloc(request.source.length);
  locatorOf(session, lob).copy(bytes);
  return bytes;
}
