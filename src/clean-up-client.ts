/** The typed call of Temporal that has tombstones removed by a worker, which owns the mirrors. */
import { TimeoutFailure, WorkflowFailedError } from '@temporalio/client';
import type { CleanUpCounts, CleanUpInput } from './activities/contract.ts';
import type { Client } from './client.ts';
import { SyncError } from './domain/errors.ts';
import { workflowId } from './domain/workflow-id.ts';
import { reach } from './temporal-calls.ts';
import type { cleanUp } from './workflows/clean-up.ts';
import { failureNote } from './workflows/failure-note.ts';

export type { CleanUpCounts };

/** @throws SyncError TEMPORAL_UNAVAILABLE, also when no worker has done it in `waitMs`; what the worker met */
export async function runCleanUp(
  client: Client,
  { input, taskQueue, waitMs }: { input: CleanUpInput; taskQueue: string; waitMs: number },
): Promise<readonly CleanUpCounts[]> {
  return reach(async () => {
    try {
      return await client.workflow.execute<typeof cleanUp>('cleanUp', {
        workflowId: workflowId(
          'syncline',
          'clean-up',
          taskQueue,
          `${input.mode} ${input.keptMs ?? 'as set'}`,
        ),
        taskQueue,
        args: [input],
        workflowExecutionTimeout: waitMs,
        workflowIdConflictPolicy: 'USE_EXISTING',
        staticSummary: input.mode === 'count' ? 'count old tombstones' : 'remove old tombstones',
      });
    } catch (error) {
      throw failed(error);
    }
  });
}

function failed(error: unknown): unknown {
  if (!(error instanceof WorkflowFailedError)) return error;
  if (error.cause instanceof TimeoutFailure) {
    return new SyncError('TEMPORAL_UNAVAILABLE', {
      message: 'The clean-up did not end in time; what it removed stays removed',
      remedy: 'See with `syncline status` whether a worker polls, then ask again: it goes on from there.',
      cause: error,
    });
  }
  const { code, message, remedy } = failureNote(error.cause);
  return new SyncError(code, { message, ...(remedy !== undefined && { remedy }), cause: error });
}
