/** Bytes that grow as they are written. */
export type ByteSink = { bytes: Buffer; length: number };

export function createSink(expectedBytes: number): ByteSink {
  return { bytes: Buffer.allocUnsafe(Math.max(expectedBytes, 256)), length: 0 };
}

/** Makes room for `more` bytes behind `length`. */
export function reserve(sink: ByteSink, more: number): void {
  const needed = sink.length + more;
  if (needed <= sink.bytes.length) return;
  const grown = Buffer.allocUnsafe(Math.max(needed, sink.bytes.length * 2));
  sink.bytes.copy(grown, 0, 0, sink.length);
  sink.bytes = grown;
}

export function sunkBytes(sink: ByteSink): Buffer {
  return sink.bytes.subarray(0, sink.length);
}

/** Up to here a loop over bytes beats a call into the runtime. */
const LOOP_BYTES = 80;

export function appendBytes(sink: ByteSink, from: Buffer, range: { start: number; end: number }): void {
  const { start, end } = range;
  reserve(sink, end - start);
  const { bytes } = sink;
  let at = sink.length;
  sink.length += end - start;
  if (end - start > LOOP_BYTES) from.copy(bytes, at, start, end);
  else for (let i = start; i < end; i++) bytes[at++] = from[i] as number;
}
