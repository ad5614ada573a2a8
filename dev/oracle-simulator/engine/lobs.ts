/** LOBs of one session: temporary ones, values of results, and those whose writes go to the row they came from. */

import { OraError } from '../ora-error.ts';
import type { LobCell, LobKind, LobStore } from '../types.ts';
import type { LobShelf } from './cells.ts';
import { BLOCK_BYTES, type BlockStore, createBlockStore, LobData } from './lob-data.ts';

/** Blocks of a session beyond these are in a file. */
const MEMORY_BLOCKS = 256;
/** What values of results may take; beyond it the oldest are let go, as undo would be. */
const KEPT_BYTES = 1024 ** 3;
const KEPT_LOBS = 100_000;

/** A stored row that the session holds locked. Its place changes when the row does. */
export type LobRow = { readonly tableOid: string; place: string };

/** A column's value of a locked row. */
export type LobHome = { readonly row: LobRow; readonly columnId: number };

export type WrittenLob = { readonly home: LobHome; readonly value: string | Buffer };

export type SessionLobs = LobStore &
  LobShelf & {
    /** From now on writes to `cell` go to its row. */
    settle(cell: LobCell, home: LobHome): void;
    /** What was written to rows' LOBs and is not in their rows yet; afterwards it counts as being there. */
    takeWritten(): readonly WrittenLob[];
    /** The transaction ended: its locks are gone. */
    unlock(): void;
    /** Frees all. */
    close(): void;
  };

type Entry = {
  readonly kind: LobKind;
  readonly data: LobData;
  readonly temporary: boolean;
  /** What it adds to the sum that is kept small. */
  readonly counted: number;
  home: LobHome | null;
  written: boolean;
};

export function createLobs(): SessionLobs {
  return new Lobs();
}

class Lobs implements SessionLobs {
  readonly #store: BlockStore = createBlockStore({ memoryBlocks: MEMORY_BLOCKS });
  readonly #entries = new Map<number, Entry>();
  readonly #settled = new Set<Entry>();
  #smallBytes = 0;
  #last = 0;
  #letGo = 0;

  create(kind: LobKind): LobCell {
    return this.#add(kind, { data: Buffer.alloc(0), temporary: true });
  }

  adopt(kind: LobKind, data: string | Buffer): LobCell {
    this.#letGoOfOld();
    return this.#add(kind, { data: encode(data), temporary: false });
  }

  async whole(cell: LobCell): Promise<string | Buffer> {
    const { kind, data } = this.#entry(cell);
    return decode(kind, data.read(0, data.length));
  }

  async length(cell: LobCell): Promise<number> {
    const { kind, data } = this.#entry(cell);
    return data.length / unitBytes(kind);
  }

  async read(cell: LobCell, offset: number, amount: number): Promise<string | Uint8Array> {
    const { kind, data } = this.#entry(cell);
    const unit = unitBytes(kind);
    return decode(kind, data.read(offset * unit, amount * unit));
  }

  async write(cell: LobCell, offset: number, data: string | Uint8Array): Promise<void> {
    const entry = this.#writable(cell);
    const unit = unitBytes(entry.kind);
    const padding = offset * unit - entry.data.length;
    // Beyond the end there are blanks in a CLOB, zeros in a BLOB.
    if (unit === 2 && padding > 0) {
      entry.data.write(entry.data.length, Buffer.from(' '.repeat(padding / unit), 'utf16le'));
    }
    entry.data.write(offset * unit, encode(data));
  }

  async trim(cell: LobCell, length: number): Promise<void> {
    const entry = this.#writable(cell);
    const bytes = length * unitBytes(entry.kind);
    if (bytes > entry.data.length)
      throw new OraError(22926, "specified trim length is greater than current LOB value's length");
    entry.data.trim(bytes);
  }

  free(cell: LobCell): void {
    const entry = this.#entries.get(cell.lob);
    // What was written to a row has to get there.
    if (entry === undefined || entry.written) return;
    this.#entries.delete(cell.lob);
    this.#settled.delete(entry);
    this.#forget(entry);
  }

  isTemporary(cell: LobCell): boolean {
    return this.#entry(cell).temporary;
  }

  settle(cell: LobCell, home: LobHome): void {
    const entry = this.#entry(cell);
    entry.home = home;
    this.#settled.add(entry);
  }

  takeWritten(): readonly WrittenLob[] {
    const written: WrittenLob[] = [];
    for (const entry of this.#settled) {
      if (!entry.written || entry.home === null) continue;
      entry.written = false;
      written.push({ home: entry.home, value: decode(entry.kind, entry.data.read(0, entry.data.length)) });
    }
    return written;
  }

  unlock(): void {
    for (const entry of this.#settled) {
      entry.home = null;
      entry.written = false;
    }
    this.#settled.clear();
  }

  close(): void {
    this.#entries.clear();
    this.#settled.clear();
    this.#store.close();
  }

  #add(kind: LobKind, { data, temporary }: { data: Buffer; temporary: boolean }): LobCell {
    const lob = ++this.#last;
    const counted = smallBytesOf(data.length);
    const kept = new LobData(this.#store, data);
    this.#entries.set(lob, { kind, data: kept, temporary, counted, home: null, written: false });
    this.#smallBytes += counted;
    return { lob, kind };
  }

  #entry({ lob }: LobCell): Entry {
    const entry = this.#entries.get(lob);
    if (entry !== undefined) return entry;
    throw lob <= this.#letGo
      ? new OraError(
          1555,
          'snapshot too old: rollback segment number  with name "" too small\nORA-22924: snapshot too old',
        )
      : new OraError(22922, 'nonexistent LOB value');
  }

  #writable(cell: LobCell): Entry {
    const entry = this.#entry(cell);
    if (entry.temporary) return entry;
    if (entry.home === null) throw new OraError(22920, 'row containing the LOB value is not locked');
    entry.written = true;
    return entry;
  }

  #letGoOfOld(): void {
    if (!this.#isFull()) return;
    for (const [lob, entry] of this.#entries) {
      if (entry.temporary || entry.home !== null) continue;
      this.#entries.delete(lob);
      this.#forget(entry);
      this.#letGo = lob;
      if (!this.#isFull()) return;
    }
  }

  #isFull(): boolean {
    return this.#entries.size >= KEPT_LOBS || this.#smallBytes + this.#store.used * BLOCK_BYTES >= KEPT_BYTES;
  }

  #forget(entry: Entry): void {
    this.#smallBytes -= entry.counted;
    entry.data.free();
  }
}

/** Large ones count by their blocks. */
function smallBytesOf(length: number): number {
  return Math.min(length, BLOCK_BYTES);
}

function unitBytes(kind: LobKind): number {
  return kind === 'BLOB' ? 1 : 2;
}

function encode(data: string | Uint8Array): Buffer {
  if (typeof data === 'string') return Buffer.from(data, 'utf16le');
  return Buffer.from(data.buffer, data.byteOffset, data.byteLength);
}

function decode(kind: LobKind, data: Buffer): string | Buffer {
  return kind === 'BLOB' ? Buffer.from(data) : data.toString('utf16le');
}
