/**
 * What a source must be able to do, in small capabilities. `read` → `shape` → `load` knows sources by these types
 * only. Every connector passes test/connectors/contract.ts.
 *
 * Positions, keys and watermarks are sortable or opaque strings (only JSON crosses Temporal). A key is the text of
 * domain/keys.ts; a watermark is a UTC instant `YYYY-MM-DDTHH:MM:SS.ffffffZ`.
 *
 * Errors are SyncErrors: SOURCE_UNAVAILABLE (the connection is gone or silent: counted by the breaker), SOURCE_AUTH
 * (`details.scope: 'source'` when the login itself is refused, which opens the breaker at once), SOURCE_QUERY (data
 * errors: not counted; `details.scope: 'entity'` when every read of the entity would meet it). Every call takes an
 * AbortSignal; aborting it stops the query in the database, not only the wait for it.
 */
import type { EntityPlan, EntitySpec, Piece, PieceFormat } from '../domain/entity.ts';
import type { Degraded, KeyRange, SourceShape } from '../domain/source-shape.ts';

export type SourceIdentity = {
  /** Compared as a whole: system id + timeline for PostgreSQL. */
  readonly id: string;
  readonly version: string;
};

export type ConnectionReport = {
  readonly identity: SourceIdentity;
  /** Source clock minus this process's clock. */
  readonly clockOffsetMs: number;
  readonly degraded: readonly Degraded[];
  /** Pool and time-out settings in force, without secrets. */
  readonly settings: Readonly<Record<string, string | number | boolean>>;
};

/** Chunks have at most so many rows and bytes; where each lane would get less than that, they are smaller. */
export type ChunkLimits = { readonly chunkRows: number; readonly chunkBytes: number; readonly lanes: number };

export type ChunkPlan = { readonly ranges: readonly KeyRange[] };

export type HighMark = {
  /** Every change at or before it is visible to a read that starts now (C3). */
  readonly mark: string;
  /** The source's clock when the mark was taken. */
  readonly now: string;
  readonly degraded: readonly Degraded[];
  /** The oldest open transaction that holds the mark back, for the alarm; null when none does. */
  readonly heldBackBy: { readonly since: string; readonly what: string } | null;
};

export type ReadOptions = {
  readonly format: PieceFormat;
  /** A piece ends at the first row boundary at or after so many bytes; at least one row. */
  readonly pieceBytes: number;
  /** Rows with the same key never straddle two pieces of a chunk. */
  readonly maxRows?: number;
  readonly signal: AbortSignal;
  /** Called as bytes arrive, for heartbeats. */
  readonly onProgress?: () => void;
};

/** One consistent read (one snapshot of the source). Iterating pulls; returning early closes the session's query. */
export type PieceStream = AsyncIterable<Piece>;

export type ChangesRange = {
  /** Lower bound, inclusive: rows where any changedAt column is at or above it. */
  readonly low: string;
  /** The source's clock at the frozen mark: rows above it are counted as future rows, and still read (C2). */
  readonly now: string;
  /** Position after the last loaded piece, when resuming. */
  readonly after: string | null;
};

export type CapturedRange = {
  /** UTC instant, inclusive: what was logged before it is known already. */
  readonly low: string;
  /** `position` of the page before; null: the first. */
  readonly after: string | null;
  /** Most entries of the log that are looked at. */
  readonly limit: number;
};

export type CapturedPage = {
  /** Keys of rows that were inserted, updated or deleted, each once. Those with a NULL part are left out. */
  readonly keys: readonly string[];
  /** Behind the last entry; null when there is none. */
  readonly position: string | null;
  readonly done: boolean;
};

/** 'all': nothing older is left; 'more': the limit was reached; 'refused': our login may not delete. */
export type CapturePurge = 'all' | 'more' | 'refused';

/**
 * The log that a source keeps of changes. What state it is in, `describe` tells (`SourceShape.capture`). Like times of
 * change, its entries are safe below a high mark that was taken before they are read (C3).
 */
export type ChangeCapture = {
  /** One page of the log, in the order of time. */
  read(plan: EntityPlan, range: CapturedRange, signal: AbortSignal): Promise<CapturedPage>;
  /** Deletes entries before a UTC instant, at most `limit` of them. */
  purge(
    plan: EntityPlan,
    range: { readonly before: string; readonly limit: number },
    signal: AbortSignal,
  ): Promise<CapturePurge>;
};

export type OddRows = { readonly nullChangedAt: number; readonly futureChangedAt: number };

export type Source = {
  readonly name: string;
  readonly kind: string;
  /**
   * The same source, on the same connections, whose database sessions carry this id (a run's or an upload's) in their
   * application name. `onAlive` is called when a probe finds a silent session at work: a reason to heartbeat. Only the
   * source it was made from is closed.
   */
  named(options: { correlationId: string; onAlive?: () => void }): Source;
  /** Opens a session to learn whether the source can be reached and takes the login: what a half-open breaker asks. */
  proveLogin(signal: AbortSignal): Promise<void>;
  testConnection(signal: AbortSignal): Promise<ConnectionReport>;
  identity(signal: AbortSignal): Promise<SourceIdentity>;
  describe(spec: EntitySpec, signal: AbortSignal): Promise<SourceShape>;
  /** Boundaries from a key-only walk; first and last chunk unbounded. */
  planChunks(plan: EntityPlan, options: ChunkLimits & { signal: AbortSignal }): Promise<ChunkPlan>;
  safeHighMark(options: { previous: string | null; signal: AbortSignal }): Promise<HighMark>;
  /** Rows of the range in key order. */
  readChunk(plan: EntityPlan, range: KeyRange, options: ReadOptions): PieceStream;
  /** Rows changed since `low`, in (changedAt, key) order. */
  readChanges(plan: EntityPlan, range: ChangesRange, options: ReadOptions): PieceStream;
  /** The rows of these keys that exist now, in key order, as text rows. */
  lookUpKeys(plan: EntityPlan, keys: readonly string[], options: ReadOptions): PieceStream;
  readOne(plan: EntityPlan, key: string, signal: AbortSignal): Promise<Piece | null>;
  /** Left out by kinds that keep no log of changes. */
  readonly capture?: ChangeCapture;
  countOddRows(plan: EntityPlan, now: string, signal: AbortSignal): Promise<OddRows>;
  /**
   * Order-independent digest of the rows' canonical texts: the sum (mod 2^64) over rows of the first 8 bytes of
   * md5(values joined as domain/checksum.ts says). Two databases with the same rows give the same digest.
   */
  canonicalChecksum(
    plan: EntityPlan,
    range: KeyRange,
    signal: AbortSignal,
  ): Promise<{ rows: number; digest: string }>;
  /** A few rows for `plan` to try `validate` on. */
  sample(plan: EntityPlan, rows: number, signal: AbortSignal): Promise<Piece>;
  close(): Promise<void>;
};
