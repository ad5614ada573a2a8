/** What an entity's configuration says of changes that devices, approvers and mirrors send: `upload` of an entity. */
import type { AfterApplySpec } from './after-apply.ts';
import type { BusinessRule } from './rules.ts';

/** How a clash of one field, or of a group of fields, is decided. */
export type Policy = 'lastWriteWins' | 'clientWins' | 'serverWins' | 'merge' | 'rules' | 'manual';

/** How the values of a field merge; without one a field is decided as a whole. */
export type MergeSpec =
  | { readonly kind: 'text' }
  /** `key`: the property by which elements that are objects are the same. Scalars are the same when they are equal. */
  | { readonly kind: 'array'; readonly key?: string }
  | { readonly kind: 'object' }
  /** Numbers to which both sides add. */
  | { readonly kind: 'counter' };

/** Fields that are decided as one: amount and currency. A field is in one group at most. */
export type FieldGroup = { readonly fields: readonly string[]; readonly policy?: Policy };

/**
 * Who may decide a conflict: anybody ('anyone', a bare signal suffices), the user of the device, who made the change
 * ('author'), or people with a role. With a role, who asked never decides.
 */
export type Resolvers = 'anyone' | 'deviceUser' | 'author' | { readonly role: string };

export type ApprovalSpec = {
  readonly resolvers: Resolvers;
  /** First reminder, and the pause between two. */
  readonly remindAfterMs: number | null;
  readonly escalateAfterMs: number | null;
  /** Role that an escalation is addressed to; null: the same people, with more noise. */
  readonly escalateTo: string | null;
  readonly expireAfterMs: number | null;
  /** What an expired approval decides. */
  readonly onExpire: 'server' | 'client';
};

export type WriteBack =
  /** Changes go to the source's table, then into the mirror. */
  | {
      readonly to: 'source';
      readonly table: string;
      readonly originColumn?: string;
      readonly keySequence?: string;
      /** A procedure of the source that writes instead of INSERT, UPDATE and DELETE. */
      readonly call?: string;
    }
  /** PostgreSQL is the system of record of these columns (C18). */
  | { readonly to: 'mirror' };

export type UploadSpec = {
  readonly writeBack: WriteBack;
  /** Mirror columns that a device may write, beside local ones. */
  readonly writable: readonly string[];
  readonly operations: readonly ('insert' | 'update' | 'delete')[];
  /** For fields without a policy of their own. */
  readonly policy: Policy;
  readonly fieldPolicies: Readonly<Record<string, Policy>>;
  readonly groups: readonly FieldGroup[];
  readonly merge: Readonly<Record<string, MergeSpec>>;
  /** Entity that a field refers to, by mirror column. */
  readonly references: Readonly<Record<string, string>>;
  /** Decides a clash whose merge fails. Default: manual, with the merge's draft. */
  readonly onFailedMerge?: Exclude<Policy, 'merge'>;
  /** Policies that a device may name in its request. */
  readonly clientMayChoose: readonly Policy[];
  readonly rules: readonly BusinessRule[];
  readonly approval: ApprovalSpec;
  /** People's SQL on source-owned columns of the mirror is staged as mutations; else it is refused. */
  readonly captureMirrorEdits?: boolean;
  /** SQL on the store that follows changes that were written. */
  readonly afterApply?: readonly AfterApplySpec[];
  /** IANA zone of the source's times without zone, for the clocks of its changes (C19). */
  readonly timeZone: string;
};
