/** The bytes of LOBs: small ones in memory, others in blocks that go to a file when a session has many. */

import { closeSync, mkdtempSync, openSync, readSync, rmSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const BLOCK_BYTES = 64 * 1024;
/** Below this, data is kept as it came. */
const SMALL_BYTES = 16 * 1024;

export type BlockStore = {
  /** A block of zeros. */
  allocate(): number;
  read(block: number): Buffer;
  write(block: number, data: Buffer): void;
  free(block: number): void;
  /** Blocks in use. */
  readonly used: number;
  close(): void;
};

/** The first `memoryBlocks` are in memory, the rest in a file without a name in any folder. */
export function createBlockStore(options: { readonly memoryBlocks: number }): BlockStore {
  const memory = new Map<number, Buffer>();
  const free: number[] = [];
  let file: number | null = null;
  let next = 0;
  const opened = (): number => {
    file ??= openNameless();
    return file;
  };
  return {
    allocate() {
      const block = free.pop() ?? next++;
      if (block < options.memoryBlocks) memory.set(block, Buffer.alloc(BLOCK_BYTES));
      else writeSync(opened(), Buffer.alloc(BLOCK_BYTES), 0, BLOCK_BYTES, fileOffset(block));
      return block;
    },
    read(block) {
      const kept = memory.get(block);
      if (kept !== undefined) return kept;
      const data = Buffer.alloc(BLOCK_BYTES);
      readSync(opened(), data, 0, BLOCK_BYTES, fileOffset(block));
      return data;
    },
    write(block, data) {
      if (memory.has(block)) memory.set(block, data);
      else writeSync(opened(), data, 0, BLOCK_BYTES, fileOffset(block));
    },
    free(block) {
      memory.delete(block);
      free.push(block);
    },
    get used() {
      return next - free.length;
    },
    close() {
      memory.clear();
      if (file !== null) closeSync(file);
      file = null;
    },
  };

  function fileOffset(block: number): number {
    return (block - options.memoryBlocks) * BLOCK_BYTES;
  }
}

/** A file that goes with its descriptor, however the process ends. */
function openNameless(): number {
  const folder = mkdtempSync(join(tmpdir(), 'oracle-lobs-'));
  const descriptor = openSync(join(folder, 'blocks'), 'w+');
  rmSync(folder, { recursive: true });
  return descriptor;
}

/** A run of bytes of any length that can be changed in place. */
export class LobData {
  readonly #store: BlockStore;
  #small: Buffer | null = Buffer.alloc(0);
  #blocks: number[] = [];
  #length = 0;

  constructor(store: BlockStore, data: Buffer) {
    this.#store = store;
    if (data.length < SMALL_BYTES) this.#small = data;
    else this.write(0, data);
    this.#length = data.length;
  }

  get length(): number {
    return this.#length;
  }

  read(offset: number, amount: number): Buffer {
    const end = Math.min(offset + amount, this.#length);
    if (end <= offset) return Buffer.alloc(0);
    if (this.#small !== null) return this.#small.subarray(offset, end);
    const result = Buffer.allocUnsafe(end - offset);
    this.#eachBlock(offset, end, ({ block, from, to, at }) => {
      this.#store.read(block).copy(result, at, from, to);
    });
    return result;
  }

  /** Zeros fill what lies between the end and `offset`. */
  write(offset: number, data: Buffer): void {
    const end = offset + data.length;
    if (this.#small !== null && end < SMALL_BYTES) {
      const grown = Buffer.alloc(Math.max(end, this.#length));
      this.#small.copy(grown, 0, 0, this.#length);
      data.copy(grown, offset);
      this.#small = grown;
    } else {
      this.#spread();
      while (this.#blocks.length * BLOCK_BYTES < end) this.#blocks.push(this.#store.allocate());
      this.#eachBlock(offset, end, ({ block, from, to, at }) => {
        const kept = this.#store.read(block);
        data.copy(kept, from, at, at + to - from);
        this.#store.write(block, kept);
      });
    }
    this.#length = Math.max(this.#length, end);
  }

  trim(length: number): void {
    if (length >= this.#length) return;
    const kept = this.#small?.subarray(0, length) ?? null;
    if (kept !== null) this.#small = kept;
    else this.#clearFrom(length);
    this.#length = length;
  }

  free(): void {
    for (const block of this.#blocks) this.#store.free(block);
    this.#blocks = [];
    this.#small = Buffer.alloc(0);
    this.#length = 0;
  }

  /** What a longer write would show again is made zeros. */
  #clearFrom(length: number): void {
    const needed = Math.ceil(length / BLOCK_BYTES);
    for (const block of this.#blocks.splice(needed)) this.#store.free(block);
    const last = this.#blocks.at(-1);
    if (last === undefined) return;
    const kept = this.#store.read(last);
    kept.fill(0, length - (needed - 1) * BLOCK_BYTES);
    this.#store.write(last, kept);
  }

  #spread(): void {
    const small = this.#small;
    if (small === null) return;
    this.#small = null;
    if (small.length > 0) this.write(0, small);
  }

  #eachBlock(
    start: number,
    end: number,
    visit: (part: { block: number; from: number; to: number; at: number }) => void,
  ): void {
    for (let position = start; position < end; ) {
      const index = Math.floor(position / BLOCK_BYTES);
      const from = position - index * BLOCK_BYTES;
      const to = Math.min(BLOCK_BYTES, from + end - position);
      visit({ block: this.#blocks[index] as number, from, to, at: position - start });
      position += to - from;
    }
  }
}
