/** What a change to a row meets, and what is decided about it: the types that detection, policies and rules share. */
import type { Json } from '../merge/json.ts';
import type { Hlc } from './hlc.ts';
import type { RuleEffects } from './rules.ts';
import type { Policy } from './upload-spec.ts';
import type { FieldStamps, RowVersion } from './versions.ts';

/** By mirror column: the text that PostgreSQL prints for the value; null is NULL. */
export type FieldTexts = Readonly<Record<string, string | null>>;

/** One row's change as a device wrote it, its values brought to PostgreSQL's texts. */
export type Change = {
  readonly operation: 'insert' | 'update' | 'delete';
  /** What the device wants, in the fields it sent. Empty for a delete. */
  readonly values: FieldTexts;
  /** Operations of fields that the device described instead of giving a value, by field. */
  readonly operations: Readonly<Record<string, readonly Json[]>>;
  /** The fields as the device saw them; null when it did not say. */
  readonly baseImage: FieldTexts | null;
  /**
   * The version it saw; null when it did not say. Without an image only fields that the device changed, and the
   * rest of their groups, belong into `values`: a value sent as it was cannot be told from one that was set back. Both null: the row is new to it, or,
   * of an update or a delete, nobody knows what it saw.
   */
  readonly baseVersion: RowVersion | null;
  /** Clock of the whole change, and of single fields. Without one the time of receipt counts (C11). */
  readonly hlc: Hlc;
  readonly fieldHlcs: Readonly<Record<string, Hlc>>;
  /** The policy that the device asked for. */
  readonly policy: Policy | null;
};

/** The row as it is, read under its lock. */
export type CurrentRow = {
  readonly values: FieldTexts;
  readonly version: RowVersion;
  readonly stamps: FieldStamps;
  /** Clock of the last change that is not the source's. */
  readonly hlc: Hlc | null;
};

/** 'tombstone': deleted, and devices may still have it. 'unknown': neither row nor tombstone (C14). */
export type RowNow =
  | { readonly state: 'row'; readonly row: CurrentRow }
  | {
      readonly state: 'tombstone';
      readonly version: RowVersion;
      readonly hlc: Hlc | null;
      /** The row as it was, where it was read: who saw it may know that it was deleted (C13). */
      readonly values?: FieldTexts;
    }
  | { readonly state: 'unknown' };

export type ClashKind = 'fields' | 'updateDelete' | 'deleteUpdate' | 'createCreate';

/** Both sides changed it since the base, differently. */
export type Clash = { readonly kind: ClashKind; readonly fields: readonly string[] };

/** Who won a field or a group of fields, and by what. */
export type FieldOutcome = {
  readonly fields: readonly string[];
  readonly took: 'client' | 'server' | 'merged';
  /** `noClash`, a policy, `rule:<name>`, or `approval` where a human decided. */
  readonly by: string;
};

export type Effects = readonly (RuleEffects & { readonly rule: string })[];

/** For the verdict of the device; `policyIgnored`: it named one that it may not choose. */
export type DecisionNotes = { readonly policyIgnored: Policy | null };

/** Types of the mirror's columns, as format_type() prints them, by name. */
export type ColumnTypes = Readonly<Record<string, string>>;

/** 'revive': an insert over a tombstone. */
export type WriteOperation = 'insert' | 'update' | 'delete' | 'revive';

/**
 * Clocks to keep as the fields' stamps, under `*` (ALL_OTHER_FIELDS) the one of the whole row: what is written, and
 * fields that a device set to the value that they have, by a later clock. The row's clock is the latest of them.
 */
export type Clocks = Readonly<Record<string, Hlc>>;

/**
 * RULE_REJECTED: a rule said no. RULE_FAILED: it threw, or gave what it may not. CHANGE_INVALID: the change names
 * columns that there are not, or operations that cannot be applied.
 */
export type RejectCode = 'RULE_REJECTED' | 'RULE_FAILED' | 'CHANGE_INVALID';

export type Decision = { readonly notes: DecisionNotes } & (
  | {
      /** To be written: all of it, in one transaction. `merged`: not exactly what the device asked for. */
      readonly kind: 'write';
      readonly operation: WriteOperation;
      /** Fields that differ from the row as it is. */
      readonly values: FieldTexts;
      readonly clocks: Clocks;
      readonly merged: boolean;
      readonly outcomes: readonly FieldOutcome[];
      readonly effects: Effects;
    }
  /** The row is already as the device wants it. */
  | { readonly kind: 'same'; readonly clocks: Clocks }
  /** The row is held by this conflict: the change waits until that is decided, and is decided then. */
  | { readonly kind: 'wait'; readonly heldBy: string }
  /** Nothing is written: the row stays as it is. `clash` is null where a rule said so without one. */
  | {
      readonly kind: 'serverWins';
      readonly clash: Clash | null;
      readonly clocks: Clocks;
      readonly outcomes: readonly FieldOutcome[];
      readonly effects: Effects;
    }
  /**
   * A human decides. `operation` and `proposal`: what would be written if the client's side were taken. `draft`: of
   * failed merges. `clash` is null where a rule asks for the approval of a change that clashes with nothing.
   */
  | {
      readonly kind: 'approve';
      readonly operation: WriteOperation;
      readonly clash: Clash | null;
      readonly reason: string;
      /** Why a human: policies of fields that clash (`manual`, `rules` where none spoke), `rule:<name>` that asked for it. */
      readonly by: readonly string[];
      readonly role: string | null;
      readonly proposal: FieldTexts;
      readonly draft: FieldTexts | null;
      readonly effects: Effects;
    }
  | {
      readonly kind: 'reject';
      readonly code: RejectCode;
      /** For the device. */
      readonly message: string;
      readonly rule: string | null;
      /** For the operator's log alone: the text of an exception may hold what the device may not see. */
      readonly cause: string | null;
      readonly effects: Effects;
    }
);
