/** What is left of old runs. */
import { afterAll, beforeAll, beforeEach, expect, test } from 'vitest';
import { purgeOldRuns } from '../../src/store/purge.ts';
import { all, openTestStore, planOf, startRun, type TestStore } from './load-kit.ts';

let at: TestStore;
beforeAll(async () => {
  at = await openTestStore('purge');
});
beforeEach(() => at.store.pool.query('DELETE FROM syncline.sync_run'));
afterAll(() => at.drop());

/** A run with one chunk, so many days old. */
async function oldRun(days: number, more: { pipeline?: string; status?: string } = {}): Promise<string> {
  const { pipeline = 'pos', status = 'SUCCESS' } = more;
  const plan = planOf({ entity: 'items', pipeline, columns: { id: 'integer' } });
  const { ref } = await startRun(at.store, plan);
  await at.store.pool.query(
    `UPDATE syncline.sync_run
        SET status = $2, started_at = clock_timestamp() - $3 * interval '1 day',
            finished_at = CASE WHEN $2 <> 'RUNNING' THEN clock_timestamp() - $3 * interval '1 day' END
      WHERE id = $1`,
    [ref.runId, status, days],
  );
  return ref.runId;
}

const left = async (table: string, id = 'run_id'): Promise<string[]> => {
  const rows = await all<{ id: string }>(at.store, `SELECT ${id} AS id FROM syncline.${table}`);
  return rows.map((row) => row.id).sort();
};

test('chunks go after a week, runs after ninety days, with all that is theirs', async () => {
  const young = await oldRun(1);
  const weeks = await oldRun(20);
  await oldRun(100);
  expect(await purgeOldRuns(at.store.pool, 'pos')).toEqual({ runs: 1, chunks: 2 });
  expect(await left('sync_run', 'id')).toEqual([young, weeks].sort());
  expect(await left('sync_run_entity')).toEqual([young, weeks].sort());
  expect(await left('sync_chunk')).toEqual([young]);
});

test('a run at work keeps everything, the last run of a pipeline its row, another pipeline’s runs stay', async () => {
  const working = await oldRun(100, { pipeline: 'slow', status: 'RUNNING' });
  await oldRun(300);
  const last = await oldRun(200);
  const other = await oldRun(150, { pipeline: 'other' });
  expect(await purgeOldRuns(at.store.pool, 'pos')).toEqual({ runs: 1, chunks: 3 });
  expect(await purgeOldRuns(at.store.pool, 'slow')).toEqual({ runs: 0, chunks: 0 });
  expect(await left('sync_run', 'id')).toEqual([working, last, other].sort());
  expect(await left('sync_chunk')).toEqual([working]);
});
