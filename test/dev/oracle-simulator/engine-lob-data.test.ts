import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { createBlockStore, LobData } from '../../../dev/oracle-simulator/engine/lob-data.ts';
import { createLobs } from '../../../dev/oracle-simulator/engine/lobs.ts';

const LARGE = 200_000;

const step = fc.oneof(
  fc.record({
    do: fc.constant('write' as const),
    at: fc.nat(LARGE),
    bytes: fc.nat(90_000),
    value: fc.integer({ min: 1, max: 255 }),
  }),
  fc.record({
    do: fc.constant('trim' as const),
    at: fc.nat(LARGE),
    bytes: fc.constant(0),
    value: fc.constant(0),
  }),
);

describe('the bytes of a LOB', () => {
  test('are those of a buffer that was changed in the same ways, in memory and in the file', () => {
    fc.assert(
      fc.property(fc.nat(40_000), fc.array(step, { maxLength: 12 }), (initial, steps) => {
        const store = createBlockStore({ memoryBlocks: 1 });
        const other = new LobData(store, Buffer.alloc(70_000, 7));
        let model = Buffer.alloc(initial, 1);
        const lob = new LobData(store, Buffer.from(model));
        for (const each of steps) {
          if (each.do === 'trim') {
            const length = Math.min(each.at, model.length);
            lob.trim(length);
            model = Buffer.from(model.subarray(0, length));
          } else {
            const data = Buffer.alloc(each.bytes, each.value);
            const grown = Buffer.alloc(Math.max(model.length, each.at + data.length));
            model.copy(grown);
            data.copy(grown, each.at);
            lob.write(each.at, data);
            model = grown;
          }
          expect(lob.length).toBe(model.length);
          expect(lob.read(0, model.length + 5).equals(model)).toBe(true);
        }
        expect(lob.read(10, 1_000).equals(model.subarray(10, 1_010))).toBe(true);
        expect(other.read(0, 70_000).equals(Buffer.alloc(70_000, 7))).toBe(true);
        lob.free();
        other.free();
        expect(store.used).toBe(0);
        store.close();
      }),
      { numRuns: 60 },
    );
  });
});

describe('LOBs of a session', () => {
  test('offsets count characters of UTF-16; blanks fill what lies between', async () => {
    const lobs = createLobs();
    const cell = lobs.create('CLOB');
    await lobs.write(cell, 3, 'a😀b');
    expect(await lobs.length(cell)).toBe(7);
    expect(await lobs.read(cell, 0, 100)).toBe('   a😀b');
    expect(await lobs.read(cell, 6, 1)).toBe('b');
    await lobs.trim(cell, 4);
    expect(await lobs.whole(cell)).toBe('   a');
    await expect(lobs.trim(cell, 5)).rejects.toMatchObject({ number: 22926 });
    lobs.close();
  });

  test('one of a result is not written to, and one that was freed is not there', async () => {
    const lobs = createLobs();
    const cell = lobs.adopt('BLOB', Buffer.from([1, 2, 3]));
    await expect(lobs.write(cell, 0, Buffer.from([9]))).rejects.toMatchObject({ number: 22920 });
    expect(lobs.isTemporary(cell)).toBe(false);
    lobs.free(cell);
    await expect(lobs.read(cell, 0, 1)).rejects.toMatchObject({ number: 22922 });
    lobs.close();
  });

  test('of many results the oldest are let go, temporary ones never', async () => {
    const lobs = createLobs();
    const kept = lobs.create('CLOB');
    await lobs.write(kept, 0, 'kept');
    const first = lobs.adopt('CLOB', 'first');
    for (let count = 0; count < 100_000; count++) lobs.adopt('CLOB', 'x');
    await expect(lobs.read(first, 0, 1)).rejects.toMatchObject({ number: 1555 });
    expect(await lobs.whole(kept)).toBe('kept');
    lobs.close();
  });
});
