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
  /** The version it saw; null when it did not say. Both null: it believes that the row is new. */
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
  | { readonly state: 'tombstone'; readonly version: RowVersion; readonly hlc: Hlc | null }
  | { readonly state: 'unknown' };

export type ClashKind = 'fields' | 'updateDelete' | 'deleteUpdate' | 'createCreate';

/** Both sides changed it since the base, differently. */
export type Clash = { readonly kind: ClashKind; readonly fields: readonly string[] };

/** Who won a field or a group of fields, and by what. */
export type FieldOutcome = {
  readonly fields: readonly string[];
  readonly took: 'client' | 'server' | 'merged';
  /** `noClash`, a policy, or `rule:<name>`. */
  readonly by: string;
};

export type Effects = readonly (RuleEffects & { readonly rule: string })[];

/** For the verdict of the device; `policyIgnored`: it named one that it may not choose. */
export type DecisionNotes = { readonly policyIgnored: Policy | null };

export type Decision = { readonly notes: DecisionNotes } & (
  | {
      /** To be written: all of it, in one transaction. `merged`: not exactly what the device asked for. */
      readonly kind: 'write';
      readonly operation: 'insert' | 'update' | 'delete' | 'revive';
      /** Fields that differ from the row as it is. */
      readonly values: FieldTexts;
      readonly merged: boolean;
      readonly outcomes: readonly FieldOutcome[];
      readonly effects: Effects;
    }
  /** The row is already as the device wants it. */
  | { readonly kind: 'same' }
  /** Nothing of the device's change is taken. */
  | {
      readonly kind: 'serverWins';
      readonly clash: Clash;
      readonly outcomes: readonly FieldOutcome[];
      readonly effects: Effects;
    }
  /** A human decides. `proposal`: what would be written if the client's side were taken. `draft`: of a failed merge. */
  | {
      readonly kind: 'approve';
      readonly clash: Clash | null;
      readonly reason: string;
      readonly role: string | null;
      readonly proposal: FieldTexts;
      readonly draft: FieldTexts | null;
      readonly effects: Effects;
    }
  | {
      readonly kind: 'reject';
      readonly code: string;
      readonly message: string;
      readonly rule: string | null;
      readonly effects: Effects;
    }
);
