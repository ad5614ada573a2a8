/** What the layers above the connectors know of a source. */
import type { SourceColumn } from './entity.ts';

/** A weaker promise than usual that the source forces on us; shown by check, status and in the run's record. */
export type Degraded = {
  readonly code: string;
  readonly message: string;
};

/** The log of changed and deleted rows that the source keeps of a table. */
export type CaptureState = {
  /** Another one says that changes may have gone by unlogged: only a full run closes that gap. */
  readonly id: string;
  /** UTC instant: what statements changed after it is logged. null where nobody knows, as there are problems. */
  readonly since: string | null;
  /** What is missing or switched off, for people; none: every change is logged. */
  readonly problems: readonly string[];
  /** What to do about the problems. */
  readonly remedy: string;
};

export type SourceShape = {
  readonly columns: readonly SourceColumn[];
  readonly estimatedRows: number;
  readonly estimatedRowBytes: number;
  /**
   * 'bytes': the source proves that it orders keys as PostgreSQL does under COLLATE "C" (C5), so ranges may be
   * anti-joined; 'unproved': deletes need the list of all keys.
   */
  readonly keyOrder: 'bytes' | 'unproved';
  /** false where rows can be hidden from our login: then nothing is ever tombstoned (C5). */
  readonly seesAllRows: boolean;
  /** Of an entity with `capture`; left out by kinds of sources that keep no such log. */
  readonly capture?: CaptureState;
  /** Advice for `check`, with the statement to run: a missing index on changedAt or key. */
  readonly advice: readonly { readonly problem: string; readonly sql: string }[];
};

/** A key range: above `lower` (exclusive), up to `upper` (inclusive); null is unbounded (C5). */
export type KeyRange = { readonly lower: string | null; readonly upper: string | null };
