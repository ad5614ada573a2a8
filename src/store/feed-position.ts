/** Where a reader of the feed stands. Opaque to everybody but the feed. */
import type { Partitions } from './feed-scope.ts';

/**
 * Behind what a reader has, in the order of the feed: (xid, exits before rows, exit's id or row's key). Both null:
 * before all of that xid.
 */
export type FeedMark = {
  readonly xid: string;
  /** Id of an exit. */
  readonly exit: string | null;
  /** Encoded key of a row. */
  readonly key: string | null;
};

/** C13: what a reader saw before its scope changed, until nothing of that is left to be told (feed-catch-up.ts). */
export type CatchUp = {
  readonly before: readonly Partitions[];
  /** Encoded key of the row that the walk has reached; null at its start, and behind its end. */
  readonly after: string | null;
  /** xmax at the walk's end; null: it has not ended. */
  readonly until: string | null;
};

export type FeedPosition = {
  /** C8: positions of another one mean nothing. */
  readonly incarnation: number;
  /** C7: xmin when the reader began. What was deleted below it, the reader never had. */
  readonly base: string;
  readonly at: FeedMark;
  /** C25: of every row in scope the reader has all changes of fields up to here; null: not known of any. */
  readonly since: string | null;
  /** What the reader saw rows by. */
  readonly partitions: Partitions;
  /** Whose it is: what left somebody's sight is told nobody else. */
  readonly device: string | null;
  /** Hash of the fields that were hidden from it, and of its filter. */
  readonly hidden: string;
  readonly filter: string;
  readonly catchUp: CatchUp | null;
};
