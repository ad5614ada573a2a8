/**
 * C3: what the source shows of its transactions. V$ views are not read-consistent, so each look is a statement of its
 * own, and in this order: the clock first, so that whatever starts later has a later time; running statements before
 * open transactions, so that one that becomes the other is met at least once. The read takes its SCN after all of them.
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
import { MODULE } from './connect.ts';
import { tryRows } from './dictionary.ts';
import { remember } from './findings.ts';
import { type ServerClock, serverInstant } from './server-clock.ts';
import { inSession, type OracleSource, READING, type Session } from './session.ts';

const WALL = 'YYYY-MM-DD HH24:MI:SS';
const GRANTS = 'GRANT SELECT ON SYS.GV_$TRANSACTION and ON SYS.GV_$SESSION TO it';

export async function safeHighMark(
  source: OracleSource,
  options: { previous: string | null; signal: AbortSignal },
): Promise<HighMark> {
  const seen = await inSession(source, { signal: options.signal }, (session) =>
    readTransactions(source, session),
  );
  return decideHighMark(seen, markLimits(source), options.previous);
}

function markLimits({ options }: OracleSource): MarkLimits {
  const { slackMs, degradedOverlapMs, maxTransactionMs = null } = options;
  return { slackMs, degradedOverlapMs, maxTransactionMs };
}

async function readTransactions(source: OracleSource, session: Session): Promise<TransactionView> {
  const clock = await readClock(session);
  const instant = (wall: string): string => serverInstant(wall, clock, source.settings.timeZone);
  const facts = await readVisibility(source, session, clock);
  const statement = await oldestStatement(session);
  const transaction = await oldestTransaction(session);
  const open = [statement, transaction]
    .flatMap((work) => (work === null ? [] : [{ ...work, since: instant(work.since) }]))
    .sort((a, b) => (a.since < b.since ? -1 : 1));
  const prepared = await oldestPrepared(session);
  return {
    now: clock.now,
    ...facts,
    oldest: open[0] ?? null,
    prepared: prepared === null ? null : { ...prepared, since: instant(prepared.since) },
    subscribes: false,
  };
}

export async function readClock(session: Session): Promise<ServerClock> {
  const [row] = await session.query<{ NOW: string; WALL: string }>(
    `SELECT TO_CHAR(SYS_EXTRACT_UTC(SYSTIMESTAMP), 'YYYY-MM-DD"T"HH24:MI:SS.FF6"Z"') AS now,
            TO_CHAR(SYSDATE, '${WALL}') AS wall
       FROM dual`,
  );
  return { now: (row as { NOW: string }).NOW, wall: (row as { WALL: string }).WALL };
}

type Visibility = Pick<TransactionView, 'hiddenUntilGranted' | 'replayedUpTo'>;

async function readVisibility(
  source: OracleSource,
  session: Session,
  clock: ServerClock,
): Promise<Visibility> {
  const seesAll = await remember(source, 'transactions', async () => {
    const transactions = await tryRows(session, 'SELECT 1 AS one FROM gv$transaction WHERE 1 = 0');
    const sessions = await tryRows(session, 'SELECT 1 AS one FROM gv$session WHERE 1 = 0');
    return transactions !== null && sessions !== null;
  });
  const role = await databaseRole(session);
  return {
    hiddenUntilGranted: seesAll ? null : GRANTS,
    // How far a standby has come is not asked: its overlap is counted from now, and must cover its lag.
    replayedUpTo: role === null || role === 'PRIMARY' ? null : clock.now,
  };
}

async function databaseRole(session: Session): Promise<string | null> {
  const rows = await tryRows<{ ROLE: string | null }>(
    session,
    `SELECT SYS_CONTEXT('USERENV', 'DATABASE_ROLE') AS role FROM dual`,
  );
  return rows?.[0]?.ROLE ?? null;
}

/** What the source keeps from us, for `check`. */
export async function visibilityNotes(source: OracleSource, session: Session): Promise<Degraded[]> {
  const facts = await readVisibility(source, session, await readClock(session));
  return hiddenNotes({ ...facts, subscribes: false }, markLimits(source));
}

/** A statement's SYSDATE is that of its start, also when its first row is written long afterwards. Our readers write none. */
async function oldestStatement(session: Session): Promise<OpenWork | null> {
  const rows = await tryRows<WorkRow>(
    session,
    `SELECT TO_CHAR(sql_exec_start, '${WALL}') AS since, sid, username, module, program, 'ACTIVE' AS state
       FROM gv$session
      WHERE type = 'USER' AND status = 'ACTIVE' AND sql_exec_start IS NOT NULL
        AND (username IS NULL OR username <> USER OR module IS NULL OR module <> '${MODULE}'
             OR action IS NULL OR action <> '${READING}')
      ORDER BY sql_exec_start FETCH FIRST 1 ROWS ONLY`,
  );
  return workOf(rows);
}

async function oldestTransaction(session: Session): Promise<OpenWork | null> {
  const named = await tryRows<WorkRow>(
    session,
    `SELECT TO_CHAR(t.start_date, '${WALL}') AS since, s.sid, s.username, s.module, s.program, s.status AS state
       FROM gv$transaction t LEFT JOIN gv$session s ON s.inst_id = t.inst_id AND s.taddr = t.addr
      ORDER BY t.start_date FETCH FIRST 1 ROWS ONLY`,
  );
  if (named !== null) return workOf(named);
  const [row] =
    (await tryRows<{ SINCE: string | null }>(
      session,
      `SELECT TO_CHAR(MIN(start_date), '${WALL}') AS since FROM gv$transaction`,
    )) ?? [];
  return row === undefined || row.SINCE === null ? null : { since: row.SINCE, what: 'a transaction' };
}

/** Distributed transactions that wait for their coordinator; their start is not known any more. */
async function oldestPrepared(session: Session): Promise<OpenWork | null> {
  const rows = await tryRows<{ SINCE: string; ID: string }>(
    session,
    `SELECT TO_CHAR(fail_time, '${WALL}') AS since, local_tran_id AS id FROM dba_2pc_pending
      WHERE state = 'prepared' ORDER BY fail_time FETCH FIRST 1 ROWS ONLY`,
  );
  const [row] = rows ?? [];
  return row === undefined ? null : { since: row.SINCE, what: `distributed transaction ${row.ID}` };
}

type WorkRow = {
  SINCE: string;
  SID: string | null;
  USERNAME: string | null;
  MODULE: string | null;
  PROGRAM: string | null;
  STATE: string | null;
};

function workOf(rows: readonly WorkRow[] | null): OpenWork | null {
  const [row] = rows ?? [];
  if (row === undefined) return null;
  const by = row.MODULE ?? row.PROGRAM;
  const what = `session ${row.SID ?? '?'}, user ${row.USERNAME ?? '?'}${by === null ? '' : `, ${by}`}, ${(row.STATE ?? 'no session').toLowerCase()}`;
  return { since: row.SINCE, what };
}
