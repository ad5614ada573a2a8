/**
 * The schedule of the sweep: one for each task queue, so that a sweep runs wherever some worker polls. Sweeps of several
 * queues do no harm to each other: whatever they do is done once.
 */
import { type Client, ScheduleAlreadyRunning, ScheduleOverlapPolicy } from '@temporalio/client';
import { workflowId } from './domain/workflow-id.ts';
import type { Logger } from './logging.ts';
import type { sweep } from './workflows/sweep.ts';

const EVERY = '1 minute';
/** A sweep that no worker takes up makes place for the next one. */
const GIVE_UP_AFTER = '10 minutes';

export function sweepScheduleId(taskQueue: string): string {
  return workflowId('syncline', 'sweep', taskQueue);
}

/** Every worker sees to it at its start. One that may not make schedules works all the same. */
export async function ensureSweeps(
  client: Client,
  { taskQueues, logger }: { taskQueues: readonly string[]; logger: Logger },
): Promise<void> {
  try {
    await Promise.all(taskQueues.map((taskQueue) => ensureSweep(client, taskQueue)));
  } catch (error) {
    logger.warn(
      { err: error },
      'the schedule of the sweep could not be made: work that was lost is not taken up again',
    );
  }
}

/** One that is there stays as it is: paused, or with another interval, by whoever runs this. */
async function ensureSweep(client: Client, taskQueue: string): Promise<void> {
  const id = sweepScheduleId(taskQueue);
  try {
    await client.schedule.create<typeof sweep>({
      scheduleId: id,
      spec: { intervals: [{ every: EVERY }] },
      action: {
        type: 'startWorkflow',
        workflowType: 'sweep',
        workflowId: id,
        taskQueue,
        args: [],
        workflowExecutionTimeout: GIVE_UP_AFTER,
        staticSummary: 'what nobody works on any more',
      },
      policies: { overlap: ScheduleOverlapPolicy.SKIP, catchupWindow: EVERY },
      memo: { syncline: 'sweep' },
      state: { note: 'Takes up runs, uploads and conflicts that have lost their workflow' },
    });
  } catch (error) {
    if (!(error instanceof ScheduleAlreadyRunning)) throw error;
  }
}
