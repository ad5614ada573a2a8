/**
 * TTC primitives, read from the bytes of a request that may not have arrived whole. A parse that runs out of bytes
 * throws NeedMore; it is begun again when more have come. Long parts are read by `once`, and long values keep the
 * chunks that are there, so that what was parsed already is not parsed again with every packet.
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
const FIRST_SIZE = 16 * 1024;

/** Positions count from the request's start. */
type Step = { readonly value: unknown; readonly position: number };
/** A long value as far as it has come; `whole` once it has. */
type Chunks = { readonly chunks: Buffer[]; next: number; whole: Buffer | null };

export class TtcReader {
  #buffer: Buffer;
  #start = 0;
  #position = 0;
  #end: number;
  #steps: Step[] = [];
  #nextStep = 0;
  /** Long values of this request, by where they begin. */
  #long = new Map<number, Chunks>();

  constructor(bytes: Buffer = Buffer.alloc(0)) {
    this.#buffer = bytes;
    this.#end = bytes.length;
  }

  /** More bytes behind those that are there. Views that were handed out stay as they are. */
  append(bytes: Buffer): void {
    if (this.#start === this.#end) {
      this.#adopt(bytes, bytes.length);
      return;
    }
    if (this.#buffer.length - this.#end < bytes.length) {
      const there = this.#end - this.#start;
      const larger = Buffer.allocUnsafe(Math.max(FIRST_SIZE, 2 * (there + bytes.length)));
      this.#buffer.copy(larger, 0, this.#start, this.#end);
      this.#adopt(larger, there);
    }
    bytes.copy(this.#buffer, this.#end);
    this.#end += bytes.length;
  }

  /** Back to the beginning of the request: the parse is tried again. */
  restart(): void {
    this.#position = this.#start;
    this.#nextStep = 0;
  }

  /** The parse is complete: what is left is the next request. */
  finish(): void {
    this.#start = this.#position;
    this.#steps = [];
    this.#nextStep = 0;
    this.#long = new Map();
  }

  /** Forgets all that is there: the rest of a request that cannot be understood or is not wanted any more. */
  drop(): void {
    this.#position = this.#end;
    this.finish();
  }

  /** Bytes that are there and were not read. */
  get left(): number {
    return this.#end - this.#position;
  }

  /** A step of the parse, done once however often the parse is begun again. Steps come in the same order each time. */
  once<T>(parse: () => T): T {
    const done = this.#steps[this.#nextStep];
    if (done !== undefined) {
      this.#nextStep++;
      this.#position = this.#start + done.position;
      return done.value as T;
    }
    const value = parse();
    this.#steps.push({ value, position: this.#position - this.#start });
    this.#nextStep++;
    return value;
  }

  /** The next byte, which stays. */
  peek(): number {
    if (this.#position >= this.#end) throw new NeedMore();
    return this.#buffer[this.#position] as number;
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

  /** `count` bytes as they are; a view, which stays as it is. */
  raw(count: number): Buffer {
    const end = this.#position + count;
    if (end > this.#end) throw new NeedMore();
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

  /** A number that says how many bytes or elements follow. */
  count(): number {
    const count = this.ub();
    if (count < 0 || count > 0xffffffff) throw new ProtocolError(`${count} of something`);
    return count;
  }

  /** Bytes behind their length, in chunks when they are long; null for none. */
  bytes(): Buffer | null {
    const length = this.uint8();
    if (length === 0 || length === NULL_LENGTH) return null;
    return length === LONG_LENGTH ? this.#chunks() : this.raw(length);
  }

  text(): string | null {
    return this.bytes()?.toString('utf8') ?? null;
  }

  #chunks(): Buffer {
    const at = this.#position - this.#start;
    const value = this.#long.get(at) ?? { chunks: [], next: at, whole: null };
    this.#long.set(at, value);
    this.#position = this.#start + value.next;
    if (value.whole !== null) return value.whole;
    for (let size = this.count(); size > 0; size = this.count()) {
      value.chunks.push(this.raw(size));
      value.next = this.#position - this.#start;
    }
    value.next = this.#position - this.#start;
    value.whole = value.chunks.length === 1 ? (value.chunks[0] as Buffer) : Buffer.concat(value.chunks);
    return value.whole;
  }

  /** Takes `bytes` as the buffer, its first `length` bytes being what was not finished yet. */
  #adopt(bytes: Buffer, length: number): void {
    this.#position -= this.#start;
    this.#buffer = bytes;
    this.#start = 0;
    this.#end = length;
  }
}
