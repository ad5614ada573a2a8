/**
 * The breaker of a source, shared by all workers. Real failures of the connection count; data errors do not. Five in a
 * row open it for a minute; then one worker probes while the others wait.
 */
import type { Db } from '../pg/pool.ts';

export const OPEN_AFTER_FAILURES = 5;
export const OPEN_MS = 60_000;
/** How long one worker may take for the probe before another may try. */
const PROBE_MS = 30_000;
/** Others ask again so soon while one probes. */
const ASK_AGAIN_MS = 2_000;

export type BreakerState =
  | { readonly state: 'closed' | 'probe' }
  | { readonly state: 'open'; readonly retryAfterMs: number };

/** Asks to use the source. 'probe': this caller is the one to try it. */
export async function enterBreaker(
  db: Db,
  request: { source: string; holder: string },
): Promise<BreakerState> {
  const { rows } = await db.query<{ failures: number; waitMs: number | null }>(
    `SELECT failures, ceil(extract(epoch FROM open_until - clock_timestamp()) * 1000)::float8 AS "waitMs"
       FROM syncline.source_state WHERE source = $1`,
    [request.source],
  );
  const state = rows[0];
  if (state === undefined || state.failures < OPEN_AFTER_FAILURES) return { state: 'closed' };
  if (state.waitMs !== null && state.waitMs > 0) return { state: 'open', retryAfterMs: state.waitMs };
  const probe = await db.query(
    `UPDATE syncline.source_state
        SET probe_holder = $2, probe_until = clock_timestamp() + $3 * interval '1 millisecond'
      WHERE source = $1 AND (probe_holder IS NULL OR probe_holder = $2 OR probe_until < clock_timestamp())`,
    [request.source, request.holder, PROBE_MS],
  );
  return probe.rowCount === 1 ? { state: 'probe' } : { state: 'open', retryAfterMs: ASK_AGAIN_MS };
}

/** @returns failures in a row, this one included. */
export async function countFailure(
  db: Db,
  failure: { source: string; error: { code: string; message: string } },
): Promise<number> {
  const { rows } = await db.query<{ failures: number }>(
    `INSERT INTO syncline.source_state AS state (source, failures, last_error, last_failure_at)
     VALUES ($1, 1, $2, clock_timestamp())
     ON CONFLICT (source) DO UPDATE
        SET failures = state.failures + 1, last_error = excluded.last_error, last_failure_at = clock_timestamp(),
            probe_holder = NULL, probe_until = NULL,
            open_until = CASE WHEN state.failures + 1 >= $3 THEN clock_timestamp() + $4 * interval '1 millisecond' END
     RETURNING failures`,
    [failure.source, JSON.stringify(failure.error), OPEN_AFTER_FAILURES, OPEN_MS],
  );
  return rows[0]?.failures ?? 1;
}

/** The source worked: failures start from zero again. Writes only where there is something to forget. */
export async function countSuccess(db: Db, source: string): Promise<void> {
  await db.query(
    `UPDATE syncline.source_state
        SET failures = 0, open_until = NULL, probe_holder = NULL, probe_until = NULL
      WHERE source = $1 AND failures > 0`,
    [source],
  );
}
