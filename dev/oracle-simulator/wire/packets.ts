/** TNS packets, both ways. Lengths are 2 bytes until the connect was accepted, then 4. */

import { ProtocolError } from './reader.ts';

export const PACKET = { connect: 1, accept: 2, refuse: 4, data: 6, marker: 12 } as const;
/** Data flags. */
export const DATA_FLAG = { endOfFile: 0x0040, endOfResponse: 0x2000 } as const;
export const MARKER = { break: 1, reset: 2, interrupt: 3 } as const;

const HEADER_BYTES = 8;
const DATA_HEADER_BYTES = 10;
const END_OF_RESPONSE = 29;

type LengthBytes = 2 | 4;
export type Packet = {
  readonly type: number;
  /** The whole packet, header and all. */
  readonly bytes: Buffer;
};

/** Cuts a stream of bytes into packets. */
export class PacketSplitter {
  #buffer: Buffer = Buffer.alloc(0);
  #lengthBytes: LengthBytes = 2;
  #maxBytes: number;

  constructor(options: { readonly maxBytes: number }) {
    this.#maxBytes = options.maxBytes;
  }

  /** The connect was accepted: other lengths from now on. */
  accepted(options: { readonly maxBytes: number }): void {
    this.#lengthBytes = 4;
    this.#maxBytes = options.maxBytes;
  }

  append(bytes: Buffer): void {
    this.#buffer = this.#buffer.length === 0 ? bytes : Buffer.concat([this.#buffer, bytes]);
  }

  /** The next packet that is there in full. @throws ProtocolError for a length that cannot be. */
  next(): Packet | null {
    if (this.#buffer.length < HEADER_BYTES) return null;
    const length = this.#lengthBytes === 2 ? this.#buffer.readUInt16BE(0) : this.#buffer.readUInt32BE(0);
    if (length < HEADER_BYTES || length > this.#maxBytes)
      throw new ProtocolError(`A packet of ${length} bytes`);
    if (this.#buffer.length < length) return null;
    const bytes = this.#buffer.subarray(0, length);
    this.#buffer = this.#buffer.subarray(length);
    return { type: bytes[4] as number, bytes };
  }
}

export function dataFlags(packet: Packet): number {
  if (packet.bytes.length < DATA_HEADER_BYTES) throw new ProtocolError('A data packet without flags');
  return packet.bytes.readUInt16BE(HEADER_BYTES);
}

export function dataOf(packet: Packet): Buffer {
  return packet.bytes.subarray(DATA_HEADER_BYTES);
}

export function markerKind(packet: Packet): number {
  if (packet.bytes.length < 11) throw new ProtocolError('A marker without its kind');
  return packet.bytes[10] as number;
}

/** A reply in as many data packets as it needs. */
export function dataPackets(
  payload: Buffer,
  options: { readonly sduBytes: number; readonly end: 'marked' | 'plain' },
): Buffer {
  const marked = options.end === 'marked';
  const bytes = marked ? Buffer.concat([payload, Buffer.from([END_OF_RESPONSE])]) : payload;
  const room = options.sduBytes - DATA_HEADER_BYTES;
  const count = Math.ceil(bytes.length / room);
  const packets = Buffer.allocUnsafe(bytes.length + count * DATA_HEADER_BYTES);
  for (let index = 0; index < count; index++) {
    const part = bytes.subarray(index * room, (index + 1) * room);
    const at = index * options.sduBytes;
    packets.fill(0, at, at + DATA_HEADER_BYTES);
    packets.writeUInt32BE(part.length + DATA_HEADER_BYTES, at);
    packets[at + 4] = PACKET.data;
    const flags = marked && index === count - 1 ? DATA_FLAG.endOfResponse : 0;
    packets.writeUInt16BE(flags, at + HEADER_BYTES);
    part.copy(packets, at + DATA_HEADER_BYTES);
  }
  return packets;
}

export function markerPacket(kind: number): Buffer {
  const packet = Buffer.alloc(11);
  packet.writeUInt32BE(packet.length, 0);
  packet[4] = PACKET.marker;
  packet[8] = 1; // one byte of data
  packet[10] = kind;
  return packet;
}

/** Sent before ACCEPT: a length of 2 bytes. */
export function refusePacket(number: number, text: string): Buffer {
  const data = Buffer.from(
    `(DESCRIPTION=(TMP=)(VSNNUM=0)(ERR=${number})(ERROR_STACK=(ERROR=(CODE=${number})(EMFI=4)(ARGS='${text.replace(/[()=']/g, ' ')}'))))`,
    'latin1',
  );
  const packet = Buffer.alloc(12 + data.length);
  packet.writeUInt16BE(packet.length, 0);
  packet[4] = PACKET.refuse;
  packet[8] = 4; // reason of the user
  packet[9] = 4; // reason of the system
  packet.writeUInt16BE(data.length, 10);
  data.copy(packet, 12);
  return packet;
}

export const ACCEPT_FLAG = { endOfResponse: 0x02000000, fastAuth: 0x10000000 } as const;
const NO_NATIVE_ENCRYPTION = 0x0c;
const MAX_TDU = 2_097_152;

/** 45 bytes; from version 319 on 16 more, which clients accept as zeros. */
export function acceptPacket(options: {
  readonly version: number;
  readonly sduBytes: number;
  readonly flags: number;
}): Buffer {
  const packet = Buffer.alloc(options.version >= 319 ? 61 : 45);
  packet.writeUInt16BE(packet.length, 0);
  packet[4] = PACKET.accept;
  packet.writeUInt16BE(options.version, 8);
  packet.writeUInt16BE(1, 10); // service options; 0x0400 would ask for out-of-band breaks
  packet.writeUInt16BE(Math.min(options.sduBytes, 0xffff), 12);
  packet.writeUInt16BE(0xffff, 14);
  packet.writeUInt16BE(1, 16); // byte order
  packet.writeUInt16BE(packet.length, 20);
  packet[22] = NO_NATIVE_ENCRYPTION;
  packet[23] = NO_NATIVE_ENCRYPTION;
  packet.writeUInt32BE(options.sduBytes, 32);
  packet.writeUInt32BE(MAX_TDU, 36);
  packet.writeUInt32BE(options.flags, 41);
  return packet;
}
