/**
 * Kills workers in the middle of loads of one full run. A trigger on sync_chunk is the barrier: while the test holds
 * its lock, a load has everything done but its commit, and that is where the worker dies.
 */
import type { WorkerProcess } from '../../dev/worker-process.ts';
import { followRun, startRun } from '../../src/client.ts';
import type { RunSummary } from '../../src/domain/run.ts';
import { createWorld, eventually, type World } from './world.ts';

export type KillReport = {
  readonly summary: RunSummary;
  readonly lost: number;
  readonly different: number;
  readonly mirrorRows: number;
  readonly takenOver: number;
};

const BARRIER_KEY = 4711;

export async function killWorkers(options: { rows: number; kills: number }): Promise<KillReport> {
  const world = await createWorld('kills', {
    source: `
      CREATE TABLE sales (id bigint PRIMARY KEY, amount numeric(12, 2) NOT NULL, note text, updated_at timestamptz NOT NULL DEFAULT now());
      INSERT INTO sales SELECT n, n % 1000 / 7.0, 'sale ' || n FROM generate_series(1, ${options.rows}) AS n`,
    pipelines: `{
      pos: { source: 'shop', entities: { sales: {
        read: { table: 'public.sales' }, key: 'id', changedAt: 'updated_at', mirror: 'pos.sales',
        validate: z.object({ amount: decimal({ min: '0' }) }), chunkRows: ${Math.ceil(options.rows / (options.kills * 4))} } } } }`,
  });
  try {
    await putBarrier(world);
    let worker = await world.startWorker();
    const run = await startRun(world.client, world.config, {
      pipeline: 'pos',
      mode: 'full',
      requestedBy: 'test',
    });
    for (let kill = 1; kill <= options.kills; kill++) {
      worker = await killInMidLoad(world, worker, kill * 2);
    }
    const summary = await followRun(world.client, run);
    return { summary, ...(await compare(world)) };
  } finally {
    await world.close();
  }
}

async function putBarrier({ store }: World): Promise<void> {
  await store.pool.query(`
    CREATE FUNCTION wait_at_barrier() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN PERFORM pg_advisory_xact_lock_shared(${BARRIER_KEY}); RETURN NEW; END $$;
    CREATE TRIGGER barrier BEFORE UPDATE ON syncline.sync_chunk
      FOR EACH ROW WHEN (NEW.counts IS DISTINCT FROM OLD.counts) EXECUTE FUNCTION wait_at_barrier()`);
}

/** @returns the worker that takes over. */
async function killInMidLoad(
  world: World,
  worker: WorkerProcess,
  afterChunks: number,
): Promise<WorkerProcess> {
  const { pool } = world.store;
  await eventually(async () => {
    const { rows } = await pool.query<{ done: number }>(
      `SELECT count(*) AS done FROM syncline.sync_chunk WHERE kind = 'range' AND state = 'done'`,
    );
    return (rows[0]?.done ?? 0) >= afterChunks;
  }, `${afterChunks} chunks are done`);
  const barrier = await pool.connect();
  try {
    await barrier.query('SELECT pg_advisory_lock($1)', [BARRIER_KEY]);
    await eventually(async () => {
      const { rows } = await pool.query(
        `SELECT FROM pg_locks WHERE locktype = 'advisory' AND objid = ${BARRIER_KEY} AND NOT granted`,
      );
      return rows.length > 0;
    }, 'a load waits at the barrier');
    await worker.kill();
  } finally {
    await barrier.query('SELECT pg_advisory_unlock($1)', [BARRIER_KEY]);
    barrier.release();
  }
  return world.startWorker();
}

async function compare(world: World): Promise<Omit<KillReport, 'summary'>> {
  const columns = 'id, amount, note, updated_at';
  const [there, here, chunks] = await Promise.all([
    world.source.query<{ id: string; row: string }>(
      `SELECT id::text, row(${columns})::text AS row FROM sales`,
    ),
    world.store.pool.query<{ id: string; row: string }>(
      `SELECT id::text, row(${columns})::text AS row FROM pos.sales WHERE sync_deleted_at IS NULL`,
    ),
    world.store.pool.query<{ count: number }>(
      'SELECT count(*) AS count FROM syncline.sync_chunk WHERE attempt > 1',
    ),
  ]);
  const mirror = new Map(here.rows.map(({ id, row }) => [id, row]));
  return {
    lost: there.rows.filter(({ id }) => !mirror.has(id)).length,
    different: there.rows.filter(({ id, row }) => mirror.has(id) && mirror.get(id) !== row).length,
    mirrorRows: here.rows.length,
    takenOver: chunks.rows[0]?.count ?? 0,
  };
}
