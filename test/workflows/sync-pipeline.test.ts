import { defineSearchAttributeKey } from '@temporalio/common';
import { afterEach, expect, test } from 'vitest';
import type { Activities } from '../../src/activities/contract.ts';
import { describeRun, followRun, startRun } from '../../src/client.ts';
import { searchAttributes } from '../../src/domain/search-attributes.ts';
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

test('a full run plans, copies by lanes, deletes, catches up and finishes every entity', async () => {
  const fake = fakeRun([
    { entity: 'sales', rows: 90, rowsPerSlice: 20, lanes: 2 },
    { entity: 'items', rows: 10 },
  ]);
  const { client, config, pipeline } = await world(fake.activities);
  const run = await startRun(client, config, { pipeline, mode: 'full', requestedBy: 'ann' });
  const summary = await followRun(client, run);

  expect(summary).toMatchObject({
    runId: run.runId,
    pipeline,
    mode: 'full',
    status: 'SUCCESS',
    counts: { fetched: 100 },
  });
  expect(summary.entities.map(({ entity, status }) => [entity, status]).sort()).toEqual([
    ['items', 'SUCCESS'],
    ['sales', 'SUCCESS'],
  ]);
  expect(fake.called('openRun')).toEqual([
    {
      run: { pipeline, mode: 'full', requestedBy: 'ann' },
      workflowId: `sync/${pipeline}/full`,
      workflowRunId: run.runId,
      trigger: 'cli',
    },
  ]);
  const lanes = fake.called('copyChunks') as { ref: { entity: string }; lane: number; timeBoxMs: number }[];
  const ofSales = lanes.filter(({ ref }) => ref.entity === 'sales');
  expect(new Set(ofSales.map(({ lane }) => lane))).toEqual(new Set([1, 2]));
  // Time boxes grow, so that progress shows early and histories stay short. Which lane gets more of the work is chance.
  const boxes = [1, 2].map((lane) =>
    ofSales.filter((call) => call.lane === lane).map(({ timeBoxMs }) => timeBoxMs),
  );
  const growing = [2_000, 5_000, 10_000, 30_000, 60_000];
  for (const of of boxes) expect(of.slice(0, 5)).toEqual(growing.slice(0, Math.min(of.length, 5)));
  expect(Math.max(...boxes.map((of) => of.length))).toBeGreaterThanOrEqual(2);
  for (const name of ['prepareEntity', 'planChunks', 'applyDeletes', 'finishEntity'] as const) {
    expect(fake.called(name), name).toHaveLength(2);
  }
  expect(fake.called('closeRun')).toHaveLength(1);
});

test('an incremental run copies changes only; search attributes and details tell how it ended', async () => {
  const fake = fakeRun([{ entity: 'sales', rows: 7 }]);
  const { client, config, pipeline } = await world(fake.activities);
  const run = await startRun(client, config, { pipeline, mode: 'incremental' });
  expect(await followRun(client, run)).toMatchObject({ status: 'SUCCESS', counts: { fetched: 7 } });
  expect(fake.called('planChunks')).toEqual([]);
  expect(fake.called('copyChunks')).toEqual([]);
  expect(fake.called('copyChanges')).toHaveLength(1);

  const { typedSearchAttributes, staticSummary } = await client.workflow.getHandle(run.workflowId).describe();
  const attribute = (name: keyof typeof searchAttributes) =>
    typedSearchAttributes.get(defineSearchAttributeKey(searchAttributes[name], 'KEYWORD'));
  expect({
    pipeline: attribute('pipeline'),
    mode: attribute('mode'),
    status: attribute('status'),
    source: attribute('source'),
    runId: attribute('runId'),
  }).toEqual({ pipeline, mode: 'incremental', status: 'SUCCESS', source: 'erp', runId: run.runId });
  expect(await staticSummary()).toBe(`${pipeline}: incremental`);
  const { progress, temporalStatus } = await describeRun(client, run);
  expect(temporalStatus).toBe('COMPLETED');
  expect(progress).toMatchObject({
    status: 'SUCCESS',
    rowsDone: 7,
    secondsLeft: 0,
    entities: [{ entity: 'sales', status: 'SUCCESS', stage: 'ended' }],
  });
});

test('an increment that finds another run at work yields and writes no run', async () => {
  const fake = fakeRun([], { openRun: async () => ({ outcome: 'yielded', holder: 'other-run' }) });
  const { client, config, pipeline } = await world(fake.activities);
  const run = await startRun(client, config, { pipeline, mode: 'incremental' });
  expect(await followRun(client, run)).toMatchObject({
    status: 'YIELDED',
    yieldedTo: 'other-run',
    runId: null,
  });
  expect(fake.called('closeRun')).toEqual([]);
});

test('an entity without changedAt is skipped by an increment', async () => {
  const fake = fakeRun([{ entity: 'codes' }], {
    prepareEntity: async () => ({
      mode: 'incremental',
      action: 'skip',
      note: 'no changedAt',
      estimatedRows: 5,
    }),
  });
  const { client, config, pipeline } = await world(fake.activities);
  await followRun(client, await startRun(client, config, { pipeline, mode: 'incremental' }));
  expect(fake.called('copyChanges')).toEqual([]);
  expect(fake.called('finishEntity')).toHaveLength(1);
});

test('an entity that prepares as full runs full, whatever was asked for', async () => {
  const fake = fakeRun([{ entity: 'sales' }], {
    prepareEntity: async () => ({ mode: 'full', action: 'run', estimatedRows: 5 }),
  });
  const { client, config, pipeline } = await world(fake.activities);
  await followRun(client, await startRun(client, config, { pipeline, mode: 'incremental' }));
  expect(fake.called('planChunks')).toHaveLength(1);
  expect(fake.called('applyDeletes')).toHaveLength(1);
});

test('one entity that fails does not stop the others: PARTIAL, and its error is in the summary', async () => {
  const fake = fakeRun([{ entity: 'bad' }, { entity: 'good' }, { entity: 'fine' }], {
    prepareEntity: async (input, base) => {
      if (input.ref.entity === 'bad') throw syncError('SCHEMA_CHANGED', 'column ID is gone');
      return base(input);
    },
  });
  const { client, config, pipeline } = await world(fake.activities);
  const summary = await followRun(client, await startRun(client, config, { pipeline, mode: 'full' }));
  expect(summary.status).toBe('PARTIAL');
  expect(summary.entities.find(({ entity }) => entity === 'bad')).toMatchObject({
    status: 'FAILED',
    error: { code: 'SCHEMA_CHANGED', message: 'column ID is gone', remedy: expect.stringContaining('plan') },
  });
  expect(fake.calls.filter(({ name, attempt }) => name === 'prepareEntity' && attempt > 1)).toEqual([]);
});

test('a lane that fails stops the other lanes before the entity is finished', async () => {
  let stopped = false;
  const fake = fakeRun([{ entity: 'sales', lanes: 2 }], {
    copyChunks: async (input) => {
      if (input.lane === 1) throw syncError('SOURCE_AUTH', 'login refused');
      return workUntilCancelled().finally(() => {
        stopped = true;
      });
    },
    finishEntity: async (input, base) => {
      expect(stopped).toBe(true);
      return base(input);
    },
  });
  const { client, config, pipeline } = await world(fake.activities);
  const summary = await followRun(client, await startRun(client, config, { pipeline, mode: 'full' }));
  expect(summary).toMatchObject({ status: 'FAILED', entities: [{ error: { code: 'SOURCE_AUTH' } }] });
});

test('a run of which no entity got through fails its workflow, and its summary is still told', async () => {
  const fake = fakeRun([{ entity: 'bad' }], {
    copyChanges: async () => {
      throw syncError('SOURCE_QUERY', 'no such table');
    },
  });
  const { client, config, pipeline } = await world(fake.activities);
  const run = await startRun(client, config, { pipeline, mode: 'incremental' });
  expect(await followRun(client, run)).toMatchObject({
    status: 'FAILED',
    runId: run.runId,
    entities: [{ error: { code: 'SOURCE_QUERY' } }],
  });
  expect((await describeRun(client, run)).temporalStatus).toBe('FAILED');
  const failure = await client.workflow
    .getHandle(run.workflowId)
    .result()
    .catch((error) => error.cause);
  expect(failure).toMatchObject({
    type: 'RUN_FAILED',
    message: expect.stringContaining('bad: SOURCE_QUERY: no such table'),
  });
});

test('a run that cannot be opened fails with the reason as its code', async () => {
  const fake = fakeRun([], {
    openRun: async () => {
      throw syncError('CONFIG_UNKNOWN', 'There is no entity "x"');
    },
  });
  const { client, config, pipeline } = await world(fake.activities);
  const run = await startRun(client, config, { pipeline, mode: 'full' });
  await expect(followRun(client, run)).rejects.toMatchObject({
    code: 'CONFIG_UNKNOWN',
    message: 'There is no entity "x"',
  });
});

test('what a person mistypes in the UI is refused with words', async () => {
  const fake = fakeRun([]);
  const { client, config, pipeline } = await world(fake.activities);
  const handle = await client.workflow.start('syncPipeline', {
    workflowId: `typed/${pipeline}`,
    taskQueue: config.temporal.taskQueue,
    args: [{ pipeline, mode: 'complete', maxRow: 5 }],
  });
  const { cause } = await handle.result().catch((error) => error);
  expect(cause).toMatchObject({
    type: 'CONFIG_INVALID',
    message: expect.stringMatching(/mode[\s\S]*maxRow|maxRow[\s\S]*mode/),
  });
  expect(fake.calls).toEqual([]);
});

test('started by hand in the UI: the trigger says so', async () => {
  const fake = fakeRun([{ entity: 'sales' }]);
  const { client, config, pipeline } = await world(fake.activities);
  const handle = await client.workflow.start('syncPipeline', {
    workflowId: `typed/${pipeline}`,
    taskQueue: config.temporal.taskQueue,
    args: [{ pipeline, mode: 'incremental' }],
  });
  await handle.result();
  expect(fake.called('openRun')).toMatchObject([{ trigger: 'ui' }]);
});

test('a second run of the kind is refused with the id of the first', async () => {
  const held = gate();
  const fake = fakeRun([{ entity: 'sales' }], { planChunks: () => held.opened.then(() => ({ chunks: 1 })) });
  const { client, config, pipeline } = await world(fake.activities);
  const run = await startRun(client, config, { pipeline, mode: 'full' });
  await expect(startRun(client, config, { pipeline, mode: 'full' })).rejects.toMatchObject({
    code: 'RUN_ACTIVE',
    details: { workflowId: run.workflowId, runId: run.runId },
  });
  held.open();
  await followRun(client, run);
});
