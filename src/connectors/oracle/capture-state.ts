/** Whether log and trigger of a captured table are there and at work, and whether they were so all the time. */
import { type CaptureNames, type CaptureSpec, captureNames, LOG_COLUMNS } from './capture-ddl.ts';
import { tryRows } from './dictionary.ts';
import type { Row, Session } from './session.ts';

export type CaptureLook = {
  readonly names: CaptureNames;
  /** 'partial': something is missing or disabled, as `problems` says. Changes may be missed. */
  readonly state: 'installed' | 'partial' | 'absent';
  readonly problems: readonly string[];
  readonly hasLog: boolean;
  /**
   * While it is the same, no change went by unlogged: log and trigger by their numbers; the trigger's last DDL, which
   * DISABLE and ENABLE are; the segments of table and log, which TRUNCATE replaces without a word to the trigger.
   */
  readonly id: string;
  /** The trigger's last DDL, by the clock of the database's host: `YYYY-MM-DD HH:MM:SS`. */
  readonly changed: string | null;
};

export async function lookAtCapture(session: Session, spec: CaptureSpec): Promise<CaptureLook> {
  const names = captureNames(spec);
  const columns = await readColumns(session, names);
  const hasLog = columns.some(({ TABLE_NAME }) => TABLE_NAME === names.log);
  const trigger = await readTrigger(session, names);
  if (!hasLog && trigger === null) {
    return {
      names,
      state: 'absent',
      problems: ['no log and no trigger are installed'],
      hasLog,
      id: '',
      changed: null,
    };
  }
  const problems = [
    ...(hasLog ? logProblems(spec, names, columns) : [`the log ${names.log} is not there, or not granted`]),
    ...triggerProblems(names, trigger),
  ];
  const id = [...(await readNumbers(session, names)), trigger?.OBJECT_ID, trigger?.CHANGED].join('/');
  const changed = trigger?.CHANGED ?? null;
  return { names, state: problems.length === 0 ? 'installed' : 'partial', problems, hasLog, id, changed };
}

type Column = {
  readonly TABLE_NAME: string;
  readonly COLUMN_NAME: string;
  readonly DATA_TYPE: string;
  readonly DATA_LENGTH: string | null;
  readonly DATA_PRECISION: string | null;
  readonly DATA_SCALE: string | null;
};

/** Of the log and of the table. */
async function readColumns(session: Session, { schema, log, table }: CaptureNames): Promise<Column[]> {
  return session.query<Column>(
    `SELECT table_name, column_name, data_type, data_length, data_precision, data_scale FROM all_tab_columns
      WHERE owner = :owner AND table_name IN (:log, :captured)`,
    { owner: schema, log, captured: table },
  );
}

function logProblems({ key }: CaptureSpec, names: CaptureNames, columns: readonly Column[]): string[] {
  const find = (table: string, name: string): Column | undefined =>
    columns.find((column) => column.TABLE_NAME === table && column.COLUMN_NAME === name);
  const missing = [...LOG_COLUMNS, ...key]
    .filter((name) => find(names.log, name) === undefined)
    .map((name) => `the log has no column ${name}: it was made for another key`);
  const outgrown = key.filter((name) => {
    const [logged, own] = [find(names.log, name), find(names.table, name)];
    return logged !== undefined && own !== undefined && typeOf(logged) !== typeOf(own);
  });
  return [
    ...missing,
    ...outgrown.map((name) => `key column ${name} has another type in the log than in the table`),
  ];
}

function typeOf({ DATA_TYPE, DATA_LENGTH, DATA_PRECISION, DATA_SCALE }: Column): string {
  return [DATA_TYPE, DATA_LENGTH, DATA_PRECISION, DATA_SCALE].join('/');
}

type Trigger = {
  readonly STATUS: string;
  readonly TABLE_NAME: string | null;
  /** `INVALID`: to be compiled again, as after DDL on the table. */
  readonly VALID: string | null;
  readonly OBJECT_ID: string | null;
  readonly CHANGED: string | null;
};

export async function readTrigger(
  session: Session,
  { schema, trigger }: CaptureNames,
): Promise<Trigger | null> {
  const [row] = await fromDictionary<Trigger>(
    session,
    (views) => `SELECT t.status, t.table_name, o.status AS valid, o.object_id,
                       TO_CHAR(o.last_ddl_time, 'YYYY-MM-DD HH24:MI:SS') AS changed
                  FROM ${views}_triggers t
                  LEFT JOIN ${views}_objects o
                    ON o.owner = t.owner AND o.object_type = 'TRIGGER' AND o.object_name = t.trigger_name
                 WHERE t.owner = :owner AND t.trigger_name = :name`,
    { owner: schema, name: trigger },
  );
  return row ?? null;
}

/** A partitioned table has no segment of its own: what happens to its partitions is not told here. */
async function readNumbers(session: Session, { schema, log, table }: CaptureNames): Promise<string[]> {
  const rows = await session.query<{ IS_LOG: string; OBJECT_ID: string; DATA_OBJECT_ID: string | null }>(
    `SELECT DECODE(object_name, :log, 1, 0) AS is_log, object_id, data_object_id FROM all_objects
      WHERE owner = :owner AND object_type = 'TABLE' AND object_name IN (:log_too, :captured)
      ORDER BY object_name`,
    { owner: schema, log, log_too: log, captured: table },
  );
  return rows.flatMap((row) => [row.IS_LOG === '1' ? row.OBJECT_ID : '', row.DATA_OBJECT_ID ?? '']);
}

/** ALL_TRIGGERS shows those of one's own tables only, however much of the others' one may read. */
async function fromDictionary<R extends Row>(
  session: Session,
  sql: (views: 'all' | 'dba') => string,
  binds: Record<string, string>,
): Promise<R[]> {
  const rows = await session.query<R>(sql('all'), binds);
  return rows.length > 0 ? rows : ((await tryRows<R>(session, sql('dba'), binds)) ?? []);
}

function triggerProblems({ table, trigger }: CaptureNames, found: Trigger | null): string[] {
  if (found === null) return [`the trigger ${trigger} is not there, or ALL_TRIGGERS does not show it to us`];
  if (found.TABLE_NAME !== table) return [`the trigger ${trigger} is not on the table ${table}`];
  if (found.STATUS !== 'ENABLED') return [`the trigger ${trigger} is disabled`];
  if (found.OBJECT_ID === null) return [`ALL_OBJECTS does not show us the trigger ${trigger}`];
  // INVALID is no gap: Oracle compiles it when it fires next, and refuses the change if it cannot.
  return [];
}
