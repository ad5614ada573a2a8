/** Business rules: plain functions of the configuration that judge a change before it is written. */
import type { Row, Value } from '../row.ts';

export type RuleQuery = {
  /** SQL on the store, with $1 … for `params`. Read-only. */
  readonly sql: string;
  readonly params?: (context: RuleContext) => readonly Value[];
};

/** Rows are as configuration functions see them: mirror columns, numbers as numbers only where they are small. */
export type RuleContext = {
  readonly entity: string;
  readonly key: string;
  readonly operation: 'insert' | 'update' | 'delete';
  /** The row as it is now; null when there is none. */
  readonly current: Row | null;
  /** The row as the device saw it, as far as it said; null when it said nothing. */
  readonly base: Partial<Row> | null;
  /** The row as it would be written; of a delete, as it was. */
  readonly proposed: Row;
  /** What the device asked for. */
  readonly client: Partial<Row>;
  /** Fields of `proposed` that differ from `current`. */
  readonly changed: readonly string[];
  /** Fields changed on both sides since the base, with different values. */
  readonly clashing: readonly string[];
  readonly device: string;
  readonly user: string | null;
  readonly permissions: ReadonlySet<string>;
  /**
   * Approvals of this very change that our store holds: verified roles of those who approved, or `anyone` when they
   * had none that counts. Never taken from row data.
   */
  readonly approvedBy: readonly string[];
  /** Rows of the rule's queries, by the names it gave them. */
  readonly queries: Readonly<Record<string, readonly Row[]>>;
};

/** What is done beside the verdict, in the transaction that records it. */
export type RuleEffects = {
  /** A line of the change log. */
  readonly audit?: string;
  readonly task?: { readonly kind: string; readonly title: string };
  /** Told to the device with its verdict. */
  readonly notice?: string;
  /** Keep the replaced row, to be listed and restored. */
  readonly backup?: true;
};

export type RuleOutcome = RuleEffects &
  (
    | { readonly kind: 'accept' }
    | { readonly kind: 'reject'; readonly reason: string }
    /** Written instead of what was proposed, by mirror column. */
    | { readonly kind: 'use'; readonly values: Partial<Row>; readonly reason?: string }
    | { readonly kind: 'approve'; readonly reason: string; readonly role?: string }
  );

export type BusinessRule = {
  readonly name: string;
  /** Asked only when one of these fields would change, or on any change when left out. */
  readonly fields?: readonly string[];
  readonly queries?: Readonly<Record<string, RuleQuery>>;
  /** Pure. An exception rejects the change with code RULE_FAILED. */
  readonly decide: (context: RuleContext) => RuleOutcome;
};
