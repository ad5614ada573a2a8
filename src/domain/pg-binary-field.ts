/** The bytes of COPY binary fields, big endian, put together byte by byte: V8 inlines that. */
import { type ByteSink, reserve } from './byte-sink.ts';

/**
 * Writes a field, length and bytes, from the text of a value. false: nothing was written, only PostgreSQL can say what
 * the text means.
 */
export type TextFieldWriter = (sink: ByteSink, text: string) => boolean;

const TWO_32 = 4_294_967_296;

/** @returns the offset behind it. */
export function int16Bytes(bytes: Uint8Array, at: number, value: number): number {
  bytes[at] = value >> 8;
  bytes[at + 1] = value;
  return at + 2;
}

export function int32Bytes(bytes: Uint8Array, at: number, value: number): void {
  bytes[at] = value >> 24;
  bytes[at + 1] = value >> 16;
  bytes[at + 2] = value >> 8;
  bytes[at + 3] = value;
}

/** Of an integer that a double holds exactly. */
export function int64Bytes(bytes: Uint8Array, at: number, value: number): void {
  const high = Math.floor(value / TWO_32);
  int32Bytes(bytes, at, high);
  int32Bytes(bytes, at + 4, value - high * TWO_32);
}

/** Of values too large for a double. */
export function bigInt64Bytes(bytes: Uint8Array, at: number, value: bigint): void {
  int32Bytes(bytes, at, Number(BigInt.asIntN(32, value >> 32n)));
  int32Bytes(bytes, at + 4, Number(BigInt.asIntN(32, value)));
}

/** Room for a field whose bytes the caller fills. @returns where they begin. */
export function openField(sink: ByteSink, fieldBytes: number): number {
  reserve(sink, 4 + fieldBytes);
  const at = sink.length;
  int32Bytes(sink.bytes, at, fieldBytes);
  sink.length = at + 4 + fieldBytes;
  return at + 4;
}
