/** A message to a conflict, signed in the store, carried by Temporal. */
import type { Client } from '../client.ts';
import type { Who } from '../domain/approval/approval.ts';
import type { ApprovalMessage } from '../domain/approval/messages.ts';
import { isSyncError, SyncError } from '../domain/errors.ts';
import { listEvents, readConflict } from '../store/conflicts.ts';
import { signMessage } from '../store/signed-messages.ts';
import { reach } from '../temporal-calls.ts';
import { type ConflictAnswer, sendSigned } from '../upload-client.ts';
import type { ServiceContext } from './context.ts';
import { idleQueues, idleText } from './temporal-view.ts';

/** A decision is answered when it is written, and a source may be slow. */
const ANSWER_MS = 60_000;

type Said = {
  readonly id: string;
  readonly message: ApprovalMessage;
  readonly who: Who;
  /** @param round - the conflict's current one. */
  readonly input: (round: number) => unknown;
};

/** `why`: what kept a decision from being written, so that the conflict is open again; null: nothing did. */
export type SaidAnswer = ConflictAnswer & { readonly why: string | null };

/** @throws SyncError CONFLICT_NOT_FOUND, DECISION_REFUSED, TEMPORAL_UNAVAILABLE when nobody answers. */
export async function sayToConflict(
  context: Pick<ServiceContext, 'store' | 'client'>,
  said: Said,
): Promise<SaidAnswer> {
  const { id, message, who } = said;
  const { client, store } = context;
  const { pool } = store;
  const row = await readConflict(pool, id);
  if (row.state === 'closed') {
    throw new SyncError('DECISION_REFUSED', { message: `Conflict ${id} is closed` });
  }
  await refuseIdle(client, row.workflowId).catch((error: unknown) => noWorkflow(error, id));
  const signed = await signMessage(pool, { conflictId: id, message, input: said.input(row.round), who });
  const answer = await client
    .withDeadline(Date.now() + ANSWER_MS, () => sendSigned(client, id, { message, signed }))
    .catch((error: unknown) => noWorkflow(error, id))
    .catch((error: unknown) => noAnswer(error, id));
  const isWritten = message !== 'decide' || answer.status === 'applied';
  return { ...answer, why: isWritten ? null : await whyReopened(store, id, answer) };
}

async function whyReopened(
  { pool }: ServiceContext['store'],
  id: string,
  { round }: ConflictAnswer,
): Promise<string | null> {
  const events = await listEvents(pool, id);
  const reopened = events.findLast((one) => one.event === 'reopened' && one.round === round);
  return reopened?.detail.text ?? null;
}

async function refuseIdle(client: Client, workflowId: string): Promise<void> {
  const { taskQueue, status } = await reach(() => client.workflow.getHandle(workflowId).describe());
  if (status.name !== 'RUNNING') throw new SyncError('RUN_NOT_FOUND', { message: `It is ${status.name}` });
  if ((await idleQueues(client, [taskQueue])).length === 0) return;
  throw new SyncError('TEMPORAL_UNAVAILABLE', {
    message: `Nobody is there to hear it. ${idleText([taskQueue])}`,
    remedy: 'Start `syncline worker`, then say it again.',
  });
}

/** It was terminated, or its history is gone: the sweep starts another. */
function noWorkflow(error: unknown, id: string): never {
  if (!isSyncError(error, 'RUN_NOT_FOUND')) throw error;
  throw new SyncError('RUN_NOT_FOUND', {
    message: `Conflict ${id} waits, but its workflow is not running: nobody is there to hear it`,
    remedy: 'Workers start it again within a few minutes, while one is running: say it again then.',
    cause: error,
  });
}

function noAnswer(error: unknown, id: string): never {
  if (!isSyncError(error, 'TEMPORAL_UNAVAILABLE')) throw error;
  throw new SyncError('TEMPORAL_UNAVAILABLE', {
    message: `There was no answer within ${ANSWER_MS / 1_000} s; a decision may still be on its way to the source`,
    remedy: `\`syncline conflicts show ${id}\` tells what was heard; if nothing was, say it again.`,
    cause: error,
  });
}
