/** How much a query would read: from the optimiser, from statistics, or by looking, whichever can be had. */

import { randomBytes } from 'node:crypto';
import oracledb from 'oracledb';
import type { EntitySpec } from '../../domain/entity.ts';
import { type TableFacts, tryRows } from './dictionary.ts';
import { classifyOracleError } from './error-table.ts';
import { fromClause, whereClause } from './relation.ts';
import type { Session } from './session.ts';
import { isNotGranted } from './snapshot.ts';

export type Estimate = {
  readonly rows: number;
  readonly rowBytes: number;
  /** `OWNER.NAME` of the tables and indexes that are read; null: unknown. */
  readonly objects: ReadonlySet<string> | null;
  /** true: an inner join takes part; null: unknown. */
  readonly joinsInner: boolean | null;
};

/** Looking stops after so long; what is not counted by then is many. */
const LOOK_MS = 3_000;
const COUNTED_ROWS = 1_000_000;
const MEASURED_ROWS = 100;
const UNKNOWN_ROW_BYTES = 200;

export async function estimate(
  session: Session,
  spec: Pick<EntitySpec, 'read'>,
  table: TableFacts | null,
): Promise<Estimate> {
  const plan = await explain(session, `SELECT * ${fromClause(spec.read)} ${whereClause(spec)}`);
  const rows = plan?.rows ?? tableRows(spec, table) ?? (await count(session, spec));
  // Rows that could not be counted in time would not come in time either.
  const measured = async (): Promise<number | null> => (rows === null ? null : measure(session, spec));
  const rowBytes = plan?.rowBytes ?? table?.rowBytes ?? (await measured()) ?? UNKNOWN_ROW_BYTES;
  return {
    rows: rows ?? COUNTED_ROWS,
    rowBytes: Math.max(1, Math.round(rowBytes)),
    objects: plan?.objects ?? null,
    joinsInner: plan?.joinsInner ?? null,
  };
}

function tableRows({ read }: Pick<EntitySpec, 'read'>, table: TableFacts | null): number | null {
  return read.where === undefined ? (table?.rows ?? null) : null;
}

type PlanRow = {
  OPERATION: string;
  OPTIONS: string | null;
  OBJECT_OWNER: string | null;
  OBJECT_NAME: string | null;
  CARDINALITY: string | null;
  BYTES: string | null;
};

/** null: the login has no PLAN_TABLE, or the database is open read only. */
async function explain(session: Session, select: string): Promise<Partial<Estimate> | null> {
  const id = `syncline_${randomBytes(8).toString('hex')}`;
  try {
    await session.call((connection) =>
      connection.execute(`EXPLAIN PLAN SET STATEMENT_ID = '${id}' FOR ${select}`),
    );
  } catch (error) {
    if (isNotGranted(error)) return null;
    throw error;
  }
  const lines = await tryRows<PlanRow>(
    session,
    `SELECT operation, options, object_owner, object_name, cardinality, bytes
       FROM plan_table WHERE statement_id = :id ORDER BY id`,
    { id },
  );
  // What stands in PLAN_TABLE is a transaction, which would hold marks back (C3).
  await session.call((connection) => connection.rollback());
  const [top] = lines ?? [];
  if (lines === null || top === undefined) return null;
  const rows = Number(top.CARDINALITY ?? 0);
  const bytes = Number(top.BYTES ?? 0);
  return {
    ...(rows > 0 && { rows }),
    ...(rows > 0 && bytes > 0 && { rowBytes: bytes / rows }),
    objects: new Set(
      lines.flatMap((line) => (line.OBJECT_NAME ? [`${line.OBJECT_OWNER}.${line.OBJECT_NAME}`] : [])),
    ),
    joinsInner: lines.some(
      ({ OPERATION, OPTIONS }) =>
        /^(HASH JOIN|NESTED LOOPS|MERGE JOIN)$/.test(OPERATION) &&
        !/OUTER|SEMI|ANTI|CARTESIAN/.test(OPTIONS ?? ''),
    ),
  };
}

async function count(session: Session, spec: Pick<EntitySpec, 'read'>): Promise<number | null> {
  const sql = `SELECT COUNT(*) FROM (SELECT 1 AS one ${fromClause(spec.read)} ${whereClause(spec)}
                FETCH FIRST ${COUNTED_ROWS} ROWS ONLY)`;
  const rows = await look(session, sql);
  return rows === null ? null : Number(rows[0]?.[0] ?? 0);
}

async function measure(session: Session, spec: Pick<EntitySpec, 'read'>): Promise<number | null> {
  const sql = `SELECT * ${fromClause(spec.read)} ${whereClause(spec)} FETCH FIRST ${MEASURED_ROWS} ROWS ONLY`;
  const rows = await look(session, sql);
  if (rows === null || rows.length === 0) return null;
  const sizes = rows.map((row) => row.reduce<number>((size, value) => size + sizeOf(value), 0));
  return sizes.reduce((sum, size) => sum + size, 0) / rows.length;
}

/** LOBs are left where they are: their size is known without their content. */
function sizeOf(value: unknown): number {
  if (value === null || value === undefined) return 1;
  if (typeof value === 'string' || Buffer.isBuffer(value)) return value.length;
  const { length } = value as { length?: unknown };
  return typeof length === 'number' ? length : 8;
}

/** null: it took too long. */
async function look(session: Session, sql: string): Promise<unknown[][] | null> {
  const { connection } = session;
  const limitMs = connection.callTimeout ?? 0;
  connection.callTimeout = LOOK_MS;
  try {
    const options = { outFormat: oracledb.OUT_FORMAT_ARRAY, maxRows: MEASURED_ROWS };
    const { rows } = await session.call((each) => each.execute<unknown[]>(sql, {}, options));
    return rows ?? [];
  } catch (error) {
    const reason = (error as { cause?: unknown }).cause ?? error;
    if (!session.isLost && ['timeout', 'cancelled'].includes(classifyOracleError(reason))) return null;
    throw error;
  } finally {
    connection.callTimeout = limitMs;
  }
}
