/** Starts workflows of uploads and conflicts, as a device's request or the sweep does. */
import type { Client } from '@temporalio/client';
import { WorkflowExecutionAlreadyStartedError } from '@temporalio/client';
import type { UploadWorkflows } from './activities/deps.ts';
import type { processUpload } from './workflows/process-upload.ts';
import type { resolveConflict } from './workflows/resolve-conflict.ts';

/** Devices and people wait for it: before increments and full runs. */
const PRIORITY = 2;

const OPEN = `WorkflowType IN ('processUpload', 'resolveConflict') AND ExecutionStatus = 'Running'`;

export function uploadWorkflows(client: Client): UploadWorkflows {
  return {
    open: async () => {
      const ids: string[] = [];
      for await (const { workflowId } of client.workflow.list({ query: OPEN, pageSize: 1_000 })) {
        ids.push(workflowId);
      }
      return ids;
    },
    startUpload: ({ device, key, workflowId, taskQueue }) =>
      unlessRunning(() =>
        client.workflow.start<typeof processUpload>('processUpload', {
          ...{ workflowId, taskQueue, args: [{ device, key }] },
          priority: { priorityKey: PRIORITY, fairnessKey: device.slice(0, 64) },
          staticSummary: `upload of ${device}`,
        }),
      ),
    startConflict: ({ id, workflowId, taskQueue }) =>
      unlessRunning(() =>
        client.workflow.start<typeof resolveConflict>('resolveConflict', {
          ...{ workflowId, taskQueue, args: [{ conflictId: id }] },
          priority: { priorityKey: PRIORITY },
          staticSummary: `conflict ${id}, taken up again`,
        }),
      ),
  };
}

async function unlessRunning(start: () => Promise<unknown>): Promise<'started' | 'running'> {
  try {
    await start();
    return 'started';
  } catch (error) {
    if (error instanceof WorkflowExecutionAlreadyStartedError) return 'running';
    throw error;
  }
}
