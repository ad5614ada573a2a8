/**
 * One consistent view for a read: a table is read AS OF SCN, which holds no transaction open; free SQL, and tables that
 * the login may not look back at, in a read-only transaction. Both show what is committed when the read begins.
 */
import type { ReadSpec } from '../../domain/entity.ts';
import type { Binds } from './binds.ts';
import { classifyOracleError, oracleNumber } from './error-table.ts';
import { known, note, remember } from './findings.ts';
import type { OracleSource, Session } from './session.ts';

/** What stands behind the table's name, for a statement of these binds; '' in a transaction. */
export type Snapshot = { readonly asOf: (binds: Binds) => string };

const IN_TRANSACTION: Snapshot = { asOf: () => '' };

/** Missing rights, and tables that have no past: external, remote, temporary. */
const NO_FLASHBACK = new Set([1031, 8187, 30051, 30041, 22818, 14451]);

/** Runs the read's first statement in a snapshot; where looking back is refused, in a transaction instead. */
export async function inSnapshot<T>(
  source: OracleSource,
  at: { readonly session: Session; readonly read: ReadSpec },
  execute: (snapshot: Snapshot) => Promise<T>,
): Promise<T> {
  const { session, read } = at;
  const scn = await scnFor(source, session, read);
  if (scn === null) return inTransaction(session, execute);
  try {
    return await execute({ asOf: ({ bind }) => ` AS OF SCN ${bind(scn, 'number')}` });
  } catch (error) {
    if (session.isLost || !isRefusedFlashback(error)) throw error;
    note(source, flashbackKey(read), false);
    return inTransaction(session, execute);
  }
}

async function inTransaction<T>(session: Session, execute: (snapshot: Snapshot) => Promise<T>): Promise<T> {
  await session.beginReadOnly();
  return execute(IN_TRANSACTION);
}

async function scnFor(source: OracleSource, session: Session, read: ReadSpec): Promise<string | null> {
  if (read.kind !== 'table' || !mayLookBack(source, read)) return null;
  return currentScn(source, session);
}

/** Until it was refused. */
function mayLookBack(source: OracleSource, read: ReadSpec): boolean {
  return known(source, flashbackKey(read)) !== false;
}

const flashbackKey = (read: ReadSpec): string => `flashback/${read.kind === 'table' ? read.table : ''}`;

function isRefusedFlashback(error: unknown): boolean {
  const found = oracleNumber((error as { cause?: unknown }).cause ?? error);
  return found !== null && found.prefix === 'ORA' && NO_FLASHBACK.has(found.number);
}

const SCN_QUERIES = [
  'SELECT TO_CHAR(current_scn) AS scn FROM v$database',
  'SELECT TO_CHAR(DBMS_FLASHBACK.GET_SYSTEM_CHANGE_NUMBER) AS scn FROM dual',
];

/** null: the login may ask neither way. */
export async function currentScn(source: OracleSource, session: Session): Promise<string | null> {
  const way = await remember(source, 'scn', async () => {
    for (const [at, sql] of SCN_QUERIES.entries()) if ((await tryQuery(session, sql)) !== null) return at;
    return null;
  });
  if (way === null) return null;
  return tryQuery(session, SCN_QUERIES[way] as string);
}

async function tryQuery(session: Session, sql: string): Promise<string | null> {
  try {
    const [row] = await session.query<{ SCN: string | null }>(sql);
    return row?.SCN ?? null;
  } catch (error) {
    if (isNotGranted(error)) return null;
    throw error;
  }
}

/** The object is not there for our login, or the login may not use it. */
export function isNotGranted(error: unknown): boolean {
  const reason = (error as { cause?: unknown }).cause ?? error;
  return ['privilege', 'query'].includes(classifyOracleError(reason));
}
