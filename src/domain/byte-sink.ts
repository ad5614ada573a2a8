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
