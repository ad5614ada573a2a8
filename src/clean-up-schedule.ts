/** The schedule of the clean-up, as `gateway.tombstones` says: one for each task queue, as of the sweep. */
import {
  type Client,
  ScheduleAlreadyRunning,
  ScheduleNotFoundError,
  ScheduleOverlapPolicy,
} from '@temporalio/client';
import type { GatewaySettings } from './domain/access/gateway-settings.ts';
import { workflowId } from './domain/workflow-id.ts';
import type { Logger } from './logging.ts';
import type { cleanUp } from './workflows/clean-up.ts';

const GIVE_UP_AFTER = '6 hours';

export function cleanUpScheduleId(taskQueue: string): string {
  return workflowId('syncline', 'clean-up', taskQueue);
}

/** Every worker sees to it at its start. One that may not make schedules works all the same. */
export async function ensureCleanUps(
  client: Client,
  of: {
    readonly taskQueues: readonly string[];
    readonly gateway: GatewaySettings | null;
    readonly logger: Logger;
  },
): Promise<void> {
  const { taskQueues, gateway, logger } = of;
  try {
    await Promise.all(taskQueues.map((taskQueue) => ensureCleanUp(client, taskQueue, gateway?.tombstones)));
  } catch (error) {
    logger.warn(
      { err: error },
      'the schedule of the clean-up could not be made: tombstones stay until somebody runs `syncline cleanup`',
    );
  }
}

/** The configuration says when; somebody who paused it, or changed its memo, is left alone. */
async function ensureCleanUp(
  client: Client,
  taskQueue: string,
  tombstones: GatewaySettings['tombstones'] | undefined,
): Promise<void> {
  const scheduleId = cleanUpScheduleId(taskQueue);
  const handle = client.schedule.getHandle(scheduleId);
  const cron = tombstones?.cron ?? null;
  if (tombstones === undefined || cron === null) {
    await handle.delete().catch((error: unknown) => {
      if (!(error instanceof ScheduleNotFoundError)) throw error;
    });
    return;
  }
  const spec = { cronExpressions: [cron], timezone: tombstones.timeZone };
  try {
    await client.schedule.create<typeof cleanUp>({
      scheduleId,
      spec,
      action: {
        type: 'startWorkflow',
        workflowType: 'cleanUp',
        workflowId: scheduleId,
        taskQueue,
        args: [{ mode: 'remove' }],
        workflowExecutionTimeout: GIVE_UP_AFTER,
        staticSummary: 'tombstones that devices have heard of',
      },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: GIVE_UP_AFTER },
      memo: { syncline: 'clean-up' },
      state: { note: 'Removes tombstones that are older than gateway.tombstones.keep' },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
    await handle.update((before) => ({ ...before, spec }) as never);
  }
}
