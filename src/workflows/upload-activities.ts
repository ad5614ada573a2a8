/** How the activities of uploads and conflicts are tried. See retry.ts for those of runs. */
import { proxyActivities, proxyLocalActivities } from '@temporalio/workflow';
import type { UploadActivities } from '../activities/upload-contract.ts';
import { changed } from './changes.ts';
import { HEARTBEAT_TIMEOUT, retry } from './retry.ts';

/** A few statements in the store. One that a killed worker had begun is done by another after so long. */
const inStore = { startToCloseTimeout: '15 seconds', retry } as const;

type Recording = Pick<typeof local.recordConflict | typeof recordConflict, 'executeWithOptions'>;

export const { recordConflict, closeConflict } =
  proxyActivities<Pick<UploadActivities, 'recordConflict' | 'closeConflict'>>(inStore);

type Step =
  | 'planUpload'
  | 'openedConflicts'
  | 'noteConflictsStarted'
  | 'finishUpload'
  | 'readConflict'
  | 'takeSignedMessage';
type Steps = Pick<UploadActivities, Step>;
const local = proxyLocalActivities<Steps & Pick<UploadActivities, 'recordConflict'>>(inStore);
const remote = proxyActivities<Steps>(inStore);

/**
 * The worker that has the workflow's task does these at once: a task of their own for each made an upload of 50 changes
 * take 490 ms instead of 230. Executions that began before that go on as they began.
 */
const steps = (): Steps => (changed('local-steps') ? local : remote);

export const planUpload: Steps['planUpload'] = (input) => steps().planUpload(input);
export const openedConflicts: Steps['openedConflicts'] = (input) => steps().openedConflicts(input);
export const noteConflictsStarted: Steps['noteConflictsStarted'] = (input) =>
  steps().noteConflictsStarted(input);
export const finishUpload: Steps['finishUpload'] = (input) => steps().finishUpload(input);
export const readConflict: Steps['readConflict'] = (input) => steps().readConflict(input);
export const takeSignedMessage: Steps['takeSignedMessage'] = (input) => steps().takeSignedMessage(input);

/**
 * That a conflict is open: an upload may open thousands of them, and each is one task so, not three. What people say
 * later has a task of its own, which Temporal's page shows with its summary.
 */
export const recordOpening = (): Recording =>
  changed('local-opening') ? local.recordConflict : recordConflict;

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
