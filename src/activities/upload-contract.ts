/** What the workflows of uploads and conflicts may call: types only, as in contract.ts. Values of rows never travel here. */
import type { ApprovalEffect, ApprovalState, Decided, Who } from '../domain/approval/approval.ts';
import type { ApprovalMessage } from '../domain/approval/messages.ts';
import type { Clash } from '../domain/upload/decision.ts';
import type {
  ConflictStart,
  OpenedConflict,
  UploadPart,
  UploadRef,
  UploadSummary,
} from '../domain/upload/upload-run.ts';

export type UploadActivities = {
  /** The pipelines whose sources an upload concerns; mutations of unknown entities are rejected here. */
  planUpload(input: UploadRef): Promise<{ parts: readonly UploadPart[] }>;
  /** Decides and writes staged mutations of one pipeline's entities, for at most `timeBoxMs`. */
  applyUpload(input: UploadRef & { pipeline: string; timeBoxMs: number }): Promise<ApplyResult>;
  /** Conflicts of the upload that have no workflow yet. */
  openedConflicts(input: UploadRef & { limit: number }): Promise<{ conflicts: readonly OpenedConflict[] }>;
  /** Their workflows were started. */
  noteConflictsStarted(input: { ids: readonly string[] }): Promise<void>;
  /** Closes the upload when every mutation has its verdict. */
  finishUpload(input: UploadRef): Promise<UploadSummary>;

  readConflict(input: { conflictId: string }): Promise<ConflictStart>;
  /**
   * What somebody whose name is known says to a conflict; `message` is null where there is none, or it was used before.
   * Values of a decision stay in the store: `valuesIn` names the message that has them, `problem` what is wrong with them.
   */
  takeSignedMessage(input: {
    conflictId: string;
    message: ApprovalMessage;
    id: string;
    usedBy: string;
  }): Promise<{ message: { input: unknown; who: Who; valuesIn?: string; problem?: string } | null }>;
  /** Records a step of a conflict, once: where it stands, what happened. `tell`: there are people to be told of it. */
  recordConflict(input: {
    conflictId: string;
    /** Counts the steps of the conflict, over all executions of its workflow. */
    step: number;
    state: ApprovalState;
    effects: readonly ApprovalEffect[];
  }): Promise<{ tell: boolean }>;
  /** Tells people what is to be told of a conflict by now. */
  tellConflict(input: { conflictId: string }): Promise<void>;
  /** Writes what was decided, if the row still is what was decided about (C17). */
  applyDecision(input: { conflictId: string; decided: Decided }): Promise<DecisionResult>;
  /** Ends the hold; what waited behind it is staged again. */
  closeConflict(input: { conflictId: string; outcome: 'applied' | 'withdrawn'; by: string | null }): Promise<{
    released: number;
  }>;
  /** Decides what a closed conflict let go. */
  applyReleased(input: { conflictId: string; timeBoxMs: number }): Promise<ApplyResult>;

  /** Closes runs whose workflow is gone. @returns how many. */
  sweepStale(input: object): Promise<{ runs: number }>;
  /** Starts uploads and conflicts that no workflow works on. */
  sweepUploads(input: object): Promise<SweptUploads>;
  /** Tells what could not be told before. */
  tellAgain(input: object): Promise<{ tried: number }>;
};

export type SweptUploads = {
  readonly uploads: number;
  readonly conflicts: number;
  /** Mutations behind conflicts that were closed. */
  readonly released: number;
};

export type ApplyResult = {
  /** false: call again. */
  readonly done: boolean;
  /** true: what is left waits for mutations of others, or for a lock; wait before the next call. */
  readonly waiting: boolean;
  readonly decided: number;
};

export type DecisionResult =
  | { readonly kind: 'applied' }
  | {
      readonly kind: 'reopen';
      readonly because: 'rowMoved' | 'refused';
      readonly clash: Clash | null;
      readonly proposed: readonly string[];
      readonly message?: string;
    };
