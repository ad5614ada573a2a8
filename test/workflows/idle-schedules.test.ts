/** What workers leave in Temporal when their task queue is given up. */
import { randomBytes } from 'node:crypto';
import { expect, onTestFinished, test } from 'vitest';
import type { Client } from '../../src/client.ts';
import { createLogger } from '../../src/logging.ts';
import { type IdleSchedule, idleSchedules, removeSchedules } from '../../src/service/idle-schedules.ts';
import { ensureSweeps, sweepScheduleId } from '../../src/sweep-schedule.ts';
import { eventually } from '../e2e/world.ts';
import { fakeRun } from './fake-run.ts';
import { startWorld } from './world.ts';

const logger = createLogger({ level: 'silent' });
const named = (name: string): string => `${name}-${randomBytes(5).toString('hex')}`;

/** The server is shared: what other tests left is none of ours. */
async function idleOf(client: Client, config: Parameters<typeof idleSchedules>[1], queues: string[]) {
  const found = await idleSchedules(client, config);
  return found.filter(({ taskQueue }) => queues.includes(taskQueue));
}

test('a sweep is idle when no worker polls its queue and no pipeline here uses it; removed, it stays away', async () => {
  const world = await startWorld(fakeRun([]).activities);
  const { client, config } = world;
  const [polled, own, given] = [config.temporal.taskQueue, named('own'), named('given-up')] as const;
  const queues = [polled, own, given];
  onTestFinished(async () => {
    const handles = queues.map((queue) => client.schedule.getHandle(sweepScheduleId(queue)));
    await Promise.all(handles.map((handle) => handle.delete().catch(() => undefined)));
    await world.close();
  });
  await ensureSweeps(client, { taskQueues: queues, logger });
  await client.schedule.getHandle(sweepScheduleId(given)).pause('given up');
  const elsewhere = { ...config, temporal: { ...config.temporal, taskQueue: own }, pipelines: {} };

  const idle = await eventually<IdleSchedule[]>(async () => {
    const found = await idleOf(client, elsewhere, queues);
    return found.length > 0 && found;
  }, 'the list knows the schedule');
  expect(idle).toEqual([{ scheduleId: sweepScheduleId(given), taskQueue: given, paused: true }]);

  expect(await removeSchedules(client, idle)).toEqual(idle);
  expect(await removeSchedules(client, idle)).toEqual([]);
  const left = await Promise.all(
    queues.map((queue) =>
      client.schedule
        .getHandle(sweepScheduleId(queue))
        .describe()
        .then(
          () => queue,
          () => null,
        ),
    ),
  );
  expect(left).toEqual([polled, own, null]);
});
