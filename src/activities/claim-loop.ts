/**
 * The loop of every lane: claim a chunk, work on it, look for the next, until none is left or the time box is over.
 * Where a lane stands is in the store (sync_chunk), never in the workflow.
 */
import { isSyncError, SyncError } from '../domain/errors.ts';
import { redact } from '../domain/redact.ts';
import type { EntityRef } from '../domain/run.ts';
import {
  type ChunkKind,
  type Claim,
  chunkTally,
  claimChunk,
  entityProgress,
  failClaim,
  releaseClaim,
} from '../store/chunks.ts';
import type { SliceResult } from './contract.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import { toSyncError } from './failures.ts';
import { CLAIM_LEASE_MS, type KeepAlive, keepAlive } from './keep-alive.ts';

/** A chunk that fails so often by its own fault is failed for the run; the others go on (C4). */
const MAX_CHUNK_FAILURES = 3;
/** So many failed chunks, and not more that went well: it is not the chunks. */
const MAX_FAILED_CHUNKS = 10;
/** How often a lane with nothing to claim looks again while other lanes hold chunks. */
const LOOK_AGAIN_MS = 500;
/** After a failure that nobody foresaw: what is behind it may pass. */
const AFTER_DEFECT_MS = 1_000;

export type Lane = {
  readonly ref: EntityRef;
  readonly kind: ChunkKind;
  readonly timeBoxMs: number;
  /** 'yielded': the run was paused between two pieces, and the claim's resume position is stored. */
  readonly work: (claim: Claim, alive: KeepAlive) => Promise<'done' | 'yielded'>;
};

export async function claimLoop(
  deps: ActivityDeps,
  lane: Lane,
  context: ActivityContext,
): Promise<SliceResult> {
  const { ref, kind } = lane;
  const db = deps.store.pool;
  const until = performance.now() + lane.timeBoxMs;
  const end = async (how: { done: boolean; paused: boolean }): Promise<SliceResult> => ({
    ...how,
    progress: await entityProgress(db, ref),
  });

  do {
    context.signal.throwIfAborted();
    context.heartbeat();
    const claim = await claimChunk(db, { ref, kind, worker: deps.workerId, leaseMs: CLAIM_LEASE_MS });
    if (claim === 'done') return end({ done: true, paused: false });
    if (claim === 'paused') return end({ done: false, paused: true });
    if (claim === 'stopped') {
      throw new SyncError('RUN_CANCELLED', {
        message: `The run of ${ref.pipeline} is closed or being cancelled`,
      });
    }
    // C4: nothing claimable is not done; another lane may die and leave its chunk to this one.
    if (claim === 'waiting') await pause(LOOK_AGAIN_MS, context.signal);
    else await workOrGiveBack(deps, { lane, claim }, context);
  } while (performance.now() < until);
  return end({ done: false, paused: false });
}

/** Whatever happens to a claim, it is either done, given back, or counted as a failure of the chunk. */
async function workOrGiveBack(
  deps: ActivityDeps,
  at: { lane: Lane; claim: Claim },
  context: ActivityContext,
): Promise<void> {
  const { lane, claim } = at;
  const db = deps.store.pool;
  const alive = keepAlive(deps, { ref: lane.ref, claim }, context);
  try {
    const outcome = await lane.work(claim, alive);
    if (outcome === 'yielded') await releaseClaim(db, claim);
  } catch (error) {
    const fault = alive.signal.aborted ? null : chunkFault(error);
    if (fault !== null) return await countFault(deps, { lane, claim, fault }, context);
    if (isSyncError(error, 'FENCED')) {
      const { runId, entity } = lane.ref;
      const { seq, attempt } = claim;
      deps.logger.warn(
        { correlationId: runId, entity, chunk: seq, attempt, problem: error.message },
        'a load was refused: the chunk is another worker’s by now',
      );
    }
    // The store may be what failed: then the claim's lease runs out by itself.
    await releaseClaim(db, claim).catch(() => undefined);
    throw error;
  } finally {
    alive.stop();
  }
}

/**
 * An error that would come again with the same rows: the source cannot give a value of them, or we have a defect that
 * they bring out. A lost connection or claim says nothing about the chunk, a query that the source refuses as such
 * nothing about this one.
 */
function chunkFault(error: unknown): SyncError | null {
  if (error instanceof Error && ['AbortError', 'CancelledFailure'].includes(error.name)) return null;
  const known = toSyncError(error);
  if (known.code === 'SOURCE_QUERY') return known.details.scope === 'entity' ? null : known;
  return known.code === 'INTERNAL' ? known : null;
}

/** @throws SyncError CHUNK_FAILED when it is not worth going on with the entity. */
async function countFault(
  deps: ActivityDeps,
  at: { lane: Lane; claim: Claim; fault: SyncError },
  context: ActivityContext,
): Promise<void> {
  const { lane, claim, fault } = at;
  const { ref } = lane;
  const db = deps.store.pool;
  const error = { code: fault.code, message: redact(fault.message) };
  const outcome = await failClaim(db, { claim, error, maxFailures: MAX_CHUNK_FAILURES });
  const chunk = { correlationId: ref.runId, entity: ref.entity, chunk: claim.seq, attempt: claim.attempt };
  deps.logger.warn({ ...chunk, err: fault, outcome }, 'a chunk failed by its own fault');
  if (outcome !== 'failed') {
    if (fault.code === 'INTERNAL') await pause(AFTER_DEFECT_MS, context.signal);
    return;
  }
  const { failed, done } = await chunkTally(db, ref);
  if (failed < MAX_FAILED_CHUNKS || failed <= done) return;
  throw new SyncError('CHUNK_FAILED', {
    message: `${failed} chunks of ${ref.entity} failed, the last one by ${error.code}: ${error.message}`,
    cause: fault,
  });
}

function pause(ms: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    const abort = (): void => {
      clearTimeout(timer);
      reject(signal.reason);
    };
    const timer = setTimeout(() => {
      signal.removeEventListener('abort', abort);
      resolve();
    }, ms);
    signal.addEventListener('abort', abort, { once: true });
  });
}
