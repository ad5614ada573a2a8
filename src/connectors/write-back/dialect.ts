/** What a kind of database gives to the common course of write-back (batch.ts, round.ts). */
import type { SyncError } from '../../domain/errors.ts';
import type { Mutation, Verdict, WriteEntity } from '../write-contract.ts';
import type { Placed, WaveResult } from './units.ts';

/** What every kind knows of a table that it writes. */
export type WrittenTable = { readonly spec: WriteEntity };

/** One transaction. Errors of the database come as the driver throws them. */
export type WriteSession<Table extends WrittenTable> = {
  /** @throws SyncError SOURCE_QUERY with scope 'entity' when the table or a column named by the entity is missing. */
  describe(entity: WriteEntity): Promise<Table>;
  /** Around all that is applied; null: nothing is needed. */
  readonly around: (<T>(tables: readonly Table[], work: () => Promise<T>) => Promise<T>) | null;
  /** Of one unit: a new one takes the place of the one before. */
  savepoint(): Promise<void>;
  rollBackToSavepoint(): Promise<void>;
  /**
   * One mutation: ledger row, row lock, comparison with the base, write, and the row as it is then. The caller's
   * savepoint takes back what a mutation without verdict 'applied' or 'duplicate' has done. @throws RowBusy,
   * OutcomeUnknown; the driver's errors where they are not the row's fault
   */
  apply(table: Table, mutation: Mutation): Promise<Verdict>;
  /** Mutations of one kind, of different rows of one table, each step once for all of them. */
  applyWave(table: Table, wave: readonly Placed[]): Promise<WaveResult>;
  /** @throws DeferredViolation; CommitUnheard for everything else, as a COMMIT that was broken off may be done */
  commit(): Promise<void>;
};

export type SessionNeeds = {
  readonly signal: AbortSignal;
  readonly lockWaitMs: number;
};

export type WriteDialect<Table extends WrittenTable> = {
  readonly sourceName: string;
  readonly maxLedgerKeyChars: number;
  /** How many mutations are worth doing each step once for all, and how many at most. */
  readonly wave: { readonly min: number; readonly max: number };
  /** Codes of verdicts that say: a parent is not there yet, or a child still is. */
  readonly relativeCodes: ReadonlySet<string>;
  /** A new transaction. What `work` leaves uncommitted is rolled back. */
  inSession<T>(needs: SessionNeeds, work: (session: WriteSession<Table>) => Promise<T>): Promise<T>;
  /** Is the session lost with this error, and with it what we know of its transaction? */
  isLost(error: unknown): boolean;
  /** The verdict of an error that is the row's fault. @throws the error itself when it is not */
  refusal(error: unknown): Verdict;
  asSyncError(error: unknown): SyncError;
};
