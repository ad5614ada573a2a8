/** Installing, removing and looking at change capture by triggers. What it is made of: capture-ddl.ts. */
import { SyncError } from '../../domain/errors.ts';
import {
  type CaptureNames,
  type CaptureSpec,
  captureNames,
  installDdl,
  LOG_COLUMNS,
  removeDdl,
} from './capture-ddl.ts';
import { oracleNumber } from './error-table.ts';
import { quoteTable } from './relation.ts';
import type { Session } from './session.ts';

export type CaptureStatus = {
  readonly names: CaptureNames;
  /** 'partial': something is missing, disabled or invalid, as `problems` says. Changes may be missed. */
  readonly state: 'installed' | 'partial' | 'absent';
  readonly problems: readonly string[];
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
  const [trigger] = await triggers(session, names);
  if (trigger === undefined || trigger.VALID === 'VALID') return;
  await removeCapture(session, { table: quoteTable(names) });
  throw new SyncError('SOURCE_QUERY', {
    message: `Capture of ${quoteTable(names)}: the trigger does not compile; it was removed again`,
    remedy:
      'Its owner needs INSERT on the log table; `syncline oracle capture install` prints the statements.',
  });
}

export async function captureStatus(session: Session, spec: CaptureSpec): Promise<CaptureStatus> {
  const names = captureNames(spec);
  const columns = await session.query<{ COLUMN_NAME: string }>(
    'SELECT column_name FROM all_tab_columns WHERE owner = :owner AND table_name = :name',
    { owner: names.schema, name: names.log },
  );
  const found = new Set(columns.map((row) => row.COLUMN_NAME));
  const [trigger] = await triggers(session, names);
  if (found.size === 0 && trigger === undefined) return { names, state: 'absent', problems: [], log: null };
  const problems = [
    ...(found.size === 0
      ? [`the log ${names.log} is not there, or not granted`]
      : missingColumns(spec, found)),
    ...triggerProblems(names, trigger),
  ];
  return {
    names,
    state: problems.length === 0 ? 'installed' : 'partial',
    problems,
    log: found.size === 0 ? null : await logStatus(session, names),
  };
}

function missingColumns({ key }: CaptureSpec, found: ReadonlySet<string>): string[] {
  return [...LOG_COLUMNS, ...key]
    .filter((name) => !found.has(name))
    .map((name) => `the log has no column ${name}: it was made for another key`);
}

type Trigger = { readonly STATUS: string; readonly VALID: string | null };

/** Disabled or not, compiled or not. */
async function triggers(session: Session, names: CaptureNames): Promise<Trigger[]> {
  return session.query<Trigger>(
    `SELECT t.status, (SELECT o.status FROM all_objects o WHERE o.owner = t.owner AND o.object_type = 'TRIGGER'
                          AND o.object_name = t.trigger_name) AS valid
       FROM all_triggers t WHERE t.owner = :owner AND t.trigger_name = :name`,
    { owner: names.schema, name: names.trigger },
  );
}

function triggerProblems({ trigger }: CaptureNames, found: Trigger | undefined): string[] {
  if (found === undefined) return [`the trigger ${trigger} is not there, or cannot be seen`];
  if (found.STATUS !== 'ENABLED') return [`the trigger ${trigger} is disabled`];
  return found.VALID === null || found.VALID === 'VALID' ? [] : [`the trigger ${trigger} does not compile`];
}

async function logStatus(session: Session, names: CaptureNames): Promise<CaptureStatus['log']> {
  const log = quoteTable({ schema: names.schema, table: names.log });
  const [row] = await session.query<{ FOUND: string; OLDEST: string | null }>(
    `SELECT COUNT(*) AS found, TO_CHAR(MIN(sync_at), 'YYYY-MM-DD"T"HH24:MI:SS.FF6"Z"') AS oldest FROM ${log}`,
  );
  return { rows: Number(row?.FOUND ?? 0), oldest: row?.OLDEST ?? null };
}
