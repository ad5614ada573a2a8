/** C3: how far a source's changes are known to be visible, from what it shows of its transactions. Pure. */
import type { HighMark } from '../connectors/contract.ts';
import { maxInstant, minInstant, subtractMs } from './instants.ts';
import type { Degraded } from './source-shape.ts';

export type OpenWork = { readonly since: string; readonly what: string };

/** All instants are the source's. */
export type TransactionView = {
  /** Read before everything else. */
  readonly now: string;
  /** Oldest start of an open transaction or a running statement, prepared ones apart. */
  readonly oldest: OpenWork | null;
  /** Oldest time at which a transaction was prepared; it started earlier, nobody knows when. */
  readonly prepared: OpenWork | null;
  /** Where transactions of other logins are hidden from us: what to grant so that they are not; else null. */
  readonly hiddenUntilGranted: string | null;
  /** A replica: the commit time of what it replayed last. It shows none of its primary's transactions. */
  readonly replayedUpTo: string | null;
  /** true: rows come from another server by logical replication. */
  readonly subscribes: boolean;
};

export type MarkLimits = {
  readonly slackMs: number;
  readonly maxTransactionMs: number | null;
  readonly degradedOverlapMs: number;
};

export function decideHighMark(seen: TransactionView, limits: MarkLimits, previous: string | null): HighMark {
  const degraded: Degraded[] = [...clockNote(seen, previous), ...hiddenNotes(seen, limits)];
  let mark = seen.now;
  if (seen.oldest !== null) mark = minInstant(mark, seen.oldest.since);
  if (limits.maxTransactionMs !== null) {
    const floor = subtractMs(seen.now, limits.maxTransactionMs);
    if (mark < floor) {
      degraded.push({
        code: 'TRANSACTION_NOT_AWAITED',
        message: `Open for longer than maxTransactionMs, so its changes may be missed until the next full run: ${seen.oldest?.what}`,
      });
      mark = maxInstant(mark, floor);
    }
  }
  const isBlind = seen.hiddenUntilGranted !== null || seen.replayedUpTo !== null || seen.subscribes;
  if (isBlind) {
    mark = minInstant(
      mark,
      subtractMs(minInstant(seen.now, seen.replayedUpTo ?? seen.now), overlapMs(limits)),
    );
  }
  mark = subtractMs(mark, limits.slackMs);
  if (seen.prepared !== null) {
    // At the previous mark the transaction was open and counted, or had not begun: all it wrote lies above.
    const frozen = previous ?? subtractMs(seen.prepared.since, overlapMs(limits) + limits.slackMs);
    if (previous === null) degraded.push(preparedNote(seen.prepared));
    mark = minInstant(mark, frozen);
  }
  const heldBackBy =
    seen.prepared ?? (seen.oldest !== null && seen.oldest.since < seen.now ? seen.oldest : null);
  return { mark, now: seen.now, degraded, heldBackBy };
}

/** The longest transaction that is reckoned with where none can be seen. */
function overlapMs(limits: MarkLimits): number {
  return Math.max(limits.degradedOverlapMs, limits.maxTransactionMs ?? 0);
}

/** C2: the caller reads again from its own now. */
function clockNote(seen: TransactionView, previous: string | null): Degraded[] {
  if (previous === null || previous <= seen.now) return [];
  return [
    {
      code: 'SOURCE_CLOCK_BEHIND',
      message: `The source's clock (${seen.now}) is behind the watermark ${previous}`,
    },
  ];
}

/** What the source keeps from us, whatever runs on it at the moment. */
export function hiddenNotes(
  seen: Pick<TransactionView, 'hiddenUntilGranted' | 'replayedUpTo' | 'subscribes'>,
  limits: MarkLimits,
): Degraded[] {
  const overlap = `every increment reads the last ${Math.round(overlapMs(limits) / 1000)} s again, and later commits are missed until the next full run`;
  const notes: Degraded[] = [];
  if (seen.hiddenUntilGranted !== null) {
    notes.push({
      code: 'TRANSACTIONS_HIDDEN',
      message: `The login may not see other logins' transactions (${seen.hiddenUntilGranted}): ${overlap}`,
    });
  }
  if (seen.replayedUpTo !== null) {
    notes.push({
      code: 'SOURCE_IS_REPLICA',
      message: `A replica shows none of its primary's transactions: ${overlap}`,
    });
  }
  if (seen.subscribes) {
    notes.push({
      code: 'SOURCE_SUBSCRIBES',
      message: `Logical replication brings rows of another server's transactions: ${overlap}`,
    });
  }
  return notes;
}

function preparedNote(prepared: OpenWork): Degraded {
  return {
    code: 'PREPARED_TRANSACTION',
    message: `The start of a ${prepared.what} is not known: the mark stays below it by maxTransactionMs or degradedOverlapMs`,
  };
}
