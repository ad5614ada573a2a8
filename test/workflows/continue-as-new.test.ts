/** Long runs go on in new executions: on a server that suggests it after 40 events instead of 4,096. */
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import type { TemporalServer } from '../../dev/temporal-server/start.ts';
import { cancelRun, followRun, pauseRun, resumeRun, startRun } from '../../src/client.ts';
import { ownTemporal } from '../support/temporal.ts';
import { fakeRun } from './fake-run.ts';
import { startWorld } from './world.ts';

// Side by side, on a machine that may be busy.
vi.setConfig({ testTimeout: 240_000 });

let server: TemporalServer;
beforeAll(async () => {
  server = await ownTemporal({ 'limit.historyCount.suggestContinueAsNew': 40 });
});
afterAll(() => server?.stop());

test.concurrent('an entity of many slices loses and repeats nothing', async () => {
  const fake = fakeRun([{ entity: 'sales', rows: 60, rowsPerSlice: 1, lanes: 2 }]);
  const world = await startWorld(fake.activities, { server });
  const { client, config, pipeline } = world;
  const run = await startRun(client, config, { pipeline, mode: 'full' });
  expect(await followRun(client, run)).toMatchObject({
    status: 'SUCCESS',
    runId: run.runId,
    counts: { fetched: 60 },
  });

  const child = await client.workflow.getHandle(`sync/${pipeline}/full/${run.runId}/sales`).describe();
  expect(child.runId).not.toBe(child.raw.workflowExecutionInfo?.firstRunId);
  for (const name of [
    'openRun',
    'prepareEntity',
    'planChunks',
    'applyDeletes',
    'finishEntity',
    'closeRun',
  ] as const) {
    expect(fake.called(name), name).toHaveLength(1);
  }
  // Time boxes go on growing: they do not start over with each execution.
  const boxes = (fake.called('copyChunks') as { timeBoxMs: number }[]).map(({ timeBoxMs }) => timeBoxMs);
  expect(boxes.filter((ms) => ms === 2_000)).toHaveLength(2);
  expect(boxes.at(-1)).toBe(300_000);
  await world.close();
});

test.concurrent('a run of many entities, paused and resumed all the while: no message is lost, no entity runs twice', async () => {
  const entities = Array.from({ length: 8 }, (_, at) => ({ entity: `entity ${at}` }));
  const fake = fakeRun(entities);
  const world = await startWorld(fake.activities, { server });
  const { client, config, pipeline } = world;
  const run = await startRun(client, config, { pipeline, mode: 'full' });
  const ended = followRun(client, run);
  let over = false;
  void ended.finally(() => {
    over = true;
  });
  const answers: string[] = [];
  while (!over) {
    // The last message may find the run closed.
    const steer = async (action: typeof pauseRun) => {
      const answer = await action(client, run, { by: 'ann' }).catch((error) =>
        error.code === 'RUN_NOT_FOUND' ? 'over' : error,
      );
      answers.push(answer);
    };
    await steer(pauseRun);
    await steer(resumeRun);
  }
  expect(await ended).toMatchObject({ status: 'SUCCESS', runId: run.runId });
  expect(answers.filter((answer) => !/^(PAUSED|RUNNING|SUCCESS|over)$/.test(answer))).toEqual([]);

  const { raw, runId } = await client.workflow.getHandle(run.workflowId).describe();
  expect(raw.workflowExecutionInfo?.firstRunId).toBe(run.runId);
  expect(runId).not.toBe(run.runId);
  expect(fake.called('openRun')).toHaveLength(1);
  expect(fake.called('closeRun')).toHaveLength(1);
  const finished = (fake.called('finishEntity') as { ref: { entity: string; runId: string } }[]).map(
    ({ ref }) => ref,
  );
  expect(finished.map(({ entity }) => entity).sort()).toEqual(entities.map(({ entity }) => entity).sort());
  expect(new Set(finished.map((ref) => ref.runId))).toEqual(new Set([run.runId]));
  await world.close();
});

test.concurrent('a run that has gone on in a new execution can be cancelled', async () => {
  const entities = Array.from({ length: 30 }, (_, at) => ({ entity: `entity ${at}` }));
  const fake = fakeRun(entities);
  const many = fake.next('finishEntity', () => fake.called('finishEntity').length > 14);
  const world = await startWorld(fake.activities, { server });
  const { client, config, pipeline } = world;
  const run = await startRun(client, config, { pipeline, mode: 'full' });
  await many;
  await cancelRun(client, run, { by: 'ann' });
  expect(await followRun(client, run)).toMatchObject({ status: 'CANCELLED', runId: run.runId });
  expect((await client.workflow.getHandle(run.workflowId).describe()).runId).not.toBe(run.runId);
  expect(fake.called('closeRun')).toMatchObject([{ ref: { runId: run.runId }, cancelled: true }]);
  await world.close();
});
