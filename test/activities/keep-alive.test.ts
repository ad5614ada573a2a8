/** C4, C6: what keeps a claim and its activity alive, and what ends them. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { keepAlive } from '../../src/activities/keep-alive.ts';
import type { Claim } from '../../src/store/chunks.ts';
import { openTestStore, planOf, startRun, type TestStore } from '../store/load-kit.ts';
import { depsOf } from './kit.ts';

let at: TestStore;
beforeAll(async () => {
  at = await openTestStore('keep_alive');
});
afterAll(() => at.drop());

const leaseMs = async (chunkId: number): Promise<number> => {
  const { rows } = await at.store.probePool.query<{ left: number }>(
    `SELECT (extract(epoch FROM lease_until - clock_timestamp()) * 1000)::float8 AS left
       FROM syncline.sync_chunk WHERE id = $1`,
    [chunkId],
  );
  return rows[0]?.left ?? 0;
};

/** A claimed chunk whose lease has half a second left, and the beats that are made for it. */
async function claimed(entity: string) {
  const plan = planOf({ entity, pipeline: entity, columns: { id: 'integer' } });
  const { ref, chunkId } = await startRun(at.store, plan);
  await at.store.pool.query(
    `UPDATE syncline.sync_chunk SET lease_until = clock_timestamp() + interval '500 ms' WHERE id = $1`,
    [chunkId],
  );
  const heartbeat = vi.fn();
  const context = { signal: new AbortController().signal, heartbeat };
  const alive = keepAlive(depsOf(at.store, []), { ref, claim: { chunkId, attempt: 1 } as Claim }, context);
  return { chunkId, alive, heartbeat };
}

const soon = { timeout: 6_000, interval: 50 };

test('a claim is renewed though loads have every connection of the pool', async () => {
  const { chunkId, alive } = await claimed('busy');
  const taken = await Promise.all(Array.from({ length: 6 }, () => at.store.pool.connect()));
  try {
    await vi.waitFor(async () => expect(await leaseMs(chunkId)).toBeGreaterThan(4_000), soon);
  } finally {
    for (const client of taken) client.release();
    alive.stop();
  }
});

test('a load that has the chunk locked holds no heartbeat up; a takeover ends the work as FENCED', async () => {
  const { chunkId, alive, heartbeat } = await claimed('loading');
  const load = await at.store.pool.connect();
  try {
    await load.query('BEGIN');
    await load.query('SELECT FROM syncline.sync_chunk WHERE id = $1 FOR UPDATE', [chunkId]);
    alive.allow(15_000);
    await vi.waitFor(() => expect(heartbeat.mock.calls.length).toBeGreaterThanOrEqual(2), soon);
    expect(alive.signal.aborted).toBe(false);

    await load.query('UPDATE syncline.sync_chunk SET attempt = 2 WHERE id = $1', [chunkId]);
    await load.query('COMMIT');
    await vi.waitFor(() => expect(alive.signal.aborted).toBe(true), soon);
    expect(alive.signal.reason).toMatchObject({ code: 'FENCED' });
  } finally {
    load.release();
    alive.stop();
  }
});
