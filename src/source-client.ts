/** The typed call of Temporal that has a source tested. */
import { TimeoutFailure, WorkflowFailedError } from '@temporalio/client';
import type { SourceTest } from './activities/contract.ts';
import type { Client } from './client.ts';
import { SyncError } from './domain/errors.ts';
import { workflowId } from './domain/workflow-id.ts';
import { reach } from './temporal-calls.ts';
import { failureNote } from './workflows/failure-note.ts';
import type { testSource } from './workflows/test-source.ts';

export type { SourceTest };

/** Somebody waits for it: before uploads, increments and full runs. */
const PRIORITY = 1;

/**
 * Who asks while another test of the source is under way gets its answer.
 * @throws SyncError SOURCE_UNAVAILABLE when the test takes longer, TEMPORAL_UNAVAILABLE, and what the worker met
 */
export async function runSourceTest(
  client: Client,
  { source, taskQueue, waitMs }: { source: string; taskQueue: string; waitMs: number },
): Promise<SourceTest> {
  return reach(async () => {
    try {
      return await client.workflow.execute<typeof testSource>('testSource', {
        // Configurations that share a namespace have queues of their own.
        workflowId: workflowId('syncline', 'test-source', taskQueue, source),
        taskQueue,
        args: [{ source }],
        workflowExecutionTimeout: waitMs,
        workflowIdConflictPolicy: 'USE_EXISTING',
        priority: { priorityKey: PRIORITY },
        staticSummary: `whether ${source} answers`,
      });
    } catch (error) {
      throw failed(error, source);
    }
  });
}

function failed(error: unknown, source: string): unknown {
  if (!(error instanceof WorkflowFailedError)) return error;
  if (error.cause instanceof TimeoutFailure) {
    return new SyncError('SOURCE_UNAVAILABLE', {
      message: `The test of ${source} did not end in time`,
      remedy: 'See with `syncline status` whether a worker polls, and what the source is doing.',
      cause: error,
    });
  }
  const { code, message, remedy } = failureNote(error.cause);
  return new SyncError(code, { message, ...(remedy !== undefined && { remedy }), cause: error });
}
