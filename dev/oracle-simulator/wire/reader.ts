/**
 * TTC primitives, read from the bytes of a request that may not have arrived whole. A parse that runs out of bytes
 * throws NeedMore; it is begun again when more have come. Long parts are read by `once`, so that what was parsed
 * already is not parsed again with every packet.
 */

/** Not an error: the request goes on in packets that have not come yet. */
export class NeedMore extends Error {
  constructor() {
    super('The request is not complete yet');
    this.name = 'NeedMore';
  }
}

/** What cannot be a request of a client that keeps to the protocol. The connection is closed. */
export class ProtocolError extends Error {
  override readonly name = 'ProtocolError';
}

const LONG_LENGTH = 0xfe;
const NULL_LENGTH = 0xff;

type Step = { readonly value: unknown; readonly position: number };

export class TtcReader {
  #buffer: Buffer;
  #parts: Buffer[] = [];
  #position = 0;
  #steps: Step[] = [];
  #nextStep = 0;

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.#buffer = bytes;
  }

  /** More bytes behind those that are there. */
  append(bytes: Buffer): void {
    this.#parts.push(bytes);
  }

  /** Back to the beginning of the request: the parse is tried again. */
  restart(): void {
    if (this.#parts.length > 0) {
      this.#buffer = Buffer.concat([this.#buffer, ...this.#parts]);
      this.#parts = [];
    }
    this.#position = 0;
    this.#nextStep = 0;
  }

  /** The parse is complete: what is left is the next request. */
  finish(): void {
    this.#buffer = this.#buffer.subarray(this.#position);
    this.#position = 0;
    this.#steps = [];
    this.#nextStep = 0;
  }

  /** Bytes that are there and were not read. */
  get left(): number {
    return this.#buffer.length - this.#position + this.#parts.reduce((sum, part) => sum + part.length, 0);
  }

  /** A step of the parse, done once however often the parse is begun again. Steps come in the same order each time. */
  once<T>(parse: () => T): T {
    const done = this.#steps[this.#nextStep];
    if (done !== undefined) {
      this.#nextStep++;
      this.#position = done.position;
      return done.value as T;
    }
    const value = parse();
    this.#steps.push({ value, position: this.#position });
    this.#nextStep++;
    return value;
  }

  /** The next byte, which stays. */
  peek(): number {
    const byte = this.#buffer[this.#position];
    if (byte === undefined) throw new NeedMore();
    return byte;
  }

  uint8(): number {
    const byte = this.peek();
    this.#position++;
    return byte;
  }

  uint16be(): number {
    return this.raw(2).readUInt16BE(0);
  }

  uint16le(): number {
    return this.raw(2).readUInt16LE(0);
  }

  uint32be(): number {
    return this.raw(4).readUInt32BE(0);
  }

  /** `count` bytes as they are; a view, valid until the request is finished. */
  raw(count: number): Buffer {
    const end = this.#position + count;
    if (end > this.#buffer.length) throw new NeedMore();
    const bytes = this.#buffer.subarray(this.#position, end);
    this.#position = end;
    return bytes;
  }

  /** A number of 0 to 8 bytes behind its length; the length's top bit is the sign. Exact below 2^53. */
  ub(): number {
    const length = this.uint8();
    const size = length & 0x7f;
    if (size > 8) throw new ProtocolError(`An integer of ${size} bytes`);
    let value = 0;
    for (const byte of this.raw(size)) value = value * 256 + byte;
    return (length & 0x80) !== 0 ? -value : value;
  }

  /** Bytes behind their length, in chunks when they are long; null for none. */
  bytes(): Buffer | null {
    const length = this.uint8();
    if (length === 0 || length === NULL_LENGTH) return null;
    if (length !== LONG_LENGTH) return this.raw(length);
    const chunks: Buffer[] = [];
    for (let size = this.ub(); size > 0; size = this.ub()) chunks.push(this.raw(size));
    return chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
  }

  text(): string | null {
    return this.bytes()?.toString('utf8') ?? null;
  }
}
