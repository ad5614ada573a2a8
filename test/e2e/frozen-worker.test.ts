/** C4, with processes: two workers share a run, one of them hangs for longer than its claims last, and comes back. */
import { existsSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import type { WorkerProcess } from '../../dev/worker-process.ts';
import { followRun, startRun } from '../../src/client.ts';
import { pacedLoads, setPace } from './pace.ts';
import { compareSales, salesPipeline, salesTable } from './sales.ts';
import { createWorld, eventually, type World } from './world.ts';

const ROWS = 6_000;
let folder: string;
let world: World;
let workers: WorkerProcess[];

/**
 * The worker stops itself where it has read rows and not begun to load them: in the schema's judgement of a row. The
 * one that can rename the file is the one to do it.
 */
const freezeOnce = (file: string): string => `
import { renameSync } from 'node:fs';
function freezeOnce() {
  try {
    renameSync(${JSON.stringify(file)}, ${JSON.stringify(file)} + process.pid);
  } catch {
    return true;
  }
  process.kill(process.pid, 'SIGSTOP');
  return true;
}`;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'syncline-frozen-'));
  world = await createWorld('frozen', {
    source: salesTable(ROWS),
    functions: freezeOnce(join(folder, 'freeze')),
    pipelines: salesPipeline('frozen', {
      chunkRows: 50,
      lanes: 6,
      validate: 'z.object({ note: z.string().refine(freezeOnce) })',
    }),
    sourceSettings: 'limits: { concurrency: 12 }',
  });
});

afterAll(async () => {
  await world.close();
  await rm(folder, { recursive: true });
});

it('goes on without a worker that hangs, which undoes and doubles nothing when it comes back', {
  timeout: 120_000,
}, async () => {
  await pacedLoads(world, 250);
  workers = await Promise.all([world.startWorker(), world.startWorker()]);
  const run = await startRun(world.client, world.config, { pipeline: 'frozen', mode: 'full' });
  for (const worker of workers) {
    await eventually(async () => (await chunksOf(worker)).done > 0, 'both workers share the run');
  }

  const frozen = await freezeOne();
  await setPace(world, 0);
  const summary = await followRun(world.client, run);
  const mirror = await versions();
  frozen.thaw();
  await eventually(async () => (await slotsOf(frozen)) === 0, 'the worker that came back has let go');

  expect(summary).toMatchObject({ status: 'SUCCESS', counts: { fetched: ROWS, inserted: ROWS } });
  expect(await compareSales(world)).toEqual({ lost: 0, different: 0, mirrorRows: ROWS });
  expect(await versions()).toEqual(mirror);
});

it('refuses the load of a claim that ran out', { timeout: 60_000 }, async () => {
  const { pool } = world.store;
  await setPace(world, 50);
  await world.source.query('UPDATE sales SET amount = amount + 1');
  const run = await startRun(world.client, world.config, { pipeline: 'frozen', mode: 'full' });

  const frozen = await freezeOne();
  // Sooner than it would, so that the worker comes back before Temporal has cancelled what it does.
  await pool.query(
    `UPDATE syncline.sync_chunk SET lease_until = clock_timestamp() WHERE state = 'running' AND worker LIKE $1`,
    [ofWorker(frozen)],
  );
  await eventually(async () => (await chunksOf(frozen)).running === 0, 'its chunks are the other worker’s');
  frozen.thaw();
  const summary = await followRun(world.client, run);

  expect(frozen.said.join('\n')).toContain('"a load was refused');
  expect(summary).toMatchObject({ status: 'SUCCESS', counts: { fetched: ROWS, updated: ROWS } });
  expect(await compareSales(world)).toEqual({ lost: 0, different: 0, mirrorRows: ROWS });
});

async function freezeOne(): Promise<WorkerProcess> {
  await writeFile(join(folder, 'freeze'), '');
  const frozen = await eventually(async () => workers.find(isFrozen), 'a worker froze');
  await rm(join(folder, `freeze${frozen.pid}`));
  return frozen;
}

function isFrozen({ pid }: WorkerProcess): boolean {
  return existsSync(join(folder, `freeze${pid}`));
}

/** What the worker claimed last, by state. */
async function chunksOf(worker: WorkerProcess): Promise<{ running: number; done: number }> {
  const { rows } = await world.store.pool.query<{ running: number; done: number }>(
    `SELECT count(*) FILTER (WHERE state = 'running') AS running, count(*) FILTER (WHERE state = 'done') AS done
       FROM syncline.sync_chunk WHERE worker LIKE $1`,
    [ofWorker(worker)],
  );
  return rows[0] ?? { running: 0, done: 0 };
}

/** Connections to the source that the worker holds, by its own account. */
async function slotsOf(worker: WorkerProcess): Promise<number> {
  const { rowCount } = await world.store.pool.query('SELECT FROM syncline.source_slot WHERE holder LIKE $1', [
    ofWorker(worker),
  ]);
  return rowCount ?? 0;
}

/** A worker's id is `<host>/<process>/<random>`; holders of slots begin with it. */
function ofWorker({ pid }: WorkerProcess): string {
  return `%/${pid}/%`;
}

async function versions(): Promise<unknown> {
  const { rows } = await world.store.pool.query(
    'SELECT count(*), max(sync_xid::text::numeric) AS newest, sum(sync_xid::text::numeric) AS all FROM pos.sales',
  );
  return rows[0];
}
