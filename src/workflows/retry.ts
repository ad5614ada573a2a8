/**
 * How activities are tried, by class of time-out. Attempts are unlimited: waiting is the server's, it adds nothing to
 * history, and activities name the delay themselves where they know it (`nextRetryDelay`).
 */
import { ActivityCancellationType, proxyActivities, type RetryPolicy } from '@temporalio/workflow';
import type { Activities } from '../activities/contract.ts';
import { ERRORS, type ErrorCode } from '../domain/errors.ts';

export const nonRetryableErrorTypes: readonly string[] = (Object.keys(ERRORS) as ErrorCode[]).filter(
  (code) => !ERRORS[code].retryable,
);

export const retry: RetryPolicy = {
  initialInterval: '1 second',
  backoffCoefficient: 2,
  maximumInterval: '32 seconds',
  nonRetryableErrorTypes: [...nonRetryableErrorTypes],
};

/** So soon another worker takes over from one that was killed. */
export const HEARTBEAT_TIMEOUT = '8 seconds';

/** What has begun is told of even when it is cancelled: a lease that was taken must be given back. */
const cancellationType = ActivityCancellationType.WAIT_CANCELLATION_COMPLETED;

/** A few statements in the store. */
export const { openRun, closeRun } = proxyActivities<Pick<Activities, 'openRun' | 'closeRun'>>({
  startToCloseTimeout: '1 minute',
  cancellationType,
  retry,
});

/** An operator waits for the answer: rather an error than a wait without end. */
export const { steerRun } = proxyActivities<Pick<Activities, 'steerRun'>>({
  startToCloseTimeout: '10 seconds',
  scheduleToCloseTimeout: '30 seconds',
  retry: { ...retry, maximumInterval: '4 seconds' },
});

/** Bounded questions to the source, and the end of an entity; some scan a table. */
export const { prepareEntity, planChunks, finishEntity } = proxyActivities<
  Pick<Activities, 'prepareEntity' | 'planChunks' | 'finishEntity'>
>({ startToCloseTimeout: '1 hour', heartbeatTimeout: HEARTBEAT_TIMEOUT, cancellationType, retry });

/** Rows move. `startToCloseTimeout` is only the limit of a piece that never ends: the heartbeat says who lives. */
export const { copyChunks, copyChanges, applyDeletes } = proxyActivities<
  Pick<Activities, 'copyChunks' | 'copyChanges' | 'applyDeletes'>
>({ startToCloseTimeout: '6 hours', heartbeatTimeout: HEARTBEAT_TIMEOUT, cancellationType, retry });
