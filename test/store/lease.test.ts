/** C16: one run of a pipeline works at a time, by the database's clock. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { acquireLease, freeOrphanedLeases, LEASE_MS, renewLease } from '../../src/store/lease.ts';
import { inStoreTransaction } from '../../src/store/open.ts';
import { endRun, insertRun } from '../../src/store/runs.ts';
import { all, openTestStore, type TestStore } from './load-kit.ts';

let at: TestStore;
beforeAll(async () => {
  at = await openTestStore('lease');
});
afterAll(() => at.drop());

const ask = (pipeline: string, runId: string, mode: 'full' | 'incremental' = 'incremental') =>
  acquireLease(at.store.pool, { pipeline, runId, mode });

/** As openRun does: lease and run in one transaction. */
async function begin(pipeline: string, runId: string): Promise<number> {
  return inStoreTransaction(at.store, async (client) => {
    const answer = await acquireLease(client, { pipeline, runId, mode: 'full' });
    if (answer.outcome !== 'acquired') throw new Error(answer.outcome);
    await insertRun(client, {
      ref: { runId, pipeline, fence: answer.fence, configHash: 'hash' },
      input: { pipeline, mode: 'full' },
      trigger: 'test',
      source: 'shop',
      sourceKind: 'fake',
      workflowId: `run/${pipeline}/full`,
      workflowRunId: runId,
      degraded: [],
    });
    return answer.fence;
  });
}

const end = (runId: string) =>
  inStoreTransaction(at.store, (client) => endRun(client, { runId, status: 'SUCCESS', error: null }));

const expire = (pipeline: string) =>
  at.store.pool.query(
    `UPDATE syncline.lease SET expires_at = clock_timestamp() - interval '1 second' WHERE pipeline = $1`,
    [pipeline],
  );

describe('the lease', () => {
  test('is re-entrant: the same run gets the same fence, another run waits', async () => {
    const first = await ask('again', 'run-1');
    expect(first).toMatchObject({ outcome: 'acquired' });
    expect(await ask('again', 'run-1')).toEqual(first);
    expect(await ask('again', 'run-2')).toEqual({ outcome: 'held', holder: 'run-1', expired: false });
  });

  test('goes to one of many that ask at once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, (_, i) => ask('crowd', `run-${i}`)));
    expect(answers.filter(({ outcome }) => outcome === 'acquired')).toHaveLength(1);
    expect(answers.filter(({ outcome }) => outcome === 'held')).toHaveLength(7);
  });

  test('has a higher fence for every holder', async () => {
    const first = await begin('fences', 'fences-1');
    await end('fences-1');
    const second = await begin('fences', 'fences-2');
    await end('fences-2');
    expect(second).toBeGreaterThan(first);
    expect(await begin('fences', 'fences-3')).toBeGreaterThan(second);
  });

  test('is kept for a waiting full run: increments yield to it, another full run does not', async () => {
    await begin('queue', 'queue-1');
    expect(await ask('queue', 'queue-full', 'full')).toMatchObject({ outcome: 'held', holder: 'queue-1' });
    await end('queue-1');
    expect(await ask('queue', 'queue-2')).toEqual({ outcome: 'reserved', holder: 'queue-full' });
    expect(await ask('queue', 'queue-full', 'full')).toMatchObject({ outcome: 'acquired' });
    await at.store.pool.query(`UPDATE syncline.lease SET holder = NULL WHERE pipeline = 'queue'`);
    expect(await ask('queue', 'queue-3')).toMatchObject({ outcome: 'acquired' });
  });

  test('is not kept for a full run that stopped asking', async () => {
    await begin('left', 'left-1');
    await ask('left', 'left-full', 'full');
    await end('left-1');
    await at.store.pool.query(
      `UPDATE syncline.lease SET waiting_until = clock_timestamp() - interval '1 ms' WHERE pipeline = 'left'`,
    );
    expect(await ask('left', 'left-2')).toMatchObject({ outcome: 'acquired' });
  });

  test('is not taken over because it ran out: its holder may only be paused or slow', async () => {
    await begin('slow', 'slow-1');
    await expire('slow');
    expect(await ask('slow', 'slow-2', 'full')).toEqual({ outcome: 'held', holder: 'slow-1', expired: true });
  });

  test('is renewed by its holder only', async () => {
    await begin('renewed', 'renewed-1');
    await expire('renewed');
    await renewLease(at.store.pool, { pipeline: 'renewed', runId: 'renewed-2' });
    expect(await ask('renewed', 'renewed-2')).toMatchObject({ expired: true });
    await renewLease(at.store.pool, { pipeline: 'renewed', runId: 'renewed-1' });
    expect(await ask('renewed', 'renewed-2')).toMatchObject({ expired: false });
    const [lease] = await all<{ ms: number }>(
      at.store,
      `SELECT extract(epoch FROM expires_at - clock_timestamp())::float8 * 1000 AS ms FROM syncline.lease WHERE pipeline = 'renewed'`,
    );
    expect(lease?.ms).toBeGreaterThan(LEASE_MS - 10_000);
    expect(lease?.ms).toBeLessThanOrEqual(LEASE_MS);
  });

  test('without a running run behind it is freed once it ran out', async () => {
    await begin('orphan', 'orphan-1');
    await freeOrphanedLeases(at.store.pool, { pipeline: 'orphan' });
    await expire('orphan');
    await freeOrphanedLeases(at.store.pool, { pipeline: 'orphan' });
    expect(await ask('orphan', 'orphan-2')).toMatchObject({ outcome: 'held', holder: 'orphan-1' });
    await at.store.pool.query(`UPDATE syncline.sync_run SET status = 'FAILED' WHERE id = 'orphan-1'`);
    await freeOrphanedLeases(at.store.pool, { pipeline: 'orphan' });
    expect(await ask('orphan', 'orphan-2')).toMatchObject({ outcome: 'acquired' });
  });

  test('goes back when the run ends, and a late try does not bring the run back', async () => {
    await begin('late', 'late-1');
    await end('late-1');
    await expect(begin('late', 'late-1')).rejects.toMatchObject({ code: 'RUN_CANCELLED' });
    expect(await ask('late', 'late-2')).toMatchObject({ outcome: 'acquired' });
  });
});

test('the end of a run waits for a load in flight, which holds its row', async () => {
  await begin('ending', 'ending-1');
  const load = await at.store.pool.connect();
  await load.query('BEGIN');
  await load.query(`SELECT FROM syncline.sync_run WHERE id = 'ending-1' FOR KEY SHARE`);
  let ended = false;
  const ending = end('ending-1').then(() => {
    ended = true;
  });
  await expect
    .poll(async () => {
      const [row] = await all<{ waiting: number }>(
        at.store,
        `SELECT count(*)::int4 AS waiting FROM pg_locks WHERE NOT granted AND pid <> pg_backend_pid()
            AND pid IN (SELECT pid FROM pg_stat_activity WHERE datname = current_database())`,
      );
      return row?.waiting;
    })
    .toBe(1);
  expect(ended).toBe(false);
  await load.query('COMMIT');
  load.release();
  await ending;
  expect(await all(at.store, `SELECT status FROM syncline.sync_run WHERE id = 'ending-1'`)).toEqual([
    { status: 'SUCCESS' },
  ]);
});
