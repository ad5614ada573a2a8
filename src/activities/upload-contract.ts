/** What the workflows of uploads and conflicts may call: types only, as in contract.ts. Values of rows never travel here. */
import type { ApprovalEffect, Decided } from '../domain/approval/approval.ts';
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
  /** Records what happened to a conflict, and tells those whom it concerns. */
  tellConflict(input: {
    conflictId: string;
    title: string;
    assignedTo: string | null;
    effects: readonly ApprovalEffect[];
  }): Promise<void>;
  /** Writes what was decided, if the row still is what was decided about (C17). */
  applyDecision(input: { conflictId: string; decided: Decided }): Promise<DecisionResult>;
  /** Ends the hold; what waited behind it is staged again. */
  closeConflict(input: { conflictId: string; outcome: 'applied' | 'withdrawn'; by: string | null }): Promise<{
    released: number;
  }>;
  /** Decides what a closed conflict let go. */
  applyReleased(input: { conflictId: string; timeBoxMs: number }): Promise<ApplyResult>;
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
