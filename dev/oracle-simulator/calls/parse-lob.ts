/** Requests about LOBs (96), alone and as a piggyback that frees an array of them. */

import type { CallContext } from '../wire/call-context.ts';
import { ProtocolError, type TtcReader } from '../wire/reader.ts';

const LOB_DATA = 14;
/** In the operation of a piggyback: many locators. */
const ARRAY = 0x80000;
const LOCATOR_HEAD_BYTES = 2;

export type LobRequest = {
  readonly operation: number;
  /** Locator, with whatever room the client left behind it; it goes back in the same number of bytes. */
  readonly source: Buffer;
  readonly destination: Buffer;
  /** From 1. Creation of a temporary LOB: form of the character set. */
  readonly sourceOffset: number;
  /** Creation of a temporary LOB: data type. */
  readonly destinationOffset: number;
  readonly amount: number;
  readonly wants: { readonly charset: boolean; readonly amount: boolean; readonly flag: boolean };
  readonly data: Buffer | null;
};

export function parseLobCall({ reader }: CallContext): LobRequest {
  reader.uint8(); // pointer: source
  const sourceBytes = reader.count();
  reader.uint8(); // pointer: destination
  const destinationBytes = reader.count();
  reader.ub(); // short offsets
  reader.ub();
  const charset = reader.uint8() !== 0;
  reader.uint8(); // pointer: short amount
  const flag = reader.uint8() !== 0;
  const operation = reader.ub();
  reader.uint8(); // pointer: SCNs
  const scnCount = reader.count();
  const sourceOffset = reader.ub();
  const destinationOffset = reader.ub();
  const amountPointer = reader.uint8() !== 0;
  skipArrayPointers(reader);
  const source = copy(reader, sourceBytes);
  // A creation says its duration where others say how long their second locator is.
  const destination = isCreation(operation) ? Buffer.alloc(0) : copy(reader, destinationBytes);
  if (charset) reader.ub();
  for (let left = scnCount; left > 0; left--) reader.ub();
  const { data, amount } = parseDataAndAmount(reader, { operation, amountPointer });
  const wants = { charset, amount: amountPointer, flag };
  return { operation, source, destination, sourceOffset, destinationOffset, amount, wants, data };
}

/** Locators that stand side by side, each as long as it says, perhaps with room behind it. */
export function splitLocators({ operation, source }: LobRequest): readonly Buffer[] {
  if (Math.floor(operation / ARRAY) % 2 === 0) return [source];
  const locators: Buffer[] = [];
  for (let at = 0; at + LOCATOR_HEAD_BYTES <= source.length; ) {
    const size = source.readUInt16BE(at) + LOCATOR_HEAD_BYTES;
    if (size === LOCATOR_HEAD_BYTES) {
      at++;
    } else {
      locators.push(source.subarray(at, at + size));
      at += size;
    }
  }
  return locators;
}

const CREATE = 0x110;
const WRITE = 0x40;
const APPEND_WRITE = 0x2000;

function isCreation(operation: number): boolean {
  return operation === CREATE;
}

/** Three pointers and counts, which are there even when there is no array. */
function skipArrayPointers(reader: TtcReader): void {
  for (let pair = 0; pair < 3; pair++) {
    reader.uint8();
    reader.ub();
  }
}

/** Clients differ in what comes first; a number never begins with the tag of data. */
function parseDataAndAmount(
  reader: TtcReader,
  request: { readonly operation: number; readonly amountPointer: boolean },
): { readonly data: Buffer | null; readonly amount: number } {
  const hasData = request.operation === WRITE || request.operation === APPEND_WRITE;
  let data: Buffer | null = null;
  if (hasData && reader.peek() === LOB_DATA) data = parseData(reader);
  const amount = request.amountPointer ? reader.ub() : 0;
  if (hasData && data === null) data = parseData(reader);
  return { data, amount };
}

function parseData(reader: TtcReader): Buffer {
  if (reader.uint8() !== LOB_DATA) throw new ProtocolError('Data of a LOB were expected');
  return reader.once(() => Buffer.from(reader.bytes() ?? []));
}

function copy(reader: TtcReader, count: number): Buffer {
  return Buffer.from(reader.raw(count));
}
