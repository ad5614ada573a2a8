/**
 * C3: what the source shows of its transactions. Several statements, each in a transaction of its own, because
 * pg_stat_activity is frozen inside one; and in this order: the clock first, so that whatever starts later has a later
 * time; sessions before prepared transactions, so that one that is being prepared is met at least once.
 */

import {
  decideHighMark,
  hiddenNotes,
  type MarkLimits,
  type OpenWork,
  type TransactionView,
} from '../../domain/decide-high-mark.ts';
import type { Degraded } from '../../domain/source-shape.ts';
import type { HighMark } from '../contract.ts';
import { type PgSource, queryOnce } from './session.ts';

const utc = (expression: string): string =>
  `to_char((${expression}) AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"')`;

export async function safeHighMark(
  source: PgSource,
  options: { previous: string | null; signal: AbortSignal },
): Promise<HighMark> {
  const seen = await readTransactions(source, options.signal);
  return decideHighMark(seen, markLimits(source), options.previous);
}

export function markLimits({ options }: PgSource): MarkLimits {
  const { slackMs, degradedOverlapMs, maxTransactionMs = null } = options;
  return { slackMs, degradedOverlapMs, maxTransactionMs };
}

async function readTransactions(source: PgSource, signal: AbortSignal): Promise<TransactionView> {
  const now = await readClock(source, signal);
  const facts = await readVisibility(source, signal);
  const oldest = await oldestOpen(source, signal);
  const prepared = await oldestPrepared(source, signal);
  return { now, ...facts, oldest, prepared };
}

export async function readClock(source: PgSource, signal: AbortSignal): Promise<string> {
  const rows = await queryOnce<{ now: string }>(source, signal, {
    text: `SELECT ${utc('clock_timestamp()')} AS now`,
  });
  return (rows[0] as { now: string }).now;
}

type Visibility = Pick<TransactionView, 'hiddenUntilGranted' | 'replayedUpTo' | 'subscribes'>;

async function readVisibility(source: PgSource, signal: AbortSignal): Promise<Visibility> {
  const [row] = await queryOnce<{ hidden: string; replayed: string | null; subscribes: string }>(
    source,
    signal,
    {
      // A replica that has replayed no commit since its start knows at least its last restart point.
      text: `SELECT NOT pg_has_role(current_user, 'pg_read_all_stats', 'USAGE') AS hidden,
                  CASE WHEN pg_is_in_recovery() THEN
                    ${utc('coalesce(pg_last_xact_replay_timestamp(), (SELECT checkpoint_time FROM pg_control_checkpoint()))')}
                  END AS replayed,
                  EXISTS (SELECT FROM pg_subscription
                           WHERE subenabled AND subdbid = (SELECT oid FROM pg_database WHERE datname = current_database())
                         ) AS subscribes`,
    },
  );
  return {
    hiddenUntilGranted: row?.hidden === 't' ? 'GRANT pg_read_all_stats TO it' : null,
    replayedUpTo: row?.replayed ?? null,
    subscribes: row?.subscribes === 't',
  };
}

/** What the source keeps from us, for `check`. */
export async function visibilityNotes(source: PgSource, signal: AbortSignal): Promise<Degraded[]> {
  return hiddenNotes(await readVisibility(source, signal), markLimits(source));
}

/**
 * All transactions of this database, with or without an xid: one without may write later, under its start. A running
 * statement counts by itself: a procedure that commits in its middle goes on under its statement's time. Our own
 * readers never write; a session of ours that does has an xid and counts.
 */
async function oldestOpen(source: PgSource, signal: AbortSignal): Promise<OpenWork | null> {
  const rows = await queryOnce<OpenWork>(source, signal, {
    text: `SELECT ${utc('since')} AS since,
                  format('pid %s, user %s, application %L, %s', pid, usename, application_name, state) AS what
             FROM (SELECT *, LEAST(xact_start, CASE WHEN state = 'active' THEN query_start END) AS since
                     FROM pg_stat_activity) AS activity
            WHERE datname = current_database() AND since IS NOT NULL AND pid <> pg_backend_pid()
              AND backend_type NOT IN ('autovacuum worker', 'walsender')
              AND NOT (application_name LIKE 'syncline/%' AND backend_xid IS NULL
                       AND usename = session_user AND backend_type = 'client backend')
            ORDER BY activity.since LIMIT 1`,
  });
  return rows[0] ?? null;
}

async function oldestPrepared(source: PgSource, signal: AbortSignal): Promise<OpenWork | null> {
  const rows = await queryOnce<OpenWork>(source, signal, {
    text: `SELECT ${utc('prepared')} AS since, format('prepared transaction %L of %s', gid, owner) AS what
             FROM pg_prepared_xacts WHERE database = current_database() ORDER BY prepared LIMIT 1`,
  });
  return rows[0] ?? null;
}
