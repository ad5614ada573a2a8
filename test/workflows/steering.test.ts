import { afterEach, expect, test } from 'vitest';
import type { Activities } from '../../src/activities/contract.ts';
import { cancelRun, describeRun, followRun, pauseRun, resumeRun, startRun } from '../../src/client.ts';
import { fakeRun, gate, syncError, workUntilCancelled } from './fake-run.ts';
import { startWorld, type World } from './world.ts';

const worlds: World[] = [];
afterEach(async () => {
  await Promise.all(worlds.splice(0).map((world) => world.close()));
});

async function world(activities: Activities): Promise<World> {
  const made = await startWorld(activities);
  worlds.push(made);
  return made;
}

test('cancel by update: claims are stopped in the store, copies are cancelled, the lease is given back', async () => {
  const fake = fakeRun([{ entity: 'sales' }], { copyChunks: workUntilCancelled });
  const copying = fake.next('copyChunks');
  const { client, config, pipeline } = await world(fake.activities);
  const run = await startRun(client, config, { pipeline, mode: 'full' });
  await copying;
  expect(await cancelRun(client, run, { by: 'ann', note: 'wrong day' })).toBe('CANCELLING');

  expect(await followRun(client, run)).toMatchObject({
    status: 'CANCELLED',
    entities: [{ status: 'CANCELLED' }],
  });
  expect(fake.called('steerRun')).toEqual([{ runId: run.runId, action: 'cancel', by: 'ann' }]);
  expect(fake.called('finishEntity')).toMatchObject([{ cancelled: true }]);
  expect(fake.called('closeRun')).toMatchObject([{ cancelled: true }]);
  expect((await describeRun(client, run)).temporalStatus).toBe('COMPLETED');
});

test('cancel from the Temporal UI: the same, and the workflow shows as cancelled', async () => {
  const fake = fakeRun([{ entity: 'sales' }, { entity: 'items' }, { entity: 'never begun' }], {
    copyChunks: workUntilCancelled,
  });
  const copying = Promise.all(
    ['sales', 'items'].map((entity) =>
      fake.next('copyChunks', (input) => (input as Sliced).ref.entity === entity),
    ),
  );
  const { client, config, pipeline } = await world(fake.activities);
  const run = await startRun(client, config, { pipeline, mode: 'full' });
  await copying;
  await client.workflow.getHandle(run.workflowId).cancel();

  const summary = await followRun(client, run);
  expect(summary).toMatchObject({ runId: run.runId, pipeline, status: 'CANCELLED' });
  expect(summary.entities.map(({ entity, status }) => [entity, status]).sort()).toEqual([
    ['items', 'CANCELLED'],
    ['sales', 'CANCELLED'],
  ]);
  expect(fake.called('steerRun')).toEqual([{ runId: run.runId, action: 'cancel', by: 'Temporal' }]);
  expect((await describeRun(client, run)).temporalStatus).toBe('CANCELLED');
});

type Sliced = { readonly ref: { readonly entity: string } };

test('cancel while the run waits for the lease opens nothing, and still closes what might be open', async () => {
  const fake = fakeRun([{ entity: 'sales' }], {
    openRun: async () => {
      throw syncError('LEASE_HELD', 'another run is at work', { retryAfterMs: 60_000 });
    },
  });
  const waiting = fake.next('openRun');
  const { client, config, pipeline } = await world(fake.activities);
  const run = await startRun(client, config, { pipeline, mode: 'full' });
  await waiting;
  await cancelRun(client, run, { by: 'ann' });
  expect(await followRun(client, run)).toMatchObject({ status: 'CANCELLED', entities: [] });
  expect(fake.called('closeRun')).toMatchObject([{ ref: { runId: run.runId, pipeline }, cancelled: true }]);
  expect(fake.called('prepareEntity')).toEqual([]);
});

test('an entity that hears of the cancelled run from the store first is cancelled, not failed', async () => {
  const fake = fakeRun([{ entity: 'sales' }], {
    copyChunks: async () => {
      throw syncError('RUN_CANCELLED', 'the run is being cancelled');
    },
  });
  const { client, config, pipeline } = await world(fake.activities);
  const run = await startRun(client, config, { pipeline, mode: 'full' });
  await followRun(client, run).catch(() => undefined);
  expect(fake.called('finishEntity')).toMatchObject([{ cancelled: true }]);
});

test('pause holds the lanes and the entities to come; resume lets them go on', async () => {
  const held = gate();
  let isFirst = true;
  const fake = fakeRun([{ entity: 'sales', rows: 30, rowsPerSlice: 10 }, { entity: 'b' }, { entity: 'c' }], {
    copyChunks: async (input, base) => {
      if (input.ref.entity !== 'sales' || !isFirst) return base(input);
      isFirst = false;
      await held.opened;
      return base(input);
    },
  });
  const copying = fake.next('copyChunks', (input) => (input as Sliced).ref.entity === 'sales');
  const { client, config, pipeline } = await world(fake.activities);
  const run = await startRun(client, config, { pipeline, mode: 'full' });
  await copying;
  expect(await pauseRun(client, run, { by: 'ann', note: 'month end' })).toBe('PAUSED');
  expect(fake.row.paused).toBe(true);
  // Twice is once.
  expect(await pauseRun(client, run, { by: 'bob' })).toBe('PAUSED');
  held.open();
  expect(await describeRun(client, run)).toMatchObject({ progress: { status: 'PAUSED', secondsLeft: null } });

  const before = fake.called('copyChunks').filter((input) => (input as Sliced).ref.entity === 'sales').length;
  expect(before).toBe(1);
  expect(await resumeRun(client, run, { by: 'ann' })).toBe('RUNNING');
  expect(await followRun(client, run)).toMatchObject({ status: 'SUCCESS' });
  expect(fake.called('steerRun')).toEqual([
    { runId: run.runId, action: 'pause', by: 'ann' },
    { runId: run.runId, action: 'resume', by: 'ann' },
  ]);
});

test('a pause that the store cannot be told is refused, and the run goes on', async () => {
  const held = gate();
  const fake = fakeRun([{ entity: 'sales' }], {
    planChunks: () => held.opened.then(() => ({ chunks: 1 })),
    steerRun: async () => {
      throw syncError('STORE_NOT_READY', 'no such table');
    },
  });
  const planning = fake.next('planChunks');
  const { client, config, pipeline } = await world(fake.activities);
  const run = await startRun(client, config, { pipeline, mode: 'full' });
  await planning;
  await expect(pauseRun(client, run, { by: 'ann' })).rejects.toMatchObject({ code: 'STORE_NOT_READY' });
  expect(await describeRun(client, run)).toMatchObject({ progress: { status: 'RUNNING' } });
  held.open();
  expect(await followRun(client, run)).toMatchObject({ status: 'SUCCESS' });
});

test('malformed messages do not poison the run: signals are ignored, updates refused', async () => {
  const held = gate();
  const fake = fakeRun([{ entity: 'sales' }], { planChunks: () => held.opened.then(() => ({ chunks: 1 })) });
  const planning = fake.next('planChunks');
  const { client, config, pipeline } = await world(fake.activities);
  const run = await startRun(client, config, { pipeline, mode: 'full' });
  await planning;
  const handle = client.workflow.getHandle(run.workflowId);
  for (const bad of [42, 'ann', { by: 7 }, [{}]]) {
    for (const name of ['pause', 'resume', 'cancel', 'entityProgress']) await handle.signal(name, bad);
    await expect(handle.executeUpdate('pause', { args: [bad] })).rejects.toThrow();
  }
  await handle.signal('entityProgress', { entity: 'unknown', rowsDone: 5 });
  expect(await describeRun(client, run)).toMatchObject({
    temporalStatus: 'RUNNING',
    progress: { status: 'RUNNING' },
  });
  expect(fake.called('steerRun')).toEqual([]);
  held.open();
  expect(await followRun(client, run)).toMatchObject({ status: 'SUCCESS' });
});

test('signals of the UI, which come without input, steer as updates do', async () => {
  const held = gate();
  const fake = fakeRun([{ entity: 'sales' }], { planChunks: () => held.opened.then(() => ({ chunks: 1 })) });
  const planning = fake.next('planChunks');
  const paused = fake.next('steerRun');
  const { client, config, pipeline } = await world(fake.activities);
  const run = await startRun(client, config, { pipeline, mode: 'full' });
  await planning;
  const handle = client.workflow.getHandle(run.workflowId);
  await handle.signal('pause');
  expect(await paused).toMatchObject({ action: 'pause', by: 'Temporal' });
  const resumed = fake.next('steerRun');
  await handle.signal('resume', { by: 'ann' });
  expect(await resumed).toMatchObject({ action: 'resume', by: 'ann' });
  held.open();
  expect(await followRun(client, run)).toMatchObject({ status: 'SUCCESS' });
});

test('a run that is over cannot be steered', async () => {
  const fake = fakeRun([{ entity: 'sales' }]);
  const { client, config, pipeline } = await world(fake.activities);
  const run = await startRun(client, config, { pipeline, mode: 'incremental' });
  await followRun(client, run);
  await expect(pauseRun(client, run, { by: 'ann' })).rejects.toMatchObject({ code: 'RUN_NOT_FOUND' });
  await expect(
    pauseRun(client, { workflowId: `sync/${pipeline}/full` }, { by: 'ann' }),
  ).rejects.toMatchObject({
    code: 'RUN_NOT_FOUND',
  });
});

test('an entity’s workflow that is terminated by hand fails that entity only, and the run says so', async () => {
  const held = gate();
  const fake = fakeRun([{ entity: 'sales' }, { entity: 'items' }], {
    planChunks: async ({ ref }) => {
      if (ref.entity === 'sales') await held.opened;
      return { chunks: 1 };
    },
  });
  const planning = fake.next('planChunks', (input) => (input as Sliced).ref.entity === 'sales');
  const { client, config, pipeline } = await world(fake.activities);
  const run = await startRun(client, config, { pipeline, mode: 'full' });
  await planning;
  await client.workflow.getHandle(`sync/${pipeline}/full/${run.runId}/sales`).terminate();
  expect(await followRun(client, run)).toMatchObject({ status: 'PARTIAL' });
  expect(fake.called('closeRun')).toMatchObject([{ error: { message: expect.stringMatching(/^sales: /) } }]);
  held.open();
});
