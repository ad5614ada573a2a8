/**
 * The framing of `COPY … (FORMAT binary)`: a header, tuples, a trailer. A tuple is an int16 field count and, per
 * field, an int32 length (-1: NULL) and so many bytes; all integers are big endian.
 *
 * Integers are put together from single bytes: V8 inlines that, while a DataView or Buffer method call per field
 * costs more than the rest of the scan.
 */
import { SyncError } from './errors.ts';

/** `PGCOPY\n\377\r\n\0`. */
export const COPY_SIGNATURE = Buffer.from([0x50, 0x47, 0x43, 0x4f, 0x50, 0x59, 0x0a, 0xff, 0x0d, 0x0a, 0x00]);

/** Signature, no flags, no header extension: goes before the first tuple. */
export const COPY_HEADER = Buffer.concat([COPY_SIGNATURE, Buffer.alloc(8)]);

/** A field count of -1: goes behind the last tuple. */
export const COPY_TRAILER = Buffer.from([0xff, 0xff]);

/** Answers of `headerEnd` and `tupleEnd` instead of an offset. */
export const INCOMPLETE = -1;
export const AT_TRAILER = -2;

export function int16At(bytes: Uint8Array, at: number): number {
  return (((bytes[at] as number) << 24) >> 16) | (bytes[at + 1] as number);
}

export function int32At(bytes: Uint8Array, at: number): number {
  return (
    ((bytes[at] as number) << 24) |
    ((bytes[at + 1] as number) << 16) |
    ((bytes[at + 2] as number) << 8) |
    (bytes[at + 3] as number)
  );
}

/**
 * Where the first tuple starts, behind the header and its extension, or INCOMPLETE.
 * @throws SyncError INTERNAL when the bytes are not those of a COPY without OIDs.
 */
export function headerEnd(bytes: Uint8Array): number {
  const known = Math.min(bytes.length, COPY_SIGNATURE.length);
  for (let i = 0; i < known; i++) if (bytes[i] !== COPY_SIGNATURE[i]) throw broken('no COPY signature');
  if (bytes.length < COPY_HEADER.length) return INCOMPLETE;
  // Bits 16 to 31 are critical: bit 16 says that OIDs are included, the others are not defined.
  if (int32At(bytes, 11) >>> 16 !== 0) throw broken('unknown COPY flags');
  const extension = int32At(bytes, 15);
  if (extension < 0) throw broken('a negative header extension');
  const end = COPY_HEADER.length + extension;
  return bytes.length < end ? INCOMPLETE : end;
}

/**
 * The offset behind the tuple that starts at `at`, INCOMPLETE when bytes of it are still to come, or AT_TRAILER.
 * @throws SyncError INTERNAL when no tuple can start there.
 */
export function tupleEnd(bytes: Uint8Array, at: number): number {
  const available = bytes.length;
  if (at + 2 > available) return INCOMPLETE;
  const fields = int16At(bytes, at);
  if (fields < 0) {
    if (fields === -1) return AT_TRAILER;
    throw broken(`a field count of ${fields}`);
  }
  let next = at + 2;
  for (let i = 0; i < fields; i++) {
    if (next + 4 > available) return INCOMPLETE;
    const length = int32At(bytes, next);
    next += 4;
    if (length > 0) next += length;
    else if (length < -1) throw broken(`a field length of ${length}`);
  }
  return next > available ? INCOMPLETE : next;
}

/** The bytes of tuples, and where the fields of the tuple scanned last lie in them. */
export type Tuples = {
  readonly bytes: Buffer;
  /** The same bytes one character each, so that ASCII fields become text by a cheap substring; null: not made. */
  readonly latin1: string | null;
  readonly starts: Int32Array;
  /** -1: the field is NULL. */
  readonly ends: Int32Array;
  /** Bytes of the scanned tuple's longest field. */
  longest: number;
};

/** Above this, the one-character-a-byte copy of the data costs more memory than it is worth. */
const LATIN1_LIMIT_BYTES = 32 * 1024 * 1024;

/** @param use 'fields': a few fields will be decoded; 'all': most fields of most tuples. */
export function openTuples(data: Uint8Array, fields: number, use: 'fields' | 'all'): Tuples {
  // Always a view of the one class, so that the scanning code sees one shape of object.
  const bytes = Buffer.from(data.buffer, data.byteOffset, data.byteLength);
  const latin1 = use === 'all' && bytes.length <= LATIN1_LIMIT_BYTES ? bytes.toString('latin1') : null;
  return { bytes, latin1, starts: new Int32Array(fields), ends: new Int32Array(fields), longest: 0 };
}

/**
 * Finds the fields of the tuple at `at`.
 * @returns the offset behind it.
 * @throws SyncError INTERNAL when the tuple is cut short or has another number of fields.
 */
export function scanTuple(tuples: Tuples, at: number): number {
  const { bytes, starts, ends } = tuples;
  const available = bytes.length;
  const fields = starts.length;
  if (at + 2 > available || int16At(bytes, at) !== fields) throw broken(`no tuple of ${fields} fields`);
  let next = at + 2;
  let longest = 0;
  for (let i = 0; i < fields; i++) {
    if (next + 4 > available) throw broken('a tuple that is cut short');
    const length = int32At(bytes, next);
    next += 4;
    starts[i] = next;
    if (length < 0) {
      if (length !== -1) throw broken(`a field length of ${length}`);
      ends[i] = -1;
    } else {
      next += length;
      ends[i] = next;
      if (length > longest) longest = length;
    }
  }
  if (next > available) throw broken('a tuple that is cut short');
  tuples.longest = longest;
  return next;
}

function broken(what: string): SyncError {
  return new SyncError('INTERNAL', { message: `COPY binary data holds ${what}` });
}
