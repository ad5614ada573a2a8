/**
 * One lane of a full run: copies the entity's key ranges. Each piece goes in its own short transaction, and the
 * claim's resume position moves with it, so a killed worker costs at most one piece.
 */
import type { Source } from '../connectors/contract.ts';
import { seesChanges } from '../domain/capture.ts';
import type { Piece, PieceFormat, PieceLayout, ShapedPiece } from '../domain/entity.ts';
import type { EntityRef } from '../domain/run.ts';
import { compileShape, pieceKeys } from '../domain/shape.ts';
import { type Claim, freezeClaim } from '../store/chunks.ts';
import { loadDirect } from '../store/load-direct.ts';
import type { LoadJob } from '../store/load-job.ts';
import { loadPiece } from '../store/load-piece.ts';
import { takeTicket } from '../store/ticket.ts';
import { claimLoop } from './claim-loop.ts';
import type { SliceResult } from './contract.ts';
import type { Batch } from './copy-batches.ts';
import { copyStream, emptyPiece, PIECE_BYTES, type PieceWork, type StreamEnd } from './copy-stream.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import { type EntityAtWork, entityAtWork } from './entity-at-work.ts';
import { type KeepAlive, STORE_TRANSACTION_LIMIT_MS } from './keep-alive.ts';
import { withSource } from './source-access.ts';
import { takeTurns } from './take-turns.ts';

export async function copyChunks(
  deps: ActivityDeps,
  input: { ref: EntityRef; lane: number; timeBoxMs: number },
  context: ActivityContext,
): Promise<SliceResult> {
  const { ref, timeBoxMs } = input;
  const entity = await entityAtWork(deps, ref, context);
  const work = (claim: Claim, alive: KeepAlive): Promise<'done' | 'yielded'> =>
    withSource(deps, { ref, signal: alive.signal, moved: alive.moved }, async (source) => {
      const range = { deps, ref, entity, source, claim, alive };
      await freezeMark(range);
      return copyRange(range);
    });
  return claimLoop(deps, { ref, kind: 'range', timeBoxMs, work }, context);
}

/** C2, C3: the mark is taken before the first read of the range; the catch-up starts at the lowest one. */
async function freezeMark({ deps, entity, source, claim, alive }: RangeWork): Promise<void> {
  if (!seesChanges(entity.plan.spec) || claim.watermark !== null) return;
  const { mark } = await source.safeHighMark({ previous: entity.watermarkFrom, signal: alive.signal });
  await freezeClaim(deps.store.pool, claim, { watermark: mark });
}

type RangeWork = {
  readonly deps: ActivityDeps;
  readonly ref: EntityRef;
  readonly entity: EntityAtWork;
  readonly source: Source;
  readonly claim: Claim;
  readonly alive: KeepAlive;
};
type How = { readonly layout: PieceLayout; readonly format: PieceFormat };

async function copyRange(work: RangeWork): Promise<'done' | 'yielded'> {
  const { plan, firstLoad } = work.entity;
  let from = work.claim.resumeAfter ?? work.claim.lower;
  let how: How = {
    layout: firstLoad ? 'mirror' : 'staging',
    format: plan.format,
  };
  for (;;) {
    const { end, position } = await copyFrom(work, from, how);
    if (end !== 'redo') return end === 'yielded' ? 'yielded' : 'done';
    // A direct COPY met a bad value, a duplicate or a row that was there: the rest of the range goes through
    // staging, read again as text under a new ticket.
    from = position;
    how = { layout: 'staging', format: 'rows' };
  }
}

async function copyFrom(
  work: RangeWork,
  from: string | null,
  how: How,
): Promise<{ end: StreamEnd; position: string | null }> {
  const { deps, entity, source, claim, alive } = work;
  const shape = compileShape(entity.plan, how.layout, takeTurns());
  const ticket = await takeTicket(deps.store.pool);
  let position = from;
  const stream = source.readChunk(
    entity.plan,
    { lower: from, upper: claim.upper },
    {
      format: how.format,
      pieceBytes: PIECE_BYTES[how.format],
      signal: alive.signal,
      onProgress: alive.moved,
    },
  );
  const load: PieceWork['load'] = async (batch, shaped) => {
    const step = { after: position, batch, shaped, finished: batch.last };
    if ((await loadStep(work, ticket, step)) === 'redo') return 'redo';
    position = batch.position ?? position;
    return 'loaded';
  };
  const keysOf = entity.keyOrder === 'unproved' ? (piece: Piece) => pieceKeys(entity.plan, piece) : undefined;
  const { end, lastWasKnown } = await copyStream(stream, alive, { shape, keysOf, load });
  if (end === 'ended' && !lastWasKnown) {
    const shaped = emptyPiece(entity.plan);
    await loadStep(work, ticket, { after: position, batch: null, shaped, finished: true });
  }
  return { end, position };
}

type Step = {
  readonly after: string | null;
  readonly batch: Batch | null;
  readonly shaped: ShapedPiece;
  readonly finished: boolean;
};

async function loadStep(work: RangeWork, ticket: string, step: Step): Promise<'loaded' | 'redo'> {
  const { deps, ref, entity, claim, alive } = work;
  const { plan, keyOrder } = entity;
  const job: LoadJob = {
    ref,
    plan,
    ticket,
    claim: { chunkId: claim.chunkId, attempt: claim.attempt },
    resumeAfter: step.batch?.position ?? step.after,
    finished: step.finished,
    // Without a position, the piece has a row without a key, and its rows lie anywhere in what is left of the range.
    range: { after: step.after, upTo: step.finished ? claim.upper : (step.batch?.position ?? claim.upper) },
    keyOrder,
    lateBelow: entity.lateBelow,
    rawKeys: step.batch?.keys ?? null,
  };
  alive.allow(STORE_TRANSACTION_LIMIT_MS);
  const load = step.shaped.layout === 'mirror' ? loadDirect : loadPiece;
  const loaded = await load(deps.store, job, step.shaped, alive.signal);
  alive.moved();
  return loaded === 'redo' ? 'redo' : 'loaded';
}
