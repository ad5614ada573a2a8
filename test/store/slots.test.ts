/** limits.concurrency holds over all workers: two stores stand for two of them. */
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openStore, type Store } from '../../src/store/open.ts';
import { releaseSlot, renewSlot, type Slot, takeSlot } from '../../src/store/slots.ts';
import { openTestStore, type TestStore } from './load-kit.ts';

let at: TestStore;
let other: Store;
beforeAll(async () => {
  at = await openTestStore('slots');
  other = await openStore({ url: at.url, poolMax: 4, applicationName: 'syncline/test-other' });
});
afterAll(async () => {
  await other.close();
  await at.drop();
});

let holders = 0;
const take = (store: Store, source: string, limit: number): Promise<Slot | null> =>
  takeSlot(store.pool, { source, holder: `holder-${++holders}`, limit });

/** As activities do: one that loses a race for a slot looks again. */
async function takeSoon(store: Store, source: string, limit: number): Promise<Slot | null> {
  for (let tried = 0; tried < 10; tried++) {
    const slot = await take(store, source, limit);
    if (slot !== null) return slot;
  }
  return null;
}

test('two workers never hold more slots than the limit, and all of it can be used', async () => {
  const tries = Array.from({ length: 12 }, (_, i) => takeSoon(i % 2 === 0 ? at.store : other, 'shared', 3));
  const taken = (await Promise.all(tries)).filter((slot) => slot !== null);
  expect(taken.map(({ slot }) => slot).sort()).toEqual([1, 2, 3]);
  await releaseSlot(other.pool, taken[0] as Slot);
  expect(await take(other, 'shared', 3)).toMatchObject({ slot: (taken[0] as Slot).slot });
  expect(await take(at.store, 'shared', 3)).toBeNull();
});

test('sources do not share their slots', async () => {
  expect(await take(at.store, 'left', 1)).not.toBeNull();
  expect(await take(at.store, 'right', 1)).not.toBeNull();
  expect(await take(at.store, 'left', 1)).toBeNull();
});

test('the slot of a dead worker can be taken when it runs out; a renewed one cannot', async () => {
  const dead = (await take(at.store, 'expiring', 2)) as Slot;
  const living = (await take(at.store, 'expiring', 2)) as Slot;
  await at.store.pool.query(
    `UPDATE syncline.source_slot SET expires_at = clock_timestamp() - interval '1 ms' WHERE source = 'expiring'`,
  );
  await renewSlot(at.store.pool, living);
  expect(await take(other, 'expiring', 2)).toMatchObject({ slot: dead.slot });
  expect(await take(other, 'expiring', 2)).toBeNull();
  // The one thought dead gives back what is no longer its own.
  await releaseSlot(at.store.pool, dead);
  expect(await take(other, 'expiring', 2)).toBeNull();
});
