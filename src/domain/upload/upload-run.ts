/** Uploads and conflicts as workflows, activities and clients speak of them. Only JSON, and no values of rows. */

import type { ConflictFacts } from '../approval/approval.ts';
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

export type OpenedConflict = { readonly id: string; readonly workflowId: string; readonly title: string };

/** What a conflict's workflow starts from. */
export type ConflictStart = {
  readonly conflict: ConflictFacts;
  readonly spec: ApprovalSpec;
  readonly role: string | null;
  readonly openedAtMs: number;
  /** Of a conflict whose workflow was lost. */
  readonly round: number;
  readonly closed: boolean;
};
