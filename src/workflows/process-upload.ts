/** One upload: its mutations are decided and written, part by part; each conflict gets a workflow of its own. */

import { WorkflowExecutionAlreadyStartedError } from '@temporalio/common';
import {
  continueAsNew,
  log,
  ParentClosePolicy,
  setCurrentDetails,
  sleep,
  startChild,
  workflowInfo,
} from '@temporalio/workflow';
import type { UploadPart, UploadRef, UploadSummary } from '../domain/upload/upload-run.ts';
import { changed } from './changes.ts';
import { resolveConflict } from './resolve-conflict.ts';
import {
  applying,
  finishUpload,
  noteConflictsStarted,
  openedConflicts,
  planUpload,
} from './upload-activities.ts';

const TIME_BOX_MS = 60_000;
/** Others' mutations of the same rows were staged before ours: they are on their way. */
const WAIT_MS = 500;
const WAITS = 'earlier mutations of the same rows are not decided yet';
/** C10: thousands of children of one parent fail its workflow task. */
const CHILDREN_AN_EXECUTION = 500;
const CHILDREN_AT_ONCE = 50;

/** @returns when every mutation has a verdict; those that wait for a human have 'pending_approval'. */
export async function processUpload(input: UploadRef): Promise<UploadSummary> {
  const { parts } = await planUpload(input);
  if ((await applyParts(input, parts)) === 'history full') return continueAsNew<typeof processUpload>(input);
  if ((await startConflicts(input)) === 'history full') return continueAsNew<typeof processUpload>(input);
  const summary = await finishUpload(input);
  const counts = Object.entries(summary.verdicts).map(([status, count]) => `- ${status}: ${count}`);
  setCurrentDetails(`Upload \`${input.key}\` of device \`${input.device}\`\n\n${counts.join('\n')}`);
  log.info('upload decided', { device: input.device, upload: input.key, verdicts: summary.verdicts });
  return summary;
}

/** In turns: what one part waits for may be another's. */
async function applyParts(input: UploadRef, parts: readonly UploadPart[]): Promise<'done' | 'history full'> {
  for (let open = parts; open.length > 0; ) {
    const left: UploadPart[] = [];
    let isWaiting = true;
    for (const part of open) {
      const result = await applyPart(input, part, { isOnly: parts.length === 1 });
      if (result === 'history full') return result;
      if (result !== 'done') left.push(part);
      isWaiting &&= result !== 'going on';
    }
    open = left;
    if (open.length > 0 && isWaiting) await sleep(WAIT_MS, { summary: WAITS });
  }
  return 'done';
}

async function applyPart(
  input: UploadRef,
  { pipeline, taskQueue }: UploadPart,
  { isOnly }: { readonly isOnly: boolean },
): Promise<'done' | 'going on' | 'waiting' | 'history full'> {
  const { applyUpload } = applying(taskQueue);
  for (;;) {
    const { done, waiting } = await applyUpload({ ...input, pipeline, timeBoxMs: TIME_BOX_MS });
    if (done) return 'done';
    if (workflowInfo().continueAsNewSuggested) return 'history full';
    if (isOnly || changed('parts-in-turn')) return waiting ? 'waiting' : 'going on';
    if (waiting) await sleep(WAIT_MS, { summary: WAITS });
  }
}

/** They outlive the upload, so they are abandoned, not terminated with it. */
async function startConflicts(input: UploadRef): Promise<'done' | 'history full'> {
  for (let started = 0; started < CHILDREN_AN_EXECUTION; ) {
    const { conflicts } = await openedConflicts({ ...input, limit: CHILDREN_AT_ONCE });
    if (conflicts.length === 0) return 'done';
    await Promise.all(
      conflicts.map(async ({ id, workflowId, title, taskQueue }) => {
        try {
          await startChild(resolveConflict, {
            workflowId,
            taskQueue,
            args: [{ conflictId: id }],
            parentClosePolicy: ParentClosePolicy.ABANDON,
            staticSummary: title,
          });
        } catch (error) {
          // An earlier attempt, or the sweeper, was faster.
          if (!(error instanceof WorkflowExecutionAlreadyStartedError)) throw error;
        }
      }),
    );
    await noteConflictsStarted({ ids: conflicts.map(({ id }) => id) });
    started += conflicts.length;
  }
  return 'history full';
}
