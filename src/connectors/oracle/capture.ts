/** Installing, removing and looking at change capture by triggers. What it is made of: capture-ddl.ts. */
import { SyncError } from '../../domain/errors.ts';
import { type CaptureNames, type CaptureSpec, installDdl, removeDdl } from './capture-ddl.ts';
import { type CaptureLook, lookAtCapture, readTrigger } from './capture-state.ts';
import { oracleNumber } from './error-table.ts';
import { quoteTable } from './relation.ts';
import type { Session } from './session.ts';

export type CaptureStatus = Pick<CaptureLook, 'names' | 'state' | 'problems'> & {
  /** Rows waiting in the log, and the time of the oldest (UTC); null without a log that can be read. */
  readonly log: { readonly rows: number; readonly oldest: string | null } | null;
};

/**
 * Executes the statements, each of which commits. A table that was changed before them is not captured for those
 * changes: run a full run afterwards. @throws SyncError SOURCE_AUTH without the rights, SOURCE_QUERY
 */
export async function installCapture(session: Session, spec: CaptureSpec): Promise<void> {
  const { state, names } = await captureStatus(session, spec);
  if (state === 'partial') await removeCapture(session, spec);
  if (state === 'installed') return;
  for (const statement of installDdl(spec)) await execute(session, statement);
  await checkCompiled(session, names);
}

/** Takes away what is there of it. */
export async function removeCapture(session: Session, spec: Pick<CaptureSpec, 'table'>): Promise<void> {
  for (const statement of removeDdl(spec)) {
    try {
      await execute(session, statement);
    } catch (error) {
      if (!isAbsent(error)) throw error;
    }
  }
}

/** No such table, no such trigger. */
function isAbsent(error: unknown): boolean {
  return [942, 4080].includes(oracleNumber(error)?.number ?? 0);
}

async function execute(session: Session, statement: string): Promise<void> {
  await session.call((connection) => connection.execute(statement));
}

/** A trigger that does not compile makes every write to its table fail: better none. */
async function checkCompiled(session: Session, names: CaptureNames): Promise<void> {
  const trigger = await readTrigger(session, names);
  if (trigger === null || trigger.VALID === 'VALID') return;
  await removeCapture(session, { table: quoteTable(names) });
  throw new SyncError('SOURCE_QUERY', {
    message: `Capture of ${quoteTable(names)}: the trigger does not compile; it was removed again`,
    remedy:
      'Its owner needs INSERT on the log table; `syncline oracle capture install` prints the statements.',
  });
}

export async function captureStatus(session: Session, spec: CaptureSpec): Promise<CaptureStatus> {
  const { names, state, problems, hasLog } = await lookAtCapture(session, spec);
  return { names, state, problems, log: hasLog ? await logStatus(session, names) : null };
}

async function logStatus(session: Session, names: CaptureNames): Promise<CaptureStatus['log']> {
  const log = quoteTable({ schema: names.schema, table: names.log });
  const [row] = await session.query<{ FOUND: string; OLDEST: string | null }>(
    `SELECT COUNT(*) AS found, TO_CHAR(MIN(sync_at), 'YYYY-MM-DD"T"HH24:MI:SS.FF6"Z"') AS oldest FROM ${log}`,
  );
  return { rows: Number(row?.FOUND ?? 0), oldest: row?.OLDEST ?? null };
}
