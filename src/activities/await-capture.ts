/**
 * C3: what a transaction changed before the log was at work is in no log, and committed after the chunk was read it is in
 * no chunk. So a full run begins when all transactions have ended that were open while the log was not there.
 */
import { setTimeout as pause } from 'node:timers/promises';
import type { EntitySpec } from '../domain/entity.ts';
import { SyncError } from '../domain/errors.ts';
import type { EntityRef } from '../domain/run.ts';
import type { CaptureState } from '../domain/source-shape.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import { withSource } from './source-access.ts';

/** Longer than the usual slack of a mark, by which a log that was installed just now is too young. */
const WAIT_MS = 30_000;
const LOOK_AGAIN_MS = 500;

export type AwaitedCapture = {
  readonly ref: EntityRef;
  readonly spec: Pick<EntitySpec, 'entity' | 'capture'>;
  readonly state: Pick<CaptureState, 'since'> | undefined;
  readonly waitMs?: number;
};

/** @throws SyncError CAPTURE_BROKEN where such a transaction does not end. */
export async function awaitCapture(
  deps: ActivityDeps,
  { ref, spec, state, waitMs = WAIT_MS }: AwaitedCapture,
  { signal }: ActivityContext,
): Promise<void> {
  const since = state?.since ?? null;
  if (!spec.capture || since === null) return;
  const until = performance.now() + waitMs;
  for (;;) {
    const { mark, heldBackBy } = await withSource(deps, { ref, signal }, (source) =>
      source.safeHighMark({ previous: null, signal }),
    );
    if (mark >= since) return;
    if (performance.now() >= until) {
      const whose = heldBackBy === null ? '' : ` (${heldBackBy.what})`;
      throw new SyncError('CAPTURE_BROKEN', {
        message: `Changes of ${spec.entity} are not all logged: transactions may be open that began before the log was at work${whose}`,
        remedy: 'Wait for their end, or end them; the next run is full by itself.',
        details: { mark, since },
      });
    }
    await pause(LOOK_AGAIN_MS, undefined, { signal });
  }
}
