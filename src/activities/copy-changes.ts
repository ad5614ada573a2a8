import type { HighMark } from '../connectors/contract.ts';
import { seesChanges } from '../domain/capture.ts';
import { subtractMs } from '../domain/instants.ts';
import type { EntityRef } from '../domain/run.ts';
import { compileShape } from '../domain/shape.ts';
import { type Claim, freezeClaim, insertChunks, lowestChunkWatermark } from '../store/chunks.ts';
import { noteEntity, settleWatermark } from '../store/entity-notes.ts';
import { buildFeedIndex } from '../store/feed-index.ts';
import { loadPiece } from '../store/load-piece.ts';
import { takeTicket } from '../store/ticket.ts';
import { type ChangesWork, followsLog, jobOf } from './changes-work.ts';
import { claimLoop } from './claim-loop.ts';
import type { SliceResult } from './contract.ts';
import { copyRefreshList } from './copy-refresh-list.ts';
import { copyStream, emptyPiece, PIECE_BYTES, type PieceWork } from './copy-stream.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import { entityAtWork } from './entity-at-work.ts';
import { type KeepAlive, STORE_TRANSACTION_LIMIT_MS } from './keep-alive.ts';
import { listCaptured } from './list-captured.ts';
import { withSource } from './source-access.ts';
import { takeTurns } from './take-turns.ts';

/** Where a source's clock is behind the watermark, so much below its now is read again (C2). */
const CLOCK_SLACK_MS = 10_000;

export async function copyChanges(
  deps: ActivityDeps,
  input: { ref: EntityRef; timeBoxMs: number },
  context: ActivityContext,
): Promise<SliceResult> {
  const { ref, timeBoxMs } = input;
  const entity = await entityAtWork(deps, ref, context);
  await insertChunks(deps.store.pool, ref, { kind: 'changes', ranges: [{ lower: null, upper: null }] });
  const work = (claim: Claim, alive: KeepAlive): Promise<'done' | 'yielded'> =>
    withSource(deps, { ref, signal: alive.signal, moved: alive.moved }, (source) =>
      copyIncrement({ deps, ref, entity, source, claim, alive }),
    );
  const slice = await claimLoop(deps, { ref, kind: 'changes', timeBoxMs, work }, context);
  // Also after a crash between the chunk's end and here: settling is idempotent.
  if (slice.done) await settleWatermark(deps.store.pool, ref);
  return slice;
}

async function copyIncrement(work: ChangesWork): Promise<'done' | 'yielded'> {
  const { deps, entity, alive } = work;
  const ticket = await takeTicket(deps.store.pool);
  // A full run of so many rows is a sample: nothing to catch up with. With `since`, the changes are all there is.
  const sampled = entity.mode === 'full' && entity.maxRows !== null && entity.since === null;
  if (seesChanges(entity.plan.spec) && !sampled) {
    const range = await freezeRange(work);
    if (entity.mode === 'full') await countAndIndex(work, range.now);
    const copy = followsLog(entity) ? listCaptured : copyChangedRows;
    if ((await copy(work, range)) === 'yielded') return 'yielded';
  }
  if ((await copyRefreshList(work)) === 'yielded') return 'yielded';
  const job = { ...jobOf(work, ticket), finished: true };
  await loadPiece(deps.store, job, emptyPiece(entity.plan), alive.signal);
  return 'done';
}

/** Source and store each have something to do that needs nothing of the other: odd rows to count, the feed's index. */
async function countAndIndex({ deps, ref, entity, source, alive }: ChangesWork, now: string): Promise<void> {
  const beating = setInterval(alive.moved, 1_000);
  const hasTimes = entity.plan.spec.changedAt !== null;
  try {
    const [odd] = await Promise.all([
      hasTimes ? source.countOddRows(entity.plan, now, alive.signal) : {},
      buildFeedIndex(deps.store.pool, entity.plan),
    ]);
    await noteEntity(deps.store.pool, ref, odd);
  } finally {
    clearInterval(beating);
  }
}

/** C2: marks and bounds of this increment, the same for every claim of it. */
async function freezeRange(work: ChangesWork): Promise<{ low: string; now: string }> {
  const { deps, ref, entity, source, claim, alive } = work;
  if (claim.watermark !== null && claim.lower !== null && claim.upper !== null) {
    return { low: claim.lower, now: claim.upper };
  }
  const db = deps.store.pool;
  const high = await source.safeHighMark({ previous: entity.watermarkFrom, signal: alive.signal });
  const from =
    entity.since ?? (entity.mode === 'full' ? await lowestChunkWatermark(db, ref) : entity.watermarkFrom);
  // An application's times may be late; those of the log are the database's own.
  const overlapMs = followsLog(entity) ? 0 : (entity.plan.spec.changedAt?.overlapMs ?? 0);
  const low = subtractMs(lowMark(from, high), overlapMs);
  await noteEntity(db, ref, { degraded: high.degraded });
  const frozen = await freezeClaim(db, claim, { watermark: high.mark, lower: low, upper: high.now });
  return { low: frozen.lower ?? low, now: frozen.upper ?? high.now };
}

/** A mark from before the source's clock was set back would hide what changes until the clock is there again (C2). */
function lowMark(from: string | null, high: HighMark): string {
  if (from === null) return high.mark;
  return from > high.now ? subtractMs(high.now, CLOCK_SLACK_MS) : from;
}

async function copyChangedRows(
  work: ChangesWork,
  range: { low: string; now: string },
): Promise<'ended' | 'yielded'> {
  const { deps, entity, source, claim, alive } = work;
  const shape = compileShape(entity.plan, 'staging', takeTurns());
  const ticket = await takeTicket(deps.store.pool);
  const stream = source.readChanges(
    entity.plan,
    { ...range, after: claim.resumeAfter },
    { format: 'rows', pieceBytes: PIECE_BYTES.rows, signal: alive.signal, onProgress: alive.moved },
  );
  let rows = 0;
  const load: PieceWork['load'] = async (piece, shaped) => {
    rows += piece.rows;
    alive.allow(STORE_TRANSACTION_LIMIT_MS);
    await loadPiece(
      deps.store,
      { ...jobOf(work, ticket), resumeAfter: piece.position },
      shaped,
      alive.signal,
    );
    alive.moved();
    // 'redo' gives the stream up: a bounded run has what it wanted.
    return entity.maxRows !== null && rows >= entity.maxRows ? 'redo' : 'loaded';
  };
  const { end } = await copyStream(stream, alive, { shape, load });
  return end === 'yielded' ? 'yielded' : 'ended';
}
