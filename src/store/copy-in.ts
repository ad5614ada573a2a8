/** COPY … FROM STDIN of bytes that are in memory already, so no transaction waits for anyone else's (C6). */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type pg from 'pg';
import { from as copyFrom } from 'pg-copy-streams';

/** Signature, no flags, no header extension. */
const BINARY_HEADER = Buffer.from('5047434f50590aff0d0a00' + '00000000' + '00000000', 'hex');
const BINARY_TRAILER = Buffer.from('ffff', 'hex');
/** Small enough for progress to be seen, large enough to cost nothing. */
const SLICE_BYTES = 256 * 1024;

export type CopyFormat = 'pg-binary' | 'text';

/** @param into table and column list, as SQL. */
export async function copyIn(
  client: pg.ClientBase,
  into: string,
  content: {
    readonly format: CopyFormat;
    readonly parts: Iterable<Uint8Array>;
    readonly progress: () => void;
  },
): Promise<void> {
  const binary = content.format === 'pg-binary';
  const stream = client.query(copyFrom(`COPY ${into} FROM STDIN (FORMAT ${binary ? 'binary' : 'text'})`));
  await pipeline(
    Readable.from(slices(content.parts, binary, content.progress), { objectMode: true }),
    stream,
  );
}

function* slices(parts: Iterable<Uint8Array>, binary: boolean, progress: () => void): Generator<Buffer> {
  if (binary) yield BINARY_HEADER;
  for (const part of parts) {
    const bytes = Buffer.from(part.buffer, part.byteOffset, part.byteLength);
    for (let at = 0; at < bytes.length; at += SLICE_BYTES) {
      progress();
      yield bytes.subarray(at, at + SLICE_BYTES);
    }
  }
  if (binary) yield BINARY_TRAILER;
}
