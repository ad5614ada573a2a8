/**
 * What a write target must be able to do: apply mutations row by row, each with a verdict, and be asked again safely.
 * Policies, merges and approvals are decided elsewhere; a target only compares the row with the base that the mutation
 * expects, under the row's lock, and writes or refuses.
 *
 * All texts are values as PostgreSQL reads them (domain/entity.ts, Piece), by the source's column names; null is NULL.
 *
 * C12: a mutation's ledger row is written in the transaction of its change, before it. When the connection dies in or
 * around COMMIT, nobody knows the outcome; the target makes a new connection and inserts the ledger rows again: that
 * waits for the old transaction and decides. Only when this fails too does `writeBatch` throw SOURCE_UNAVAILABLE; then
 * calling it again with the same ledger keys is always safe, however long after, as long as the ledger is kept.
 */

export type Texts = Readonly<Record<string, string | null>>;

export type Mutation = {
  /** Unique for ever: `<device>/<mutation>` or `conflict/<id>/<round>`. At most 512 characters. */
  readonly ledgerKey: string;
  /** A name of `WriteOptions.entities`. */
  readonly entity: string;
  readonly operation: 'insert' | 'update' | 'delete';
  /** Text of domain/keys.ts. null: an insert whose key the source gives (sequence, identity, trigger). */
  readonly key: string | null;
  /** Changed columns only; of an insert all that are given. Empty for a delete. */
  readonly values: Texts;
  /**
   * The row as the writer believes it to be, in the columns that matter to it. The row is written only if it is equal
   * in all of them. null: whatever the row holds by now.
   */
  readonly base: Texts | null;
  /** Goes into the entity's origin column, where one is configured. */
  readonly origin: string | null;
  /** Mutations of one group, which stand side by side in the batch, are applied all or not at all. */
  readonly group?: string;
  /**
   * Columns that take the key of a row which the same group makes, each with the ledger key of that insert, which stands
   * before this mutation. That row's key is of one column.
   */
  readonly takes?: Readonly<Record<string, string>>;
};

/** How rows of an entity are written. */
export type WriteEntity = {
  readonly entity: string;
  /** `HR.EMPLOYEES`, as in `read: {table}`. */
  readonly table: string;
  /** Key columns, in key order. */
  readonly key: readonly string[];
  /** Column that takes `Mutation.origin`. */
  readonly originColumn?: string;
  /** Sequence that gives the key of inserts without one; without it the table's identity or trigger does. */
  readonly keySequence?: string;
  /** Procedure that writes instead of INSERT, UPDATE and DELETE. */
  readonly call?: string;
  /** Columns of `row` in verdicts, beside those of the key. Default: all whose type has a text. */
  readonly rowColumns?: readonly string[];
};

export type Verdict =
  /** `row`: as it is after triggers, in this transaction; null after a delete. */
  | { readonly kind: 'applied'; readonly key: string; readonly row: Texts | null }
  /** The row differs from the base, or an insert's key exists. Nothing was written, and no ledger row. */
  | {
      readonly kind: 'conflict';
      readonly key: string;
      readonly row: Texts;
      readonly fields: readonly string[];
    }
  /** There is no row of this key to update or delete. Never becomes an insert (C14). No ledger row. */
  | { readonly kind: 'gone'; readonly key: string }
  /**
   * The database or a value's type refuses the change, and would again. No ledger row. `code`: the database's
   * (`ORA-02290`, SQLSTATE `23514`), INVALID_VALUE, UNKNOWN_COLUMN, READ_ONLY_COLUMN, KEY_CHANGED, KEY_NOT_UNIQUE, NO_KEY,
   * NOT_WRITTEN, GROUP_FAILED. `message` is for the writer of the mutation: what the database's own code raises (by
   * RAISE_APPLICATION_ERROR, RAISE EXCEPTION) stands in it as it is, so it is not for logs.
   */
  | { readonly kind: 'rejected'; readonly code: string; readonly message: string }
  /** The row stayed locked by others in all tries. Nothing was written; the same mutation may be sent again. */
  | { readonly kind: 'busy'; readonly code: string }
  /** The ledger has it from an earlier call. `row`: as it is now; null when it is gone, or was aborted. */
  | { readonly kind: 'duplicate'; readonly outcome: LedgerOutcome; readonly row: Texts | null };

/** 'aborted': somebody gave up waiting for the outcome; the mutation never took effect and never will. */
export type LedgerOutcome =
  | { readonly state: 'applied'; readonly operation: Mutation['operation']; readonly key: string }
  | { readonly state: 'aborted' };

export type WriteOptions = {
  readonly entities: Readonly<Record<string, WriteEntity>>;
  readonly signal: AbortSignal;
  /** How long a row that others lock is waited for, each time. Default: 5 s. Oracle waits for whole seconds. */
  readonly lockWaitMs?: number;
  /** How often a mutation that met a lock or deadlock is tried, each time in a transaction of its own kind. Default: 3. */
  readonly lockTries?: number;
};

export type CheckedEntity = WriteEntity & { readonly operations: readonly Mutation['operation'][] };

/** `entity` null: all of them, since it is the ledger's. */
export type WriteProblem = { readonly entity: string | null; readonly problem: string };

export type WriteTarget = {
  readonly name: string;
  readonly kind: string;
  /** The same target, on the same connections, whose database sessions carry this id. Only the first is closed. */
  named(correlationId: string): WriteTarget;
  /**
   * One transaction; rows that others lock are tried again in further ones, so that they hold up nobody. Mutations of
   * one row are applied in their order. One verdict per mutation, in their order.
   * @throws SyncError SOURCE_UNAVAILABLE (also: outcome unknown, `details.outcome`), SOURCE_BUSY, SOURCE_AUTH,
   * SOURCE_QUERY with `details.scope: 'entity'` when an entity cannot be written at all.
   */
  writeBatch(mutations: readonly Mutation[], options: WriteOptions): Promise<readonly Verdict[]>;
  /**
   * Gives up on a mutation whose outcome is unknown: from now on it is 'aborted', unless it was applied, which this
   * tells. Waits for a transaction that still holds it.
   * @throws SyncError SOURCE_UNAVAILABLE while that cannot be decided.
   */
  settle(ledgerKey: string, signal: AbortSignal): Promise<LedgerOutcome>;
  /**
   * Entities in the order in which rows may be inserted: parents before their children by foreign key. Deletes go the
   * other way. Entities in a cycle keep the order in which they were given.
   */
  entityOrder(entities: readonly WriteEntity[], signal: AbortSignal): Promise<readonly string[]>;
  /** What is missing at the source for writing these entities back: the ledger, rights. Writes nothing. */
  findProblems(entities: readonly CheckedEntity[], signal: AbortSignal): Promise<readonly WriteProblem[]>;
  /** Ledger rows older than this go. Must be longer than the longest absence of a device. @returns rows deleted */
  purgeLedger(olderThanDays: number, signal: AbortSignal): Promise<number>;
  close(): Promise<void>;
};
