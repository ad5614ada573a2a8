/**
 * The breaker of a source, shared by all workers. Real failures of the connection count; data errors do not. Five in a
 * row open it for a minute; then one worker probes while the others wait.
 */
import type { RetrySettings } from '../domain/config.ts';
import type { Db } from '../pg/pool.ts';

export const OPEN_AFTER_FAILURES = 5;
export const OPEN_MS = 60_000;
/** How long one worker may take for the probe before another may try. */
const PROBE_MS = 30_000;
/** Others ask again so soon while one probes. */
const ASK_AGAIN_MS = 2_000;

export type BreakerState =
  /** `enteredAt`: the database's clock, for `countFailure`. */
  | { readonly state: 'closed' | 'probe'; readonly enteredAt: string }
  | { readonly state: 'open'; readonly retryAfterMs: number };

/** Asks to use the source. 'probe': this caller is the one to try it. */
export async function enterBreaker(
  db: Db,
  request: { source: string; holder: string },
): Promise<BreakerState> {
  const { rows } = await db.query<{ enteredAt: string; failures: number | null; waitMs: number | null }>(
    `SELECT clock_timestamp() AS "enteredAt", state.failures,
            ceil(extract(epoch FROM state.open_until - clock_timestamp()) * 1000)::float8 AS "waitMs"
       FROM (SELECT) AS always LEFT JOIN syncline.source_state AS state ON state.source = $1`,
    [request.source],
  );
  const state = rows[0] as { enteredAt: string; failures: number | null; waitMs: number | null };
  const { enteredAt } = state;
  if ((state.failures ?? 0) < OPEN_AFTER_FAILURES) return { state: 'closed', enteredAt };
  if (state.waitMs !== null && state.waitMs > 0) return { state: 'open', retryAfterMs: state.waitMs };
  const probe = await db.query(
    `UPDATE syncline.source_state
        SET probe_holder = $2, probe_until = clock_timestamp() + $3 * interval '1 millisecond'
      WHERE source = $1 AND (probe_holder IS NULL OR probe_holder = $2 OR probe_until < clock_timestamp())`,
    [request.source, request.holder, PROBE_MS],
  );
  return probe.rowCount === 1 ? { state: 'probe', enteredAt } : { state: 'open', retryAfterMs: ASK_AGAIN_MS };
}

/** A probe that ended without news of the source lets the next caller try. */
export async function leaveProbe(db: Db, request: { source: string; holder: string }): Promise<void> {
  await db.query(
    `UPDATE syncline.source_state SET probe_holder = NULL, probe_until = NULL
      WHERE source = $1 AND probe_holder = $2`,
    [request.source, request.holder],
  );
}

/**
 * Work that began before the last failure's delay had passed met the same outage, and does not count again: else the
 * lanes of one run would open the breaker by a restart of the source that takes a second.
 * @returns failures in a row.
 */
export async function countFailure(
  db: Db,
  failure: {
    source: string;
    error: { code: string; message: string };
    enteredAt: string;
    retry: Pick<RetrySettings, 'baseMs' | 'multiplier' | 'maxMs' | 'jitter'>;
  },
): Promise<number> {
  const { baseMs, multiplier, maxMs, jitter } = failure.retry;
  const { rows } = await db.query<{ failures: number }>(
    `INSERT INTO syncline.source_state AS state (source, failures, last_error, last_failure_at)
     VALUES ($1, 1, $2, clock_timestamp())
     ON CONFLICT (source) DO UPDATE
        SET failures = state.failures + 1, last_error = excluded.last_error, last_failure_at = clock_timestamp(),
            probe_holder = NULL, probe_until = NULL,
            open_until = CASE WHEN state.failures + 1 >= $3 THEN clock_timestamp() + $4 * interval '1 millisecond' END
      WHERE state.failures = 0
         OR $5 >= state.last_failure_at + interval '1 millisecond' * (1 - $9::float8)
                  * least($6::float8 * power($7::float8, state.failures - 1), $8::float8)
     RETURNING failures`,
    [
      failure.source,
      JSON.stringify(failure.error),
      OPEN_AFTER_FAILURES,
      OPEN_MS,
      failure.enteredAt,
      baseMs,
      multiplier,
      maxMs,
      jitter,
    ],
  );
  return rows[0]?.failures ?? (await failuresOf(db, failure.source));
}

async function failuresOf(db: Db, source: string): Promise<number> {
  const { rows } = await db.query<{ failures: number }>(
    'SELECT failures FROM syncline.source_state WHERE source = $1',
    [source],
  );
  return Math.max(rows[0]?.failures ?? 1, 1);
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
