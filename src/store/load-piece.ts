/**
 * One piece into the mirror, in one short transaction (C6): fence and claim, staging, duplicates, rules of local
 * columns, merge, what was set aside, and the claim's new position. The piece is in memory when it starts.
 */

import type { Reject, ShapedPiece } from '../domain/entity.ts';
import { SyncError } from '../domain/errors.ts';
import { NO_ROWS, type RowCounts } from '../domain/run.ts';
import { deduplicate } from './dedupe.ts';
import { noteKeys } from './load-candidates.ts';
import type { LoadJob } from './load-job.ts';
import { type Merge, mergeStaged } from './load-merge.ts';
import { inLoadTransaction, type LoadSession, recordClaim } from './load-session.ts';
import { applyRules } from './on-source.ts';
import type { Store } from './open.ts';
import { findBadKeys, setAside } from './poison.ts';
import { clearQuarantine, quarantineRows } from './quarantine-rows.ts';
import { stagePiece } from './stage-piece.ts';
import { openStaging, type Staged } from './staging.ts';
import { buryKeys } from './tombstones.ts';

/** @throws SyncError FENCED when run or claim are another's by now: nothing was written. */
// biome-ignore lint/complexity/useMaxParams: where, what to do, with what, and until when; an object would name nothing.
export async function loadPiece(
  store: Store,
  job: LoadJob,
  piece: ShapedPiece,
  signal?: AbortSignal,
): Promise<RowCounts> {
  if (piece.layout !== 'staging') {
    throw new SyncError('INTERNAL', {
      message: `loadPiece takes pieces laid out for staging, not for the ${piece.layout}`,
    });
  }
  return inLoadTransaction(store, { ref: job.ref, claim: job.claim, signal }, async (session) => {
    await settleRefresh(session, job);
    const counts = await load(session, job, piece);
    recordClaim(session, job, counts);
    return counts;
  });
}

/** Within a transaction that the caller opened, for loads that belong together with something else. */
export async function load(session: LoadSession, job: LoadJob, piece: ShapedPiece): Promise<RowCounts> {
  const { plan, ref, ticket, lateBelow } = job;
  const staged = await openStaging(session, plan);
  const { staging } = staged;
  const unstaged = await stageKeyed(staged, piece);
  const rejects = [...piece.rejects, ...unstaged];
  await noteKeys(session, job, { staging, rejects, rowsFetched: piece.rowsFetched });
  let counts = { ...NO_ROWS, fetched: piece.rowsFetched };
  if (piece.rowsInData > unstaged.length) {
    const deduped = await deduplicate(staged, { ticket, runId: ref.runId });
    // Elsewhere each row is looked up by its key: a piece of an increment may lie all over a large mirror.
    const range = job.keyOrder === 'bytes' ? job.range : null;
    const merge: Merge = { ...staged, ticket, range, lateBelow };
    rejects.push(...(await applyRules(merge)));
    const { rejects: refused, ...merged } = await mergeStaged(merge);
    rejects.push(...refused);
    await clearQuarantine(session.client, plan, { from: `${staging.table} AS s` });
    counts = add(add(counts, deduped), merged);
  }
  counts = add(counts, await buryAsked(session, job, rejects));
  await quarantineRows(session.client, ref, rejects);
  return { ...counts, quarantined: rejects.length };
}

/** Fills staging; what cannot be staged, and rows without a key of their own, are rejects. */
async function stageKeyed(staged: Staged, piece: ShapedPiece): Promise<Reject[]> {
  if (piece.rowsInData === 0) return [];
  const unreadable = await stagePiece(staged, piece);
  return [...unreadable, ...(await setAside(staged, await findBadKeys(staged)))];
}

/** A look-up that did not show a key it was asked for: the row is gone (C1), unless some row's key was unreadable. */
async function buryAsked(
  session: LoadSession,
  { plan, ticket, askedKeys, rawKeys }: LoadJob,
  rejects: readonly Reject[],
): Promise<{ tombstoned: number; refreshed: number }> {
  const shown = new Set(rawKeys);
  const gone = (askedKeys ?? []).filter((key) => !shown.has(key));
  if (gone.length === 0 || rejects.some((reject) => reject.key === null))
    return { tombstoned: 0, refreshed: 0 };
  if (rawKeys === null) {
    throw new SyncError('INTERNAL', { message: 'A look-up by key needs the keys that it found' });
  }
  return buryKeys(session, { plan, ticket, keys: gone });
}

/** C1: settled entries go first, and only those that nobody renewed since they were listed. */
export async function settleRefresh(session: LoadSession, { plan, refreshDone }: LoadJob): Promise<void> {
  if (refreshDone === undefined || refreshDone.length === 0) return;
  await session.client.query(
    `DELETE FROM syncline.refresh AS r
      USING unnest($2::text[], $3::xid8[]) AS done (key, xid)
      WHERE r.entity = $1 AND r.key = done.key AND r.enqueued_xid = done.xid`,
    [plan.spec.entity, refreshDone.map(({ key }) => key), refreshDone.map(({ enqueuedXid }) => enqueuedXid)],
  );
}

type Counts = Partial<Record<keyof RowCounts, number>>;

function add(counts: RowCounts, more: Counts): RowCounts {
  const names = Object.keys(NO_ROWS) as (keyof RowCounts)[];
  return Object.fromEntries(names.map((name) => [name, counts[name] + (more[name] ?? 0)])) as RowCounts;
}
