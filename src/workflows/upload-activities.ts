/** How the activities of uploads and conflicts are tried. See retry.ts for those of runs. */
import { proxyActivities } from '@temporalio/workflow';
import type { UploadActivities } from '../activities/upload-contract.ts';
import { HEARTBEAT_TIMEOUT, retry } from './retry.ts';

/** A few statements in the store. */
export const {
  planUpload,
  openedConflicts,
  noteConflictsStarted,
  finishUpload,
  readConflict,
  takeSignedMessage,
  recordConflict,
  closeConflict,
} = proxyActivities<
  Pick<
    UploadActivities,
    | 'planUpload'
    | 'openedConflicts'
    | 'noteConflictsStarted'
    | 'finishUpload'
    | 'readConflict'
    | 'takeSignedMessage'
    | 'recordConflict'
    | 'closeConflict'
  >
>({ startToCloseTimeout: '1 minute', retry });

/** Rows are read and written at the source; those of one pipeline on the machines that reach it. */
export function applying(taskQueue: string): Pick<UploadActivities, 'applyUpload'> {
  return proxyActivities<Pick<UploadActivities, 'applyUpload'>>({
    taskQueue,
    startToCloseTimeout: '1 hour',
    heartbeatTimeout: HEARTBEAT_TIMEOUT,
    retry,
    summary: 'decide and write mutations',
  });
}

export const { applyDecision, applyReleased } = proxyActivities<
  Pick<UploadActivities, 'applyDecision' | 'applyReleased'>
>({ startToCloseTimeout: '1 hour', heartbeatTimeout: HEARTBEAT_TIMEOUT, retry });

/** One try, of which the workflow waits for the end only before its own; the sweep makes the others. */
export const { tellConflict } = proxyActivities<Pick<UploadActivities, 'tellConflict'>>({
  startToCloseTimeout: '2 minutes',
  scheduleToCloseTimeout: '3 minutes',
  heartbeatTimeout: HEARTBEAT_TIMEOUT,
  retry: { maximumAttempts: 1 },
  summary: 'tell people',
});
