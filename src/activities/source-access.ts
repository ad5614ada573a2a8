/**
 * The one way to a source: breaker, a slot of limits.concurrency, the work, and the books on how it went. Failures of
 * the connection carry the delay that the store's count asks for (design: When things fail).
 */
import { randomUUID } from 'node:crypto';
import type { Source } from '../connectors/contract.ts';
import type { RetrySettings, SourceSettings } from '../domain/config.ts';
import { isSyncError, SyncError } from '../domain/errors.ts';
import {
  countFailure,
  countSuccess,
  enterBreaker,
  leaveProbe,
  openForRefusal,
  type SourceFailure,
} from '../store/breaker.ts';
import { releaseSlot, renewSlot, type Slot, takeSlot } from '../store/slots.ts';
import { type ActivityDeps, pipelineByName, sourceOf } from './deps.ts';

const RENEW_SLOT_MS = 4_000;
/** A slot is waited for so long inside the activity; then Temporal's retry waits. */
const SLOT_TRIES = 10;
const SLOT_LOOK_MS = 200;
const BUSY_RETRY_MS = 1_000;

export type SourceUse = {
  readonly ref: { readonly pipeline: string; readonly runId: string };
  readonly signal: AbortSignal;
  /** A probe found a silent session at work, or bytes moved: a reason to heartbeat. */
  readonly moved?: () => void;
};

export async function withSource<T>(
  deps: ActivityDeps,
  use: SourceUse,
  work: (source: Source) => Promise<T>,
): Promise<T> {
  const { ref, signal } = use;
  const pipeline = pipelineByName(deps, ref.pipeline);
  const source = sourceOf(deps, pipeline).named({
    correlationId: ref.runId,
    ...(use.moved && { onAlive: use.moved }),
  });
  const settings = deps.config.sources[pipeline.source] as SourceSettings;
  const holder = `${deps.workerId}/${randomUUID()}`;
  const db = deps.store.pool;

  const breaker = await enterBreaker(db, { source: settings.name, holder });
  if (breaker.state === 'open') throw leftAlone(settings.name, breaker);
  const succeeded = (): Promise<boolean> =>
    countSuccess(db, { source: settings.name, enteredAt: breaker.enteredAt });
  const slot = await waitForSlot(deps, { settings, holder, signal });
  const renewing = setInterval(
    () => void renewSlot(deps.store.probePool, slot).catch(() => undefined),
    RENEW_SLOT_MS,
  );
  try {
    // Half-open: one short question, so that the others need not wait for the end of a long read.
    if (breaker.state === 'probe') {
      await source.proveLogin(signal);
      await succeeded();
    }
    const result = await work(source);
    await succeeded();
    return result;
  } catch (error) {
    if (isSyncError(error, 'SOURCE_AUTH') && error.details.scope === 'source') {
      const { message, remedy } = error;
      await openForRefusal(db, { source: settings.name, error: { message, remedy } });
    }
    if (!isSyncError(error, 'SOURCE_UNAVAILABLE')) throw error;
    throw await counted(deps, { settings, enteredAt: breaker.enteredAt }, error);
  } finally {
    clearInterval(renewing);
    if (breaker.state === 'probe') {
      await leaveProbe(db, { source: settings.name, holder }).catch(() => undefined);
    }
    await releaseSlot(db, slot).catch(() => undefined);
  }
}

/** A refused login is not waited for: somebody has to do something first. */
function leftAlone(
  source: string,
  { retryAfterMs, refusal }: { retryAfterMs: number; refusal: SourceFailure | null },
): SyncError {
  if (refusal === null) {
    return new SyncError('SOURCE_CIRCUIT_OPEN', {
      message: `Source ${source} failed several times in a row`,
      details: { retryAfterMs },
    });
  }
  const { message, remedy } = refusal;
  const seconds = Math.ceil(retryAfterMs / 1_000);
  return new SyncError('SOURCE_AUTH', {
    message: `${message}; no worker logs on again for ${seconds} s`,
    ...(remedy !== undefined && { remedy }),
    details: { scope: 'source' },
  });
}

async function waitForSlot(
  deps: ActivityDeps,
  wanted: { settings: SourceSettings; holder: string; signal: AbortSignal },
): Promise<Slot> {
  const { settings, holder, signal } = wanted;
  for (let tried = 0; tried < SLOT_TRIES; tried++) {
    signal.throwIfAborted();
    const slot = await takeSlot(deps.store.pool, {
      source: settings.name,
      holder,
      limit: settings.concurrency,
    });
    if (slot !== null) return slot;
    await new Promise((resolve) => setTimeout(resolve, SLOT_LOOK_MS));
  }
  throw new SyncError('SOURCE_BUSY', {
    message: `All ${settings.concurrency} connections to ${settings.name} are in use`,
    details: { retryAfterMs: BUSY_RETRY_MS },
  });
}

async function counted(
  deps: ActivityDeps,
  at: { settings: SourceSettings; enteredAt: string },
  error: SyncError,
): Promise<SyncError> {
  const { settings, enteredAt } = at;
  const { code, message } = error;
  const failures = await countFailure(deps.store.pool, {
    source: settings.name,
    error: { code, message },
    enteredAt,
    retry: settings.retry,
  });
  const { maxFailures } = settings.retry;
  if (maxFailures !== null && failures >= maxFailures) {
    return new SyncError('SOURCE_GIVEN_UP', {
      message: `Source ${settings.name} failed ${failures} times in a row: ${message}`,
      cause: error,
    });
  }
  const retryAfterMs = retryDelayMs(settings.retry, failures, Math.random());
  return new SyncError(code, {
    message,
    cause: error,
    details: { ...error.details, failures, retryAfterMs },
  });
}

/** base × multiplier^(n−1), at most max, ± jitter. `chance` is in [0, 1). */
export function retryDelayMs(retry: RetrySettings, failures: number, chance: number): number {
  const delay = Math.min(retry.baseMs * retry.multiplier ** (failures - 1), retry.maxMs);
  return Math.round(delay * (1 + retry.jitter * (2 * chance - 1)));
}
