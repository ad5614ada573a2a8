/** C4, with processes: two workers share a run, one of them hangs for longer than its claims last, and comes back. */
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WorkerProcess } from '../../dev/worker-process.ts';
import { followRun, startRun } from '../../src/client.ts';
import { holding, pacedLoads } from './pace.ts';
import { compareSales, salesPipeline, salesTable } from './sales.ts';
import { createWorld, eventually, type World } from './world.ts';

const ROWS = 6_000;
let world: World;

beforeAll(async () => {
  world = await createWorld('frozen', {
    source: salesTable(ROWS),
    pipelines: salesPipeline('frozen', { chunkRows: 50, lanes: 6 }),
  });
});
afterAll(() => world.close());

it('goes on without a worker that hangs, and refuses what it loads when it comes back', {
  timeout: 120_000,
}, async () => {
  const { pool } = world.store;
  await pacedLoads(world, 200);
  const workers = await Promise.all([world.startWorker(), world.startWorker()]);
  const run = await startRun(world.client, world.config, { pipeline: 'frozen', mode: 'full' });

  const frozen = await freezeInMidLoad(run.runId, workers);
  const taken = await eventually(async () => {
    const open = await chunksOf(frozen);
    return open.length === 0 && (await chunksTakenOver());
  }, 'the other worker has taken over what the frozen one had claimed');
  frozen.thaw();
  const summary = await followRun(world.client, run);

  expect(summary).toMatchObject({ status: 'SUCCESS', counts: { fetched: ROWS, inserted: ROWS } });
  expect(await compareSales(world)).toEqual({ lost: 0, different: 0, mirrorRows: ROWS });
  expect(taken).toBeGreaterThan(0);
  await eventually(
    async () => frozen.said.find((line) => /was taken over.*a load was refused/.test(line)),
    'the frozen worker says that its loads were refused',
  );

  /** Chunks that the worker holds. */
  async function chunksOf({ pid }: WorkerProcess): Promise<unknown[]> {
    const { rows } = await pool.query(
      `SELECT FROM syncline.sync_chunk WHERE state = 'running' AND worker LIKE '%/' || $1::text || '/%'`,
      [pid],
    );
    return rows;
  }

  async function chunksTakenOver(): Promise<number> {
    const { rows } = await pool.query<{ count: number }>(
      'SELECT count(*) AS count FROM syncline.sync_chunk WHERE attempt > 1',
    );
    return rows[0]?.count ?? 0;
  }

  /** A load's first statement locks the run's row: while we hold it, loads of both workers are about to begin. */
  async function freezeInMidLoad(runId: string, [one, other]: WorkerProcess[]): Promise<WorkerProcess> {
    if (one === undefined || other === undefined) throw new Error('two workers are needed');
    await eventually(
      async () => (await chunksOf(one)).length > 0 && (await chunksOf(other)).length > 0,
      'both workers work on the run',
    );
    await holding(
      pool,
      (client) => client.query('SELECT FROM syncline.sync_run WHERE id = $1 FOR UPDATE', [runId]),
      async () => {
        await eventually(async () => {
          const { rows } = await pool.query<{ all: boolean }>(
            `SELECT (SELECT count(*) FROM pg_stat_activity
                      WHERE datname = current_database() AND application_name LIKE 'syncline/load%'
                        AND wait_event_type = 'Lock')
                    = (SELECT count(*) FROM syncline.sync_chunk WHERE state = 'running') AS all`,
          );
          return rows[0]?.all === true && (await chunksOf(one)).length > 0;
        }, 'every claimed chunk has a load that waits');
        one.freeze();
      },
    );
    return one;
  }
});
