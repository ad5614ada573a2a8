/**
 * Schedules that workers make for their task queues, of queues that were given up: sweeps and clean-ups that nobody is
 * there to do. A worker makes its own at its start, so one that is removed too early comes back with the next worker, and
 * nobody missed it meanwhile.
 */
import { ScheduleNotFoundError } from '@temporalio/client';
import type { Client } from '../client.ts';
import type { SyncConfig } from '../domain/config.ts';
import { reach } from '../temporal-calls.ts';
import { forgottenQueues } from './temporal-view.ts';

/** As `memo.syncline` of what a worker makes says. */
const KINDS: readonly unknown[] = ['sweep', 'clean-up'];

export type IdleSchedule = {
  readonly scheduleId: string;
  readonly taskQueue: string;
  readonly paused: boolean;
};

/** Of queues that neither a pipeline of this configuration nor any worker uses. Sorted by id. */
export async function idleSchedules(client: Client, config: SyncConfig): Promise<IdleSchedule[]> {
  const used = new Set(Object.values(config.pipelines).map(({ taskQueue }) => taskQueue));
  used.add(config.temporal.taskQueue);
  const others = (await ofWorkers(client)).filter(({ taskQueue }) => !used.has(taskQueue));
  const queues = others.map(({ taskQueue }) => taskQueue);
  const forgotten = new Set(await forgottenQueues(client, queues));
  return others
    .filter(({ taskQueue }) => forgotten.has(taskQueue))
    .sort((a, b) => (a.scheduleId < b.scheduleId ? -1 : 1));
}

async function ofWorkers(client: Client): Promise<IdleSchedule[]> {
  return reach(async () => {
    const found: IdleSchedule[] = [];
    for await (const { scheduleId, memo } of client.schedule.list()) {
      if (!KINDS.includes(memo?.syncline)) continue;
      const described = await client.schedule.getHandle(scheduleId).describe().catch(unlessGone);
      if (described === null) continue;
      found.push({ scheduleId, taskQueue: described.action.taskQueue, paused: described.state.paused });
    }
    return found;
  });
}

/** @returns those that were removed: somebody else may have been faster. */
export async function removeSchedules(
  client: Client,
  found: readonly IdleSchedule[],
): Promise<IdleSchedule[]> {
  const removed: IdleSchedule[] = [];
  for (const schedule of found) {
    const handle = client.schedule.getHandle(schedule.scheduleId);
    const gone = await reach(() => handle.delete().then(() => 'removed' as const, unlessGone));
    if (gone !== null) removed.push(schedule);
  }
  return removed;
}

function unlessGone(error: unknown): null {
  if (error instanceof ScheduleNotFoundError) return null;
  throw error;
}
