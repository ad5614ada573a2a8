/** Typed calls of Temporal for uploads and conflicts. Runs are in client.ts. */
import { WorkflowExecutionAlreadyStartedError, WorkflowFailedError } from '@temporalio/client';
import type { Client } from './client.ts';
import type { HumanDecision } from './domain/approval/approval.ts';
import type { ApprovalMessage } from './domain/approval/messages.ts';
import { SyncError } from './domain/errors.ts';
import { queueOfEntities } from './domain/upload/upload-queue.ts';
import type { UploadRef, UploadSummary } from './domain/upload/upload-run.ts';
import { conflictWorkflowId, uploadWorkflowId } from './domain/upload/workflow-ids.ts';
import { reach } from './temporal-calls.ts';
import { type ConflictAnswer, conflictUpdates } from './workflows/conflict-messages.ts';
import { failureNote } from './workflows/failure-note.ts';
import type { processUpload } from './workflows/process-upload.ts';

export type { ConflictAnswer };

/** Devices wait for it: before increments and full runs. */
const PRIORITY = 2;

/** Task queue of an upload's workflow. */
export const queueOf = queueOfEntities;

/**
 * Has a staged upload worked on, once, however often it is asked for.
 * @returns the verdicts by number, when every mutation has one.
 * @throws SyncError TEMPORAL_UNAVAILABLE, and what the upload's workflow failed with.
 */
export async function runUpload(
  client: Client,
  upload: UploadRef & { readonly taskQueue: string },
): Promise<UploadSummary> {
  const { device, key, taskQueue } = upload;
  const workflowId = uploadWorkflowId(device, key);
  return reach(async () => {
    try {
      await client.workflow.start<typeof processUpload>('processUpload', {
        workflowId,
        taskQueue,
        args: [{ device, key }],
        workflowIdReusePolicy: 'ALLOW_DUPLICATE_FAILED_ONLY',
        workflowIdConflictPolicy: 'USE_EXISTING',
        priority: { priorityKey: PRIORITY, fairnessKey: device.slice(0, 64) },
        staticSummary: `upload of ${device}`,
      });
    } catch (error) {
      // It was worked on before: its result is asked for below.
      if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
    }
    return client.workflow.getHandle<typeof processUpload>(workflowId).result().catch(failed);
  });
}

function failed(error: unknown): never {
  if (!(error instanceof WorkflowFailedError)) throw error;
  const { code, message, remedy } = failureNote(error.cause);
  throw new SyncError(code, { message, ...(remedy !== undefined && { remedy }), cause: error });
}

/** @returns where the conflict stands afterwards. @throws SyncError DECISION_REFUSED, RUN_NOT_FOUND when it is closed. */
export async function decideConflict(
  client: Client,
  conflictId: string,
  decision: HumanDecision,
): Promise<ConflictAnswer> {
  const handle = client.workflow.getHandle(conflictWorkflowId(conflictId));
  return reach(() => handle.executeUpdate(conflictUpdates.decide, { args: [decision] }));
}

/**
 * Says something that was signed in the store: whoever said it there is believed to have the name and roles that stand
 * with it. Said again, it is the same message.
 * @returns where the conflict stands once it was carried out. @throws as `decideConflict`
 */
export async function sendSigned(
  client: Client,
  conflictId: string,
  { message, signed }: { readonly message: ApprovalMessage; readonly signed: string },
): Promise<ConflictAnswer> {
  const handle = client.workflow.getHandle(conflictWorkflowId(conflictId));
  return reach(() =>
    handle.executeUpdate(conflictUpdates[message], { args: [{ signed }], updateId: `signed/${signed}` }),
  );
}
