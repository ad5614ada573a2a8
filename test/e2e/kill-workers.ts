/** Kills workers in the middle of loads of one full run: where a load has everything done but its commit. */
import type { WorkerProcess } from '../../dev/worker-process.ts';
import { followRun, startRun } from '../../src/client.ts';
import type { RunSummary } from '../../src/domain/run.ts';
import { chunksDone, endWaitingLoads, pacedLoads, whileALoadWaits } from './pace.ts';
import {
  type Comparison,
  compareOracleSales,
  compareSales,
  fillOracleSales,
  ORACLE_SALES,
  oracleSalesPipeline,
  salesPipeline,
  salesTable,
} from './sales.ts';
import { createWorld } from './world.ts';

export type KillReport = Comparison & {
  readonly summary: RunSummary;
  /** Chunks that were claimed more than once. */
  readonly takenOver: number;
};

export async function killWorkers(options: {
  rows: number;
  kills: number;
  source: 'postgres' | 'oracle';
}): Promise<KillReport> {
  const { rows, kills, source } = options;
  const isOracle = source === 'oracle';
  const pipeline = `killed_${source}`;
  const chunks = { chunkRows: Math.ceil(rows / (kills * 4)) };
  const world = await createWorld('kills', {
    source: isOracle ? fillOracleSales(rows) : salesTable(rows),
    pipelines: isOracle ? oracleSalesPipeline(pipeline, chunks) : salesPipeline(pipeline, chunks),
    ...(isOracle && { oracle: ORACLE_SALES }),
  });
  try {
    await pacedLoads(world, 0);
    let worker = await world.startWorker();
    const run = await startRun(world.client, world.config, { pipeline, mode: 'full' });
    for (let kill = 1; kill <= kills; kill++) {
      await chunksDone(world, kill * 2, run.runId);
      const victim: WorkerProcess = worker;
      await whileALoadWaits(world, async () => {
        await victim.kill();
        await endWaitingLoads(world);
      });
      worker = await world.startWorker();
    }
    const summary = await followRun(world.client, run);
    const { rows: chunks } = await world.store.pool.query<{ count: number }>(
      'SELECT count(*) AS count FROM syncline.sync_chunk WHERE attempt > 1',
    );
    return {
      summary,
      takenOver: chunks[0]?.count ?? 0,
      ...(await (isOracle ? compareOracleSales(world) : compareSales(world))),
    };
  } finally {
    await world.close();
  }
}
