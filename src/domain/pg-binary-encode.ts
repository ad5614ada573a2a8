/** Per PostgreSQL type: from a value that `compute` gave to a field of COPY binary. */
import { type ByteSink, reserve } from './byte-sink.ts';
import { type WireType, wireTypeOf } from './pg-binary-decode.ts';
import type { Value } from './row.ts';

/** Writes length and bytes. The value has been checked against the type (computed.ts), and is never null. */
export type FieldWriter = (sink: ByteSink, value: NonNullable<Value>) => void;

export function encoderOf(type: string): FieldWriter | null {
  const wire = wireTypeOf(type);
  return wire === null ? null : (WRITERS[wire] ?? null);
}

export function writeNull(sink: ByteSink): void {
  reserve(sink, 4);
  sink.length = sink.bytes.writeInt32BE(-1, sink.length);
}

export function writeInt16(sink: ByteSink, value: number): void {
  reserve(sink, 2);
  const { bytes } = sink;
  bytes[sink.length++] = value >> 8;
  bytes[sink.length++] = value;
}

function writeText(sink: ByteSink, value: NonNullable<Value>): void {
  const text = value as string;
  reserve(sink, 4 + text.length * 3);
  const { bytes, length: start } = sink;
  const end = writeAscii(bytes, start + 4, text) ?? start + 4 + bytes.write(text, start + 4, 'utf8');
  bytes.writeInt32BE(end - start - 4, start);
  sink.length = end;
}

/** Up to here a loop over characters beats a call into the runtime. */
const LOOP_CHARS = 48;

function writeAscii(bytes: Buffer, from: number, text: string): number | null {
  if (text.length > LOOP_CHARS) return null;
  let at = from;
  for (let i = 0; i < text.length; i++) {
    const char = text.charCodeAt(i);
    if (char > 0x7f) return null;
    bytes[at++] = char;
  }
  return at;
}

/** A writer of fields that always have so many bytes. */
function fixed(
  fieldBytes: number,
  write: (bytes: Buffer, at: number, value: NonNullable<Value>) => void,
): FieldWriter {
  return (sink, value) => {
    reserve(sink, 4 + fieldBytes);
    const at = sink.bytes.writeInt32BE(fieldBytes, sink.length);
    write(sink.bytes, at, value);
    sink.length = at + fieldBytes;
  };
}

const WRITERS: Partial<Record<WireType, FieldWriter>> = {
  text: writeText,
  bpchar: writeText,
  bool: fixed(1, (bytes, at, value) => {
    bytes[at] = value === true ? 1 : 0;
  }),
  int2: fixed(2, (bytes, at, value) => bytes.writeInt16BE(value as number, at)),
  int4: fixed(4, (bytes, at, value) => bytes.writeInt32BE(value as number, at)),
  int8: fixed(8, (bytes, at, value) => bytes.writeBigInt64BE(BigInt(value as string), at)),
  float4: fixed(4, (bytes, at, value) => bytes.writeFloatBE(value as number, at)),
  float8: fixed(8, (bytes, at, value) => bytes.writeDoubleBE(value as number, at)),
};
