/** The typed call of Temporal that reads one record from its source. */
import { TimeoutFailure, WorkflowFailedError } from '@temporalio/client';
import type { Client } from './client.ts';
import { SyncError } from './domain/errors.ts';
import { workflowId } from './domain/workflow-id.ts';
import { reach } from './temporal-calls.ts';
import { failureNote } from './workflows/failure-note.ts';
import type { refreshRecord } from './workflows/refresh-record.ts';

/** Somebody waits for it: before uploads, increments and full runs. */
const PRIORITY = 1;

/**
 * @param read the id under which the store has entity and key.
 * @param who whose turns are shared with others of the same priority.
 * @returns whether the source has the record, which the mirror now has as well.
 * @throws SyncError SOURCE_UNAVAILABLE when no worker answers in time, TEMPORAL_UNAVAILABLE, and what the worker met
 */
export async function readFromSource(
  client: Client,
  { read, taskQueue, who, waitMs }: { read: string; taskQueue: string; who: string; waitMs: number },
): Promise<{ found: boolean }> {
  return reach(async () => {
    try {
      return await client.workflow.execute<typeof refreshRecord>('refreshRecord', {
        workflowId: workflowId('record', read),
        taskQueue,
        args: [{ read }],
        workflowExecutionTimeout: waitMs,
        priority: { priorityKey: PRIORITY, fairnessKey: who.slice(0, 64) },
        staticSummary: 'one record from its source',
      });
    } catch (error) {
      throw failed(error);
    }
  });
}

function failed(error: unknown): unknown {
  if (!(error instanceof WorkflowFailedError)) return error;
  if (error.cause instanceof TimeoutFailure) {
    return new SyncError('SOURCE_UNAVAILABLE', {
      message: 'Nobody read the record from the source in time',
      remedy: 'Ask again, or read it from the mirror; whether workers are running, `syncline status` says.',
      cause: error,
    });
  }
  const { code, message, remedy } = failureNote(error.cause);
  return new SyncError(code, { message, ...(remedy !== undefined && { remedy }), cause: error });
}
