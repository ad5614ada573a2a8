/** What people say to a conflict. Signals take anything, since a malformed one must not fail the workflow's task. */
import { defineQuery, defineSignal, defineUpdate } from '@temporalio/workflow';
import type { ApprovalState } from '../domain/approval/approval.ts';
import type { ConflictView } from '../domain/approval/conflict-view.ts';
import type { ApprovalMessage } from '../domain/approval/messages.ts';

/** Answers with the state as it is once the message was carried out. */
export type ConflictAnswer = {
  readonly status: ApprovalState['status'];
  readonly round: number;
};

export const conflictSignals = {
  decide: defineSignal<[unknown]>('decide'),
  assign: defineSignal<[unknown]>('assign'),
  comment: defineSignal<[unknown]>('comment'),
  withdraw: defineSignal<[unknown]>('withdraw'),
} as const satisfies Record<ApprovalMessage, unknown>;

export const conflictUpdates = {
  decide: defineUpdate<ConflictAnswer, [unknown]>('decide'),
  assign: defineUpdate<ConflictAnswer, [unknown]>('assign'),
  comment: defineUpdate<ConflictAnswer, [unknown]>('comment'),
  withdraw: defineUpdate<ConflictAnswer, [unknown]>('withdraw'),
} as const satisfies Record<ApprovalMessage, unknown>;

/** Both sides are added by the worker that answers: the workflow, whose history must hold no values, has none. */
export const conflictQuery = defineQuery<ConflictView>('conflict');
