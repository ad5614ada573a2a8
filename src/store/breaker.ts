/**
 * The breaker of a source, shared by all workers. Real failures of the connection count; data errors do not. Five in a
 * row open it for a minute; a refused login opens it at once, each time for twice as long, as attempts lock accounts.
 * Then one worker probes while the others wait.
 */
import type { RetrySettings } from '../domain/config.ts';
import type { Db } from '../pg/pool.ts';

export const OPEN_AFTER_FAILURES = 5;
export const OPEN_MS = 60_000;
/** How long one worker may take for the probe before another may try. */
const PROBE_MS = 30_000;
/** Others ask again so soon while one probes. */
const ASK_AGAIN_MS = 2_000;
/** After a refused login nobody tries for so long; after the next one for twice as long, up to an hour. */
export const REFUSED_MS = 60_000;
const REFUSED_MAX_MS = 3_600_000;

/** What opened the breaker. */
export type SourceFailure = { readonly code: string; readonly message: string; readonly remedy?: string };

export type BreakerState =
  /** `enteredAt`: the database's clock, for `countFailure`. */
  | { readonly state: 'closed' | 'probe'; readonly enteredAt: string }
  /** `refusal`: the login was refused; null: another failure, or somebody probes. */
  | { readonly state: 'open'; readonly retryAfterMs: number; readonly refusal: SourceFailure | null };

/** Asks to use the source. 'probe': this caller is the one to try it. */
export async function enterBreaker(
  db: Db,
  request: { source: string; holder: string },
): Promise<BreakerState> {
  const { rows } = await db.query<Entered>(
    `SELECT clock_timestamp() AS "enteredAt", state.last_error AS "lastError",
            ceil(extract(epoch FROM state.open_until - clock_timestamp()) * 1000)::float8 AS "waitMs"
       FROM (SELECT) AS always LEFT JOIN syncline.source_state AS state ON state.source = $1`,
    [request.source],
  );
  const { enteredAt, waitMs, lastError } = rows[0] as Entered;
  if (waitMs === null) return { state: 'closed', enteredAt };
  if (waitMs > 0) {
    return { state: 'open', retryAfterMs: waitMs, refusal: lastError?.code === REFUSED ? lastError : null };
  }
  const probe = await db.query(
    `UPDATE syncline.source_state
        SET probe_holder = $2, probe_until = clock_timestamp() + $3 * interval '1 millisecond'
      WHERE source = $1 AND (probe_holder IS NULL OR probe_holder = $2 OR probe_until < clock_timestamp())`,
    [request.source, request.holder, PROBE_MS],
  );
  if (probe.rowCount === 1) return { state: 'probe', enteredAt };
  return { state: 'open', retryAfterMs: ASK_AGAIN_MS, refusal: null };
}

const REFUSED = 'SOURCE_AUTH';

type Entered = {
  readonly enteredAt: string;
  readonly lastError: SourceFailure | null;
  /** null: the breaker is closed. */
  readonly waitMs: number | null;
};

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
    error: SourceFailure;
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

/** Opens the breaker at once. Who meets the refusal while it is open already, tried at the same time: it counts once. */
export async function openForRefusal(
  db: Db,
  refusal: { source: string; error: { message: string; remedy: string } },
): Promise<void> {
  await db.query(
    `INSERT INTO syncline.source_state AS state (source, failures, last_error, last_failure_at, open_until)
     VALUES ($1, 1, $2, clock_timestamp(), clock_timestamp() + $3 * interval '1 millisecond')
     ON CONFLICT (source) DO UPDATE
        SET failures = state.failures + 1, last_error = excluded.last_error, last_failure_at = clock_timestamp(),
            probe_holder = NULL, probe_until = NULL,
            open_until = clock_timestamp() + CASE
              WHEN state.open_until IS NULL OR state.last_error->>'code' <> $5 THEN $3 * interval '1 millisecond'
              ELSE least(2 * (state.open_until - state.last_failure_at), $4 * interval '1 millisecond') END
      WHERE state.open_until IS NULL OR state.open_until <= clock_timestamp() OR state.last_error->>'code' <> $5`,
    [
      refusal.source,
      JSON.stringify({ code: REFUSED, ...refusal.error }),
      REFUSED_MS,
      REFUSED_MAX_MS,
      REFUSED,
    ],
  );
}

async function failuresOf(db: Db, source: string): Promise<number> {
  const { rows } = await db.query<{ failures: number }>(
    'SELECT failures FROM syncline.source_state WHERE source = $1',
    [source],
  );
  return Math.max(rows[0]?.failures ?? 1, 1);
}

/**
 * The source worked: failures start from zero again. Writes only where there is something to forget. Sessions that were
 * open before a login was refused go on working, so work that began before then says nothing of the login.
 * @returns whether there was something to forget.
 */
export async function countSuccess(db: Db, success: { source: string; enteredAt: string }): Promise<boolean> {
  const { rowCount } = await db.query(
    `UPDATE syncline.source_state
        SET failures = 0, open_until = NULL, probe_holder = NULL, probe_until = NULL
      WHERE source = $1 AND failures > 0
        AND (last_error->>'code' IS DISTINCT FROM $3 OR last_failure_at <= $2::timestamptz)`,
    [success.source, success.enteredAt, REFUSED],
  );
  return rowCount === 1;
}
