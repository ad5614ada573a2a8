/** Nobody at a terminal waits for ever: work on a source that takes too long is given up, its query with it. */
import { SyncError } from '../../domain/errors.ts';
import { type Finding, findingOf } from '../../domain/finding.ts';

/** @throws SOURCE_UNAVAILABLE when the time is over. */
export async function withPatience<T>(
  limit: { readonly ms: number; readonly what: string },
  work: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const signal = AbortSignal.timeout(limit.ms);
  try {
    return await work(signal);
  } catch (error) {
    if (!signal.aborted || error !== signal.reason) throw error;
    throw new SyncError('SOURCE_UNAVAILABLE', {
      message: `${limit.what} did not answer within ${limit.ms / 1_000} s`,
      remedy: 'Look at what the source is doing: a lock, or a query that is slow before its first row.',
    });
  }
}

/** An error of `look` is its finding. */
export async function found(subject: string, look: () => Promise<Finding[]>): Promise<Finding[]> {
  try {
    return await look();
  } catch (error) {
    return [findingOf(subject, error)];
  }
}
