/** Binds every activity of the contract to its dependencies, and its errors to Temporal's failures. */
import { CancelledFailure, Context } from '@temporalio/activity';
import { applyDecision } from './apply-decision.ts';
import { applyDeletes } from './apply-deletes.ts';
import { applyUpload } from './apply-upload.ts';
import { cleanUp } from './clean-up.ts';
import { closeRun } from './close-run.ts';
import {
  applyReleased,
  closeConflict,
  finishUpload,
  noteConflictsStarted,
  openedConflicts,
  readConflict,
} from './conflicts.ts';
import type { Activities, CleanUpActivities, RecordActivities, SourceActivities } from './contract.ts';
import { copyChanges } from './copy-changes.ts';
import { copyChunks } from './copy-chunks.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import { toApplicationFailure } from './failures.ts';
import { finishEntity } from './finish-entity.ts';
import { openRun } from './open-run.ts';
import { planChunks } from './plan-chunks.ts';
import { planUpload } from './plan-upload.ts';
import { prepareEntity } from './prepare-entity.ts';
import { refreshRecord } from './refresh-record.ts';
import { steerRun } from './steer-run.ts';
import { sweepStale } from './sweep.ts';
import { sweepUploads, tellAgain } from './sweep-uploads.ts';
import { takeSignedMessage } from './take-signed-message.ts';
import { recordConflict, tellConflict } from './tell-conflict.ts';
import { testSource } from './test-source.ts';
import type { UploadActivities } from './upload-contract.ts';

export function createActivities(
  deps: ActivityDeps,
): Activities & CleanUpActivities & UploadActivities & RecordActivities & SourceActivities {
  return {
    openRun: bind(deps, openRun),
    prepareEntity: bind(deps, prepareEntity),
    planChunks: bind(deps, planChunks),
    copyChunks: bind(deps, copyChunks),
    applyDeletes: bind(deps, applyDeletes),
    copyChanges: bind(deps, copyChanges),
    finishEntity: bind(deps, finishEntity),
    closeRun: bind(deps, closeRun),
    steerRun: bind(deps, steerRun),
    testSource: bind(deps, testSource),
    refreshRecord: bind(deps, refreshRecord),
    planUpload: bind(deps, planUpload),
    applyUpload: bind(deps, applyUpload),
    openedConflicts: bind(deps, openedConflicts),
    noteConflictsStarted: bind(deps, noteConflictsStarted),
    finishUpload: bind(deps, finishUpload),
    readConflict: bind(deps, readConflict),
    takeSignedMessage: bind(deps, takeSignedMessage),
    recordConflict: bind(deps, recordConflict),
    tellConflict: bind(deps, tellConflict),
    applyDecision: bind(deps, applyDecision),
    closeConflict: bind(deps, closeConflict),
    applyReleased: bind(deps, applyReleased),
    sweepStale: bind(deps, sweepStale),
    sweepUploads: bind(deps, sweepUploads),
    tellAgain: bind(deps, tellAgain),
    cleanUp: bind(deps, cleanUp),
  };
}

function bind<Input, Result>(
  deps: ActivityDeps,
  run: (deps: ActivityDeps, input: Input, context: ActivityContext) => Promise<Result>,
): (input: Input) => Promise<Result> {
  return async (input) => {
    const activity = Context.current();
    const signal = activity.cancellationSignal;
    try {
      return await run(deps, input, { signal, heartbeat: (details) => activity.heartbeat(details) });
    } catch (error) {
      // A cancelled activity ends as cancelled, whatever its aborted query said last.
      if (signal.aborted)
        throw signal.reason instanceof CancelledFailure ? signal.reason : new CancelledFailure('CANCELLED');
      throw toApplicationFailure(error);
    }
  };
}
