/** Uploads and conflicts as workflows, activities and clients speak of them. Only JSON, and no values of rows. */

import type { ApprovalState, ConflictFacts } from '../approval/approval.ts';
import type { ApprovalSpec } from './upload-spec.ts';

export type UploadRef = { readonly device: string; readonly key: string };

/** The part of an upload that goes to one pipeline's source. */
export type UploadPart = { readonly pipeline: string; readonly taskQueue: string };

export type UploadSummary = {
  readonly device: string;
  readonly key: string;
  /** Mutations by verdict. */
  readonly verdicts: Readonly<Record<string, number>>;
};

export type OpenedConflict = {
  readonly id: string;
  readonly workflowId: string;
  readonly title: string;
  /** Of its entity's pipeline: a decision is written by machines that reach the source. */
  readonly taskQueue: string;
};

/** What a conflict's workflow starts from. */
export type ConflictStart = {
  readonly conflict: ConflictFacts;
  readonly spec: ApprovalSpec;
  readonly role: string | null;
  readonly openedAtMs: number;
  /** Where it stood, when its workflow was lost; null before the first step. */
  readonly approval: { readonly state: ApprovalState; readonly step: number } | null;
  readonly closed: boolean;
};
