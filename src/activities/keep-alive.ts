/**
 * Keeps a claim, the run's lease and the activity alive while work really moves (C6): every beat is owed to bytes
 * that arrived, to a liveness probe, or to a load within its time limit. When nothing moves, beats stop, and Temporal
 * gives the work to another worker.
 */

import { SyncError } from '../domain/errors.ts';
import type { EntityRef } from '../domain/run.ts';
import { type Claim, renewClaim } from '../store/chunks.ts';
import { renewLease } from '../store/lease.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';

export const CLAIM_LEASE_MS = 8_000;
const BEAT_MS = 2_000;
/** Longer than the 5 s after which a silent session is probed, shorter than the heartbeat time-out with one beat. */
const STILL_MOVING_MS = 7_000;
/** The limit of one store transaction (C6). */
export const STORE_TRANSACTION_LIMIT_MS = 15_000;

export type KeepAlive = {
  readonly signal: AbortSignal;
  /** Bytes moved, or a probe found the other side alive. */
  moved(): void;
  /** A store transaction starts that may take up to `limitMs` without moving anything on this side. */
  allow(limitMs: number): void;
  /** true once the run was paused or is to be cancelled: finish the piece and let go. */
  shouldYield(): boolean;
  stop(): void;
};

export function keepAlive(
  deps: ActivityDeps,
  held: { readonly ref: EntityRef; readonly claim: Claim | null },
  context: ActivityContext,
): KeepAlive {
  const { ref, claim } = held;
  // Loads may have every connection of the pool, and a claim that is not renewed is taken over.
  const db = deps.store.probePool;
  const lost = new AbortController();
  let movedAt = performance.now();
  let yielding = false;
  let renewing = false;

  async function beat(): Promise<void> {
    if (performance.now() - movedAt > STILL_MOVING_MS) return;
    // Whatever the store is busy with, the work moves: the heartbeat waits for nothing.
    context.heartbeat();
    if (renewing) return;
    renewing = true;
    try {
      await renewLease(db, { pipeline: ref.pipeline, runId: ref.runId });
      if (claim === null) return;
      const health = await renewClaim(db, { ref, claim, leaseMs: CLAIM_LEASE_MS });
      if (health === 'lost') {
        lost.abort(new SyncError('FENCED', { message: `Another worker took over a chunk of ${ref.entity}` }));
      }
      yielding ||= health === 'paused';
    } catch {
      // The store is out of reach: the work itself meets the same error and reports it.
    } finally {
      renewing = false;
    }
  }

  const timer = setInterval(() => void beat(), BEAT_MS);
  return {
    signal: AbortSignal.any([context.signal, lost.signal]),
    moved: () => {
      movedAt = performance.now();
    },
    allow: (limitMs) => {
      movedAt = performance.now() + limitMs - STILL_MOVING_MS;
    },
    shouldYield: () => yielding,
    stop: () => clearInterval(timer),
  };
}
