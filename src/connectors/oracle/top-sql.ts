/** The statements of a user that cost the database most, from V$SQL. */
import oracledb from 'oracledb';
import type { Session } from './session.ts';
import { isNotGranted } from './snapshot.ts';

export type TopStatement = {
  readonly sqlId: string;
  /** Its first 1,000 characters. */
  readonly text: string;
  readonly executions: number;
  readonly elapsedMs: number;
  /** Per execution. */
  readonly averageMs: number;
  readonly bufferGets: number;
  readonly diskReads: number;
  readonly rowsProcessed: number;
};

export type TopSql =
  | { readonly available: true; readonly statements: readonly TopStatement[] }
  /** `remedy`: the statement that grants it. */
  | { readonly available: false; readonly remedy: string };

export type TopSqlOptions = {
  readonly limit: number;
  readonly minExecutions: number;
  /** Default: the session's own user. */
  readonly user?: string;
};

/** One row per text: its versions for other settings and binds are added up. Statements since they were last loaded. */
const TOP = `
  SELECT sql_id, MIN(sql_text) AS text, SUM(executions) AS executions, SUM(elapsed_time) AS elapsed_us,
         SUM(buffer_gets) AS buffer_gets, SUM(disk_reads) AS disk_reads, SUM(rows_processed) AS rows_processed
    FROM v$sql
   WHERE parsing_schema_name = NVL(:who, USER)
   GROUP BY sql_id
  HAVING SUM(executions) >= :least
   ORDER BY SUM(elapsed_time) DESC, sql_id
   FETCH FIRST :most ROWS ONLY`;

type TopRow = Readonly<
  Record<
    'SQL_ID' | 'TEXT' | 'EXECUTIONS' | 'ELAPSED_US' | 'BUFFER_GETS' | 'DISK_READS' | 'ROWS_PROCESSED',
    string | null
  >
>;

/** By elapsed time, the most first. @throws SyncError */
export async function topSql(session: Session, options: TopSqlOptions): Promise<TopSql> {
  const { limit, minExecutions, user } = options;
  try {
    const rows = await session.query<TopRow>(TOP, {
      who: { dir: oracledb.BIND_IN, type: oracledb.DB_TYPE_VARCHAR, val: user ?? null },
      least: minExecutions,
      most: limit,
    });
    return { available: true, statements: rows.map(statementOf) };
  } catch (error) {
    if (!isNotGranted(error)) throw error;
    return { available: false, remedy: 'GRANT SELECT ON SYS.V_$SQL TO <the source’s user>' };
  }
}

const MICROS_PER_MS = 1_000;

function statementOf(row: TopRow): TopStatement {
  const executions = Number(row.EXECUTIONS);
  const elapsedMs = Number(row.ELAPSED_US) / MICROS_PER_MS;
  return {
    sqlId: row.SQL_ID ?? '',
    text: (row.TEXT ?? '').trim(),
    executions,
    elapsedMs,
    averageMs: executions === 0 ? 0 : elapsedMs / executions,
    bufferGets: Number(row.BUFFER_GETS),
    diskReads: Number(row.DISK_READS),
    rowsProcessed: Number(row.ROWS_PROCESSED),
  };
}
