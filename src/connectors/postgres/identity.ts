/** Which database this is (C2), and how we reach it. */
import { performance } from 'node:perf_hooks';
import { instantToMicros } from '../../domain/instants.ts';
import type { Degraded } from '../../domain/source-shape.ts';
import type { ConnectionReport, SourceIdentity } from '../contract.ts';
import { readClock, visibilityNotes } from './high-mark.ts';
import { type PgSource, queryOnce } from './session.ts';

/** Restored from a backup, a server has another timeline; made anew, another system id; re-created, another oid. */
export async function identity(source: PgSource, signal: AbortSignal): Promise<SourceIdentity> {
  return (await readIdentity(source, signal)).identity;
}

type Known = { readonly identity: SourceIdentity; readonly isProved: boolean };

async function readIdentity(source: PgSource, signal: AbortSignal): Promise<Known> {
  const [row] = await queryOnce<{ version: string; database: string; readable: string }>(source, signal, {
    text: `SELECT current_setting('server_version') AS version,
                  (SELECT oid FROM pg_database WHERE datname = current_database()) AS database,
                  has_function_privilege('pg_catalog.pg_control_system()', 'EXECUTE')
                  AND has_function_privilege('pg_catalog.pg_control_checkpoint()', 'EXECUTE') AS readable`,
  });
  const { version, database, readable } = row as { version: string; database: string; readable: string };
  if (readable !== 't') return { identity: { id: `unproved/${database}`, version }, isProved: false };
  const [system] = await queryOnce<{ id: string; timeline: string }>(source, signal, {
    // After a promotion the control file lags behind; the log's own position does not.
    text: `SELECT (SELECT system_identifier FROM pg_control_system()) AS id,
                  CASE WHEN pg_is_in_recovery() THEN (SELECT timeline_id FROM pg_control_checkpoint())
                       ELSE ('x' || left(pg_walfile_name(pg_current_wal_lsn()), 8))::bit(32)::int END AS timeline`,
  });
  return { identity: { id: `${system?.id}/${system?.timeline}/${database}`, version }, isProved: true };
}

/** A session that is open already goes on working after its login was taken away. */
export async function proveLogin(source: PgSource, signal: AbortSignal): Promise<void> {
  const pool = source.openPool();
  try {
    await queryOnce({ ...source, pool }, signal, { text: 'SELECT' });
  } finally {
    await pool.end();
  }
}

export async function testConnection(source: PgSource, signal: AbortSignal): Promise<ConnectionReport> {
  const { identity: known, isProved } = await readIdentity(source, signal);
  const before = performance.timeOrigin + performance.now();
  const now = await readClock(source, signal);
  const after = performance.timeOrigin + performance.now();
  return {
    identity: known,
    clockOffsetMs: Math.round(Number(instantToMicros(now)) / 1_000 - (before + after) / 2),
    degraded: [
      ...(isProved ? [] : [UNPROVED_IDENTITY]),
      ...(await encodingNotes(source, signal)),
      ...(await visibilityNotes(source, signal)),
    ],
    settings: settingsInForce(source),
  };
}

const UNPROVED_IDENTITY: Degraded = {
  code: 'IDENTITY_UNPROVED',
  message:
    'The login may not run pg_control_system() and pg_control_checkpoint(), so a source restored from a backup is not noticed: grant EXECUTE on both',
};

async function encodingNotes(source: PgSource, signal: AbortSignal): Promise<Degraded[]> {
  const [row] = await queryOnce<{ encoding: string }>(source, signal, {
    text: `SELECT current_setting('server_encoding') AS encoding`,
  });
  if (row?.encoding === 'UTF8') return [];
  return [
    {
      code: 'KEY_ORDER_UNPROVED',
      message: `The source is encoded in ${row?.encoding}: entities with text keys find deletes by a list of all keys`,
    },
  ];
}

function settingsInForce({ settings, options, pool }: PgSource): ConnectionReport['settings'] {
  return {
    timeZone: settings.timeZone,
    concurrency: settings.concurrency,
    poolMax: pool.options.max,
    tls: options.tls?.mode ?? 'as the URL says',
    connectTimeoutMs: options.connectTimeoutMs,
    statementMaxMs: options.statementMaxMs,
    silenceMs: options.silenceMs,
    slackMs: options.slackMs,
    maxTransactionMs: options.maxTransactionMs ?? 'unlimited',
    degradedOverlapMs: options.degradedOverlapMs,
  };
}
