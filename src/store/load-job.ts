/** What a piece is loaded with, beside its rows. */
import type { EntityPlan } from '../domain/entity.ts';
import type { EntityRef } from '../domain/run.ts';
import type { MirrorRange } from './mirror-target.ts';

export type LoadJob = {
  readonly ref: EntityRef;
  readonly plan: EntityPlan;
  /** C1: text of `pg_current_snapshot()`, taken before the source was read. */
  readonly ticket: string;
  /** C4; null for look-ups by key outside a chunk. */
  readonly claim: { readonly chunkId: number; readonly attempt: number } | null;
  /** Where the claim's resume position goes, in the same transaction; null leaves it. */
  readonly resumeAfter: string | null;
  /** true: the chunk is done with this piece. */
  readonly finished: boolean;
  /** Mirror keys in (after, upTo] that the piece does not show become delete candidates (C5); null: none do. */
  readonly range: MirrorRange | null;
  /** 'unproved': `rawKeys` go to seen_key instead. */
  readonly keyOrder: 'bytes' | 'unproved';
  /** UTC instant: changed rows whose newest changedAt is below it count as late rows. */
  readonly lateBelow: string | null;
  /** Entries of the refresh list that this read settles; they go before the load may list a key again. */
  readonly refreshDone?: readonly { readonly key: string; readonly enqueuedXid: string }[];
  /** A look-up by key: asked keys that `rawKeys` does not hold become tombstones. */
  readonly askedKeys?: readonly string[];
  /** Encoded keys of all rows read, rejected ones included; null where nobody needs them. */
  readonly rawKeys: readonly string[] | null;
};
