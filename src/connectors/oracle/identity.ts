/** Which database this is (C2), and how we reach it. */
import { performance } from 'node:perf_hooks';
import { instantToMicros } from '../../domain/instants.ts';
import type { Degraded } from '../../domain/source-shape.ts';
import type { ConnectionReport, SourceIdentity } from '../contract.ts';
import { addressOf } from './connect-attributes.ts';
import { tryRows } from './dictionary.ts';
import { readClock, visibilityNotes } from './high-mark.ts';
import { readPolicies } from './policies.ts';
import { inSession, type OracleSource, type Session } from './session.ts';
import { currentScn } from './snapshot.ts';

export async function identity(source: OracleSource, signal: AbortSignal): Promise<SourceIdentity> {
  return (await inSession(source, { signal }, readIdentity)).identity;
}

type Known = { readonly identity: SourceIdentity; readonly isProved: boolean };

/** A database that was restored has other resetlogs; a copy has another DBID; a container holds several databases. */
async function readIdentity(session: Session): Promise<Known> {
  const version = session.connection.oracleServerVersionString;
  const [place] =
    (await tryRows<{ CONTAINER: string | null; DB: string | null }>(
      session,
      `SELECT SYS_CONTEXT('USERENV', 'CON_NAME') AS container, SYS_CONTEXT('USERENV', 'DB_UNIQUE_NAME') AS db FROM dual`,
    )) ?? [];
  const container = place?.CONTAINER ?? '';
  const rows = await tryRows<{ DBID: string; RESETLOGS: string }>(
    session,
    'SELECT TO_CHAR(dbid) AS dbid, TO_CHAR(resetlogs_change#) AS resetlogs FROM v$database',
  );
  const [database] = rows ?? [];
  if (database === undefined)
    return { identity: { id: `unproved/${place?.DB ?? ''}/${container}`, version }, isProved: false };
  return { identity: { id: `${database.DBID}/${database.RESETLOGS}/${container}`, version }, isProved: true };
}

export async function testConnection(source: OracleSource, signal: AbortSignal): Promise<ConnectionReport> {
  return inSession(source, { signal }, async (session) => {
    const { identity: known, isProved } = await readIdentity(session);
    const before = performance.timeOrigin + performance.now();
    const { now } = await readClock(session);
    const after = performance.timeOrigin + performance.now();
    return {
      identity: known,
      clockOffsetMs: Math.round(Number(instantToMicros(now)) / 1_000 - (before + after) / 2),
      degraded: [
        ...(isProved ? [] : [UNPROVED_IDENTITY]),
        ...(await visibilityNotes(source, session)),
        ...((await currentScn(source, session)) === null ? [NO_SCN] : []),
        ...(await probeNotes(session)),
        ...(await characterNotes(session)),
        ...(await policyNotes(session)),
      ],
      settings: settingsInForce(source),
    };
  });
}

const UNPROVED_IDENTITY: Degraded = {
  code: 'IDENTITY_UNPROVED',
  message:
    'The login may not read V$DATABASE, so a source restored from a backup is not noticed: GRANT SELECT ON SYS.V_$DATABASE TO it',
};

const NO_SCN: Degraded = {
  code: 'SNAPSHOT_IN_TRANSACTION',
  message:
    'The login may not ask for the SCN, so chunks are read in read-only transactions: GRANT SELECT ON SYS.V_$DATABASE TO it',
};

async function probeNotes(session: Session): Promise<Degraded[]> {
  if ((await tryRows(session, 'SELECT 1 AS one FROM gv$session WHERE 1 = 0')) !== null) return [];
  return [
    {
      code: 'SESSIONS_HIDDEN',
      message:
        'The login may not read GV$SESSION, so a silent session is waited for until callTimeoutMs: GRANT SELECT ON SYS.GV_$SESSION TO it',
    },
  ];
}

export async function characterSet(session: Session): Promise<string | null> {
  const rows = await tryRows<{ VALUE: string }>(
    session,
    `SELECT value FROM nls_database_parameters WHERE parameter = 'NLS_CHARACTERSET'`,
  );
  return rows?.[0]?.VALUE ?? null;
}

/** The one whose bytes are UTF-8; the one named UTF8 is another. */
export const UTF8_CHARACTERS = 'AL32UTF8';

async function characterNotes(session: Session): Promise<Degraded[]> {
  const found = await characterSet(session);
  if (found === UTF8_CHARACTERS) return [];
  return [
    {
      code: 'KEY_ORDER_UNPROVED',
      message: `The source's character set is ${found ?? 'unknown'}: entities with text keys find deletes by a list of all keys`,
    },
  ];
}

async function policyNotes(session: Session): Promise<Degraded[]> {
  const policies = await readPolicies(session);
  if (policies.length === 0) return [];
  const names = policies.map(({ owner, name, policy }) => `${policy} on ${owner}.${name}`).join(', ');
  return [
    {
      code: 'ROWS_HIDDEN',
      message: `Row policies apply to the login (${names}): entities that read these objects tombstone nothing, unless it gets EXEMPT ACCESS POLICY`,
    },
  ];
}

function settingsInForce({ settings, options, pool }: OracleSource): ConnectionReport['settings'] {
  const { pool: wanted, tls } = options;
  const { open, inUse } = pool.statistics();
  return {
    timeZone: settings.timeZone,
    concurrency: settings.concurrency,
    address: addressOf(options),
    mode: options.mode,
    tls:
      tls === undefined
        ? 'as the connect string says'
        : tls.matchName
          ? 'with host name'
          : 'without host name',
    poolMin: wanted.min,
    poolMax: pool.max,
    poolIncrement: wanted.increment,
    poolWaitMs: wanted.waitMs,
    poolIdleMs: wanted.idleMs || 'never closed',
    poolLifetimeMs: wanted.lifetimeMs || 'unlimited',
    poolPingMs: wanted.pingMs,
    poolOpen: open,
    poolInUse: inUse,
    statementCacheSize: options.statementCacheSize,
    connectTimeoutMs: options.connectTimeoutMs,
    callTimeoutMs: options.callTimeoutMs,
    silenceMs: options.silenceMs,
    slackMs: options.slackMs,
    maxTransactionMs: options.maxTransactionMs ?? 'unlimited',
    degradedOverlapMs: options.degradedOverlapMs,
  };
}
