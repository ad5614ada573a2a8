/** TTC primitives, written. Grows as needed; one writer serves a connection. */

const SHORT_MAX = 252;
const CHUNK_MAX = 32_767;
const LONG_LENGTH = 0xfe;
const FIRST_SIZE = 16 * 1024;
/** What one long reply needed is given back behind it. */
const KEPT_SIZE = 1024 * 1024;

export class TtcWriter {
  #buffer = Buffer.allocUnsafe(FIRST_SIZE);
  #position = 0;

  get length(): number {
    return this.#position;
  }

  /** What was written, as a view that the next write may change. */
  get written(): Buffer {
    return this.#buffer.subarray(0, this.#position);
  }

  /** What was written since the last `take`; the writer is empty again. */
  take(): Buffer {
    const bytes = Buffer.from(this.#buffer.subarray(0, this.#position));
    this.#position = 0;
    return bytes;
  }

  /** Forgets what was written behind `length` bytes. */
  truncate(length = 0): void {
    this.#position = Math.min(this.#position, length);
    if (this.#position === 0 && this.#buffer.length > KEPT_SIZE)
      this.#buffer = Buffer.allocUnsafe(FIRST_SIZE);
  }

  uint8(value: number): void {
    this.#ensure(1);
    this.#buffer[this.#position++] = value & 0xff;
  }

  uint16be(value: number): void {
    this.#ensure(2);
    this.#position = this.#buffer.writeUInt16BE(value, this.#position);
  }

  uint16le(value: number): void {
    this.#ensure(2);
    this.#position = this.#buffer.writeUInt16LE(value, this.#position);
  }

  uint32be(value: number): void {
    this.#ensure(4);
    this.#position = this.#buffer.writeUInt32BE(value, this.#position);
  }

  raw(bytes: Uint8Array): void {
    this.#ensure(bytes.length);
    this.#buffer.set(bytes, this.#position);
    this.#position += bytes.length;
  }

  /** A number that is not negative, behind its length in bytes: 0, 1, 2, 4 or 8. */
  ub(value: number): void {
    if (value === 0) {
      this.uint8(0);
    } else if (value <= 0xff) {
      this.uint8(1);
      this.uint8(value);
    } else if (value <= 0xffff) {
      this.uint8(2);
      this.uint16be(value);
    } else if (value <= 0xffffffff) {
      this.uint8(4);
      this.uint32be(value);
    } else {
      this.uint8(8);
      this.#ensure(8);
      this.#position = this.#buffer.writeBigUInt64BE(BigInt(value), this.#position);
    }
  }

  /** As `ub`, with the sign in the length's top bit. */
  sb(value: number): void {
    const at = this.#position;
    this.ub(Math.abs(value));
    if (value < 0) this.#buffer[at] = (this.#buffer[at] as number) | 0x80;
  }

  /** Bytes behind their length; long ones in chunks. No bytes are a NULL. */
  bytes(bytes: Uint8Array): void {
    if (bytes.length <= SHORT_MAX) {
      this.uint8(bytes.length);
      this.raw(bytes);
      return;
    }
    this.uint8(LONG_LENGTH);
    for (let start = 0; start < bytes.length; start += CHUNK_MAX) {
      const chunk = bytes.subarray(start, start + CHUNK_MAX);
      this.ub(chunk.length);
      this.raw(chunk);
    }
    this.uint8(0);
  }

  text(text: string): void {
    this.bytes(Buffer.from(text, 'utf8'));
  }

  /** Text behind its length as a number, and again as bytes; a lone 0 for none. */
  countedText(text: string): void {
    const bytes = Buffer.from(text, 'utf8');
    this.ub(bytes.length);
    if (bytes.length > 0) this.bytes(bytes);
  }

  #ensure(count: number): void {
    const needed = this.#position + count;
    if (needed <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(needed, this.#buffer.length * 2));
    this.#buffer.copy(larger, 0, 0, this.#position);
    this.#buffer = larger;
  }
}
