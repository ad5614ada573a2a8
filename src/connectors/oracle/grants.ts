/** What the source's user may see and do, found by trying: roles, PUBLIC and system privileges count as they are. */
import { tryRows } from './dictionary.ts';
import { type Policy, readPolicies } from './policies.ts';
import { parseTable, quoteTable } from './relation.ts';
import type { OracleSource, Session } from './session.ts';
import { currentScn } from './snapshot.ts';

export type Grants = {
  /** Open transactions and running statements of everybody: without them the high mark is degraded (C3). */
  readonly transactions: boolean;
  readonly sessions: boolean;
  /** V$DATABASE: the position to read at, and the identity of the database. */
  readonly database: boolean;
  /** V$SQL, for the statements that cost most. */
  readonly topSql: boolean;
  /** The ledger of write-back is there, and may be written. */
  readonly ledger: boolean;
  readonly tables: readonly TableGrants[];
  /** In force for this user, on whatever object: where they hide rows, a full run tombstones nothing (C5). */
  readonly policies: readonly Policy[];
};

export type TableGrants = {
  /** As it was asked for. */
  readonly table: string;
  readonly select: boolean;
  /** AS OF SCN. null: not tried, as there is no SCN or no SELECT. */
  readonly flashback: boolean | null;
};

/** @throws SyncError for anything but a missing right. */
export async function readGrants(
  source: OracleSource,
  session: Session,
  tables: readonly string[],
): Promise<Grants> {
  const sees = async (view: string): Promise<boolean> =>
    may(session, `SELECT 1 AS found FROM ${view} WHERE 1 = 0`);
  const views = {
    transactions: await sees('gv$transaction'),
    sessions: await sees('gv$session'),
    database: await sees('v$database'),
    topSql: await sees('v$sql'),
    ledger: await sees('SYNCLINE_LEDGER'),
  };
  const scn = await currentScn(source, session);
  const found: TableGrants[] = [];
  for (const table of tables) found.push(await tableGrants(session, table, scn));
  return { ...views, tables: found, policies: await readPolicies(session) };
}

async function tableGrants(session: Session, table: string, scn: string | null): Promise<TableGrants> {
  const name = quoteTable(parseTable(table));
  const select = await may(session, `SELECT 1 AS found FROM ${name} WHERE 1 = 0`);
  if (!select || scn === null || !/^\d+$/.test(scn)) return { table, select, flashback: null };
  return {
    table,
    select,
    flashback: await may(session, `SELECT 1 AS found FROM ${name} AS OF SCN ${scn} WHERE 1 = 0`),
  };
}

async function may(session: Session, sql: string): Promise<boolean> {
  return (await tryRows(session, sql)) !== null;
}
