/** People and clocks in charge of real runs: pause, resume, cancel, start by hand, terminate, schedules. */
import { afterAll, beforeAll, beforeEach, expect, it } from 'vitest';
import {
  cancelRun,
  describeRun,
  followRun,
  pauseRun,
  type RunHandle,
  resumeRun,
  startRun,
} from '../../src/client.ts';
import type { RunSummary } from '../../src/domain/run.ts';
import { applySchedules, triggerSchedule } from '../../src/schedules.ts';
import { chunksDone, doneChunks, pacedLoads, setPace } from './pace.ts';
import { compareSales, salesPipeline, salesTable } from './sales.ts';
import { createWorld, eventually, type World } from './world.ts';

const ROWS = 3_000;
const CHUNKS = 60;
/** With 2 lanes a full run takes so long that there is a middle. */
const SLOW_MS = 150;
const FULL = { pipeline: 'control', mode: 'full' } as const;
const INCREMENTAL = { pipeline: 'control', mode: 'incremental' } as const;
const SAME = { lost: 0, different: 0, mirrorRows: ROWS };
let world: World;

beforeAll(async () => {
  world = await createWorld('control', {
    source: salesTable(ROWS),
    // Changes are seen at once: nothing else writes here.
    sourceSettings: 'slackMs: 0',
    pipelines: salesPipeline('control', {
      chunkRows: ROWS / CHUNKS,
      more: "schedule: { full: { cron: '0 3 1 1 *', timeZone: 'Europe/Berlin' } },",
    }),
  });
  await pacedLoads(world, SLOW_MS);
  await world.startWorker();
});
beforeEach(() => setPace(world, SLOW_MS));
afterAll(() => world.close());

it('pauses a run, which then moves no row, and resumes it', { timeout: 60_000 }, async () => {
  const run = await startRun(world.client, world.config, FULL);
  await chunksDone(world, 2, run.runId);

  expect(await pauseRun(world.client, run, { by: 'ana', note: 'month end' })).toBe('PAUSED');
  await eventually(async () => (await chunksRunning(run)) === 0, 'lanes finish their pieces and let go');
  const done = await doneChunks(world.store.pool, run.runId);
  expect(done).toBeLessThan(CHUNKS);
  expect((await describeRun(world.client, run)).progress).toMatchObject({ status: 'PAUSED' });
  // Without the pause, a lane would take the next chunk within half a second.
  await new Promise((resolve) => setTimeout(resolve, 1_000));
  expect(await doneChunks(world.store.pool, run.runId)).toBe(done);
  expect(await runRow(run)).toMatchObject({ status: 'RUNNING', pausedBy: 'ana' });

  await setPace(world, 0);
  expect(await resumeRun(world.client, run, { by: 'ben' })).toBe('RUNNING');
  expect(await followRun(world.client, run)).toMatchObject({
    status: 'SUCCESS',
    counts: { fetched: ROWS, inserted: ROWS },
  });
  expect(await compareSales(world)).toEqual(SAME);
});

it('cancels a run, which gives its lease back', { timeout: 60_000 }, async () => {
  const run = await startRun(world.client, world.config, FULL);
  await chunksDone(world, 2, run.runId);

  expect(await cancelRun(world.client, run, { by: 'ana' })).toBe('CANCELLING');
  expect(await followRun(world.client, run)).toMatchObject({ status: 'CANCELLED' });
  expect(await doneChunks(world.store.pool, run.runId)).toBeLessThan(CHUNKS);
  expect(await runRow(run)).toMatchObject({ status: 'CANCELLED', cancelRequestedBy: 'ana' });
  expect(await leaseHolder()).toBeNull();
  expect(await chunksRunning(run)).toBe(0);

  await setPace(world, 0);
  const next = await startRun(world.client, world.config, FULL);
  expect(await followRun(world.client, next)).toMatchObject({ status: 'SUCCESS' });
});

it('takes a run started by hand, from bare JSON, which yields to one at work', {
  timeout: 60_000,
}, async () => {
  const run = await startRun(world.client, world.config, FULL);
  await chunksDone(world, 2, run.runId);
  expect(await byHand(INCREMENTAL)).toMatchObject({ status: 'YIELDED', yieldedTo: run.runId });
  await setPace(world, 0);
  await followRun(world.client, run);

  await world.source.query("UPDATE sales SET note = 'by hand', updated_at = now() WHERE id = 7");
  const summary = await byHand({ ...INCREMENTAL, entities: ['sales'], requestedBy: 'ana' });
  expect(summary).toMatchObject({ status: 'SUCCESS', mode: 'incremental', counts: { updated: 1 } });
  expect(await runRow({ runId: summary.runId as string })).toMatchObject({
    trigger: 'ui',
    requestedBy: 'ana',
    workflowId: 'typed-by-ana',
  });
  expect(await compareSales(world)).toEqual(SAME);

  const typo = await byHand({ pipline: 'control' }).catch((error: { cause?: unknown }) => error.cause);
  expect(typo).toMatchObject({ type: 'CONFIG_INVALID', message: expect.stringContaining('pipeline') });
});

it('closes a run whose workflow was terminated, and goes on with the next one', {
  timeout: 90_000,
}, async () => {
  const run = await startRun(world.client, world.config, FULL);
  await chunksDone(world, 2, run.runId);
  await world.client.workflow.getHandle(run.workflowId).terminate('by an operator');
  await setPace(world, 0);
  await expect(followRun(world.client, run)).rejects.toMatchObject({ code: 'RUN_CANCELLED' });
  await eventually(async () => (await chunksRunning(run)) === 0, 'its entity gives back what it had claimed');
  expect(await runRow(run)).toMatchObject({ status: 'RUNNING' });
  expect(await leaseHolder()).toBe(run.runId);

  // Half a minute in which nobody renews the lease.
  await world.store.pool.query('UPDATE syncline.lease SET expires_at = clock_timestamp()');
  const next = await startRun(world.client, world.config, FULL);
  expect(await followRun(world.client, next)).toMatchObject({ status: 'SUCCESS' });
  expect(await runRow(run)).toMatchObject({ status: 'FAILED' });
  expect(await compareSales(world)).toEqual(SAME);
});

it('starts runs by schedule, one at a time', { timeout: 90_000 }, async () => {
  const { client, config } = world;
  const schedule = client.schedule.getHandle('sync/control/full');
  try {
    expect(await applySchedules(client, config)).toEqual([
      { action: 'created', scheduleId: schedule.scheduleId },
    ]);
    expect(await applySchedules(client, config)).toEqual([]);

    await triggerSchedule(client, FULL);
    const run = await eventually(scheduledRun, 'the schedule’s run is open');
    await chunksDone(world, 2, run.runId);
    await triggerSchedule(client, FULL);
    await eventually(
      async () => (await schedule.describe()).info.numActionsSkippedOverlap === 1,
      'the second start is skipped',
    );
    await setPace(world, 0);
    expect(await followRun(client, run)).toMatchObject({ status: 'SUCCESS' });
    const { info } = await schedule.describe();
    expect(info).toMatchObject({ numActionsTaken: 1, numActionsSkippedOverlap: 1 });
    expect(await runRow(run)).toMatchObject({ status: 'SUCCESS', trigger: 'schedule' });
  } finally {
    await schedule.delete();
  }
});

/** As the Temporal UI or its command line starts a workflow: type, queue, JSON; no memo, no search attributes. */
function byHand(input: Record<string, unknown>): Promise<RunSummary> {
  const { taskQueue } = world.config.temporal;
  return world.client.workflow.execute('syncPipeline', {
    workflowId: 'typed-by-ana',
    taskQueue,
    args: [input],
  });
}

async function scheduledRun(): Promise<RunHandle | null> {
  const { rows } = await world.store.pool.query<RunHandle>(
    `SELECT id AS "runId", workflow_id AS "workflowId" FROM syncline.sync_run WHERE trigger = 'schedule'`,
  );
  return rows[0] ?? null;
}

async function runRow({ runId }: Pick<RunHandle, 'runId'>): Promise<Record<string, unknown> | undefined> {
  const { rows } = await world.store.pool.query<Record<string, unknown>>(
    `SELECT status, trigger, requested_by AS "requestedBy", workflow_id AS "workflowId", paused_by AS "pausedBy",
            cancel_requested_by AS "cancelRequestedBy"
       FROM syncline.sync_run WHERE id = $1`,
    [runId],
  );
  return rows[0];
}

async function leaseHolder(): Promise<string | null | undefined> {
  const { rows } = await world.store.pool.query<{ holder: string | null }>(
    "SELECT holder FROM syncline.lease WHERE pipeline = 'control'",
  );
  return rows[0]?.holder;
}

async function chunksRunning({ runId }: RunHandle): Promise<number> {
  const { rowCount } = await world.store.pool.query(
    `SELECT FROM syncline.sync_chunk WHERE run_id = $1 AND state = 'running'`,
    [runId],
  );
  return rowCount ?? 0;
}
