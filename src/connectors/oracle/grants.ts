/** What the source's user may see and do, found by trying: roles, PUBLIC and system privileges count as they are. */
import { parseTable, quoteTable, type TableName } from './relation.ts';
import type { Session } from './session.ts';
import { isNotGranted } from './snapshot.ts';

export type Grants = {
  /** Open transactions and running statements of everybody: without them the high mark is degraded (C3). */
  readonly transactions: boolean;
  readonly sessions: boolean;
  /** V$DATABASE: the position to read at, and the identity of the database. */
  readonly database: boolean;
  /** V$SQL, for `syncline oracle top-sql`. */
  readonly topSql: boolean;
  readonly tables: readonly TableGrants[];
};

export type TableGrants = {
  /** As it was asked for. */
  readonly table: string;
  readonly select: boolean;
  /** AS OF SCN. null: not tried, as there is no SCN or no SELECT. */
  readonly flashback: boolean | null;
  /** VPD policies that may hide rows from this user: then a full run tombstones nothing (C5). */
  readonly policies: readonly string[];
};

const VIEWS = {
  transactions: 'gv$transaction',
  sessions: 'gv$session',
  database: 'v$database',
  topSql: 'v$sql',
} as const;

/** @throws SyncError for anything but a missing right. */
export async function readGrants(session: Session, tables: readonly string[]): Promise<Grants> {
  const views: Record<keyof typeof VIEWS, boolean> = {
    transactions: false,
    sessions: false,
    database: false,
    topSql: false,
  };
  for (const name of Object.keys(VIEWS) as (keyof typeof VIEWS)[]) {
    views[name] = await may(session, `SELECT 1 AS found FROM ${VIEWS[name]} WHERE 1 = 0`);
  }
  const scn = views.database ? await currentScn(session) : null;
  const isExempt = await holds(session, 'EXEMPT ACCESS POLICY');
  const found: TableGrants[] = [];
  for (const table of tables) found.push(await tableGrants(session, { table, scn, isExempt }));
  return { ...views, tables: found };
}

async function tableGrants(
  session: Session,
  { table, scn, isExempt }: { table: string; scn: string | null; isExempt: boolean },
): Promise<TableGrants> {
  const name = parseTable(table);
  const from = `SELECT 1 AS found FROM ${quoteTable(name)}`;
  const select = await may(session, `${from} WHERE 1 = 0`);
  return {
    table,
    select,
    flashback: select && scn !== null ? await may(session, `${from} AS OF SCN ${scn} WHERE 1 = 0`) : null,
    policies: isExempt ? [] : await policies(session, name),
  };
}

async function may(session: Session, sql: string): Promise<boolean> {
  try {
    await session.query(sql);
    return true;
  } catch (error) {
    if (isNotGranted(error)) return false;
    throw error;
  }
}

async function currentScn(session: Session): Promise<string | null> {
  const [row] = await session.query<{ SCN: string | null }>(
    'SELECT TO_CHAR(current_scn) AS scn FROM v$database',
  );
  // It becomes part of a statement.
  return /^\d+$/.test(row?.SCN ?? '') ? (row?.SCN as string) : null;
}

/** A system privilege, directly or by a role. */
async function holds(session: Session, privilege: string): Promise<boolean> {
  const rows = await session.query('SELECT privilege FROM session_privs WHERE privilege = :privilege', {
    privilege,
  });
  return rows.length > 0;
}

/** Enabled policies on reading. */
async function policies(session: Session, { schema, table }: TableName): Promise<string[]> {
  const rows = await session.query<{ POLICY_NAME: string }>(
    `SELECT policy_name FROM all_policies
      WHERE object_owner = NVL(:owner, SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA')) AND object_name = :name
        AND enable = 'YES' AND sel = 'YES'
      ORDER BY policy_name`,
    { owner: schema, name: table },
  );
  return rows.map((row) => row.POLICY_NAME);
}
