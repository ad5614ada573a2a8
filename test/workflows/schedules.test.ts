import { randomBytes } from 'node:crypto';
import { ScheduleOverlapPolicy } from '@temporalio/client';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type Client, connectClient, followRun } from '../../src/client.ts';
import type { ScheduleSpec, SyncConfig } from '../../src/domain/config.ts';
import {
  applySchedules,
  listSchedules,
  pauseSchedule,
  resumeSchedule,
  triggerSchedule,
} from '../../src/schedules.ts';
import { temporalServer } from '../support/temporal.ts';
import { configOf } from './config-of.ts';
import { fakeRun } from './fake-run.ts';
import { startWorld } from './world.ts';

/** The server is shared with other tests. */
const MINE = `s-${randomBytes(5).toString('hex')}-`;

let client: Client;
let server: { address: string; namespace: string };
beforeAll(async () => {
  server = await temporalServer();
  client = await connectClient({ temporal: { ...server, taskQueue: 'none' } });
});
afterAll(async () => {
  const left = (await listSchedules(client)).filter(({ pipeline }) => pipeline.startsWith(MINE));
  await Promise.all(left.map(({ scheduleId }) => client.schedule.getHandle(scheduleId).delete()));
  await client.connection.close();
});

function config(
  schedule: { incremental?: ScheduleSpec; full?: ScheduleSpec },
  pipeline?: string,
): SyncConfig {
  return configOf({ ...server, schedule, pipeline: pipeline ?? `${MINE}${randomBytes(5).toString('hex')}` });
}

const pipelineOf = (at: SyncConfig): string => Object.keys(at.pipelines)[0] as string;

/** Lists lag behind what was created. */
async function untilListed(pipeline: string, count: number) {
  for (;;) {
    const found = (await listSchedules(client)).filter((schedule) => schedule.pipeline === pipeline);
    if (found.length === count) return found;
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

test('apply makes one schedule for each pipeline and mode; a second time it changes nothing', async () => {
  const wanted = config({
    incremental: { every: 60_000, timeZone: 'UTC' },
    full: { cron: '0 0 * * *', timeZone: 'Europe/Berlin' },
  });
  const pipeline = pipelineOf(wanted);
  expect(await applySchedules(client, wanted)).toEqual([
    { action: 'created', scheduleId: `sync/${pipeline}/incremental` },
    { action: 'created', scheduleId: `sync/${pipeline}/full` },
  ]);
  expect(await applySchedules(client, wanted)).toEqual([]);

  expect(await untilListed(pipeline, 2)).toMatchObject([
    {
      scheduleId: `sync/${pipeline}/full`,
      mode: 'full',
      when: '0 0 * * * (Europe/Berlin)',
      timeZone: 'Europe/Berlin',
      paused: false,
    },
    {
      scheduleId: `sync/${pipeline}/incremental`,
      mode: 'incremental',
      when: 'every 60 s',
      timeZone: 'UTC',
      paused: false,
    },
  ]);
  const { policies, action, state } = await client.schedule.getHandle(`sync/${pipeline}/full`).describe();
  expect(policies).toMatchObject({ overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: 60_000 });
  expect(action).toMatchObject({
    workflowType: 'syncPipeline',
    workflowId: `sync/${pipeline}/full`,
    taskQueue: wanted.temporal.taskQueue,
    args: [{ pipeline, mode: 'full', requestedBy: 'schedule' }],
  });
  expect(state.note).toContain('0 0 * * *');
});

test('what changed in the configuration, or by hand, is corrected; a paused schedule stays paused', async () => {
  const before = config({ incremental: { every: 60_000, timeZone: 'UTC' } });
  const pipeline = pipelineOf(before);
  await applySchedules(client, before);
  await pauseSchedule(client, { pipeline, mode: 'incremental', note: 'month end' });
  const after = config({ incremental: { cron: '*/5 * * * *', timeZone: 'UTC' } }, pipeline);
  const changed = [{ action: 'updated', scheduleId: `sync/${pipeline}/incremental` }];
  expect(await applySchedules(client, after)).toEqual(changed);
  const handle = client.schedule.getHandle(`sync/${pipeline}/incremental`);
  expect((await handle.describe()).state).toMatchObject({ paused: true, note: 'month end' });

  await handle.update((previous) => ({
    ...previous,
    spec: { cronExpressions: ['*/6 * * * *'], timezone: 'UTC' },
  }));
  expect(await applySchedules(client, after)).toEqual(changed);
  expect(await applySchedules(client, after)).toEqual([]);
  await resumeSchedule(client, { pipeline, mode: 'incremental', note: 'go on' });
  expect((await handle.describe()).state.paused).toBe(false);
});

test('schedules of ours that left the configuration are removed; those of others stay', async () => {
  const mine = config({
    full: { every: 3_600_000, timeZone: 'UTC' },
    incremental: { every: 60_000, timeZone: 'UTC' },
  });
  const others = config({ full: { every: 3_600_000, timeZone: 'UTC' } });
  const pipeline = pipelineOf(mine);
  await applySchedules(client, mine);
  await applySchedules(client, others);
  await untilListed(pipeline, 2);
  await untilListed(pipelineOf(others), 1);
  const less = config({ incremental: { every: 60_000, timeZone: 'UTC' } }, pipeline);
  expect(await applySchedules(client, less)).toEqual([
    { action: 'removed', scheduleId: `sync/${pipeline}/full` },
  ]);
  await untilListed(pipeline, 1);
  await untilListed(pipelineOf(others), 1);
});

test('a triggered run works as one of the schedule; while it is under way, another trigger is skipped', async () => {
  let release: () => void = () => undefined;
  const held = new Promise<void>((resolve) => {
    release = resolve;
  });
  const fake = fakeRun([{ entity: 'sales' }], {
    prepareEntity: async (input, base) => {
      await held;
      return base(input);
    },
  });
  const preparing = fake.next('prepareEntity');
  const world = await startWorld(fake.activities, {
    pipeline: `${MINE}triggered`,
    schedule: { incremental: { every: 86_400_000, timeZone: 'UTC' } },
  });
  const { pipeline } = world;
  await applySchedules(client, world.config);
  await triggerSchedule(client, { pipeline, mode: 'incremental' });
  await preparing;
  await triggerSchedule(client, { pipeline, mode: 'incremental' });
  const opened = fake.called('openRun') as { workflowId: string; workflowRunId: string; trigger: string }[];
  expect(opened).toMatchObject([
    { trigger: 'schedule', workflowId: expect.stringContaining(`sync/${pipeline}/incremental-`) },
  ]);
  release();
  const run = opened[0] as { workflowId: string; workflowRunId: string };
  expect(await followRun(client, { workflowId: run.workflowId, runId: run.workflowRunId })).toMatchObject({
    status: 'SUCCESS',
  });
  const { info } = await client.schedule.getHandle(`sync/${pipeline}/incremental`).describe();
  expect(info).toMatchObject({ numActionsTaken: 1, numActionsSkippedOverlap: 1 });
  await world.close();
});

test('a schedule that does not exist is named', async () => {
  await expect(triggerSchedule(client, { pipeline: 'nowhere', mode: 'full' })).rejects.toMatchObject({
    code: 'RUN_NOT_FOUND',
    message: 'Temporal has no schedule for full runs of nowhere',
  });
});

/** Next times around a change of the clock in Berlin, in the next year. */
async function timesOf(cron: string): Promise<Date[]> {
  const wanted = config({ full: { cron: `${cron} * ${YEAR}`, timeZone: 'Europe/Berlin' } });
  await applySchedules(client, wanted);
  const { info } = await client.schedule.getHandle(`sync/${pipelineOf(wanted)}/full`).describe();
  return info.nextActionTimes;
}

const YEAR = new Date().getUTCFullYear() + 1;
const berlin = new Intl.DateTimeFormat('sv-SE', {
  timeZone: 'Europe/Berlin',
  dateStyle: 'short',
  timeStyle: 'short',
});

test('midnight in Berlin is midnight on the clock, in winter and in summer', async () => {
  // The last Sunday of March, and of October, lies between the first and the last of these days.
  for (const cron of ['0 0 1,24-31 3,4', '0 0 1,24-31 10,11']) {
    const times = (await timesOf(cron)).slice(0, 10);
    expect(times).toHaveLength(10);
    expect(times.map((time) => berlin.format(time).slice(11))).toEqual(times.map(() => '00:00'));
    expect(new Set(times.map((time) => time.getUTCHours()))).toEqual(new Set([22, 23]));
  }
});

test('half past two is skipped on the day that has none, and comes once on the day that has two', async () => {
  const spring = (await timesOf('30 2 25-31 3')).map((time) => berlin.format(time));
  expect(spring).toHaveLength(6);
  expect(spring.map((time) => time.slice(0, 10))).not.toContain(lastSunday(YEAR, 3));

  const autumn = await timesOf('30 2 25-31 10');
  const back = autumn.filter((time) => berlin.format(time) === `${lastSunday(YEAR, 10)} 02:30`);
  // The second one, in winter time.
  expect(back.map((time) => time.getUTCHours())).toEqual([1]);
});

function lastSunday(year: number, month: number): string {
  const last = new Date(Date.UTC(year, month, 0));
  last.setUTCDate(last.getUTCDate() - last.getUTCDay());
  return last.toISOString().slice(0, 10);
}
