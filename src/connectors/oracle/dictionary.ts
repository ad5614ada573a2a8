/**
 * What the data dictionary says of what an entity reads. Views of it that are not there, or not for our login, leave
 * things unknown: nothing here fails for that.
 */
import type { ReadSpec } from '../../domain/entity.ts';
import { parseTable } from './relation.ts';
import type { Row, Session } from './session.ts';
import { isNotGranted } from './snapshot.ts';

export type TableFacts = {
  readonly owner: string;
  readonly name: string;
  /** 'heap': rows have ROWIDs that stay what they are. */
  readonly storage: 'heap' | 'other';
  /** As the optimiser's statistics say; null: never gathered. */
  readonly rows: number | null;
  readonly rowBytes: number | null;
};

/** Rows, or null where the view may not be read. */
export async function tryRows<R extends Row>(
  session: Session,
  sql: string,
  binds: Record<string, string> = {},
): Promise<R[] | null> {
  try {
    return await session.query<R>(sql, binds);
  } catch (error) {
    if (isNotGranted(error)) return null;
    throw error;
  }
}

/** null: a view, a query, or something that the dictionary does not show. */
export async function readTable(session: Session, read: ReadSpec): Promise<TableFacts | null> {
  if (read.kind === 'sql') return null;
  const { schema, table } = parseTable(read.table);
  const owner = schema ?? (await currentSchema(session));
  const found = await tableNamed(session, { owner, name: table });
  if (found !== null) return found;
  const synonyms = await tryRows<{
    OWNER: string;
    TABLE_OWNER: string | null;
    TABLE_NAME: string;
    DB_LINK: string | null;
  }>(
    session,
    `SELECT owner, table_owner, table_name, db_link FROM all_synonyms
      WHERE synonym_name = :name AND owner IN (:owner, 'PUBLIC')`,
    { name: table, owner },
  );
  const own = synonyms?.find((each) => each.OWNER === owner);
  const target = own ?? (schema === null ? synonyms?.[0] : undefined);
  if (target === undefined || target.TABLE_OWNER === null || target.DB_LINK !== null) return null;
  return tableNamed(session, { owner: target.TABLE_OWNER, name: target.TABLE_NAME });
}

export async function currentSchema(session: Session): Promise<string> {
  const [row] = await session.query<{ NAME: string }>(
    `SELECT SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA') AS name FROM dual`,
  );
  return row?.NAME ?? '';
}

async function tableNamed(
  session: Session,
  { owner, name }: { owner: string; name: string },
): Promise<TableFacts | null> {
  const rows = await tryRows<{
    NUM_ROWS: string | null;
    AVG_ROW_LEN: string | null;
    IOT_TYPE: string | null;
    TEMPORARY: string | null;
  }>(
    session,
    `SELECT num_rows, avg_row_len, iot_type, temporary FROM all_tables WHERE owner = :owner AND table_name = :name`,
    { owner, name },
  );
  const [row] = rows ?? [];
  if (row === undefined) return null;
  return {
    owner,
    name,
    storage: row.IOT_TYPE === null && row.TEMPORARY !== 'Y' ? 'heap' : 'other',
    rows: row.NUM_ROWS === null ? null : Number(row.NUM_ROWS),
    rowBytes: row.AVG_ROW_LEN === null ? null : Number(row.AVG_ROW_LEN),
  };
}

/** Columns of each index of a table, in order. null: unknown. */
export async function readIndexes(
  session: Session,
  { owner, name }: Pick<TableFacts, 'owner' | 'name'>,
): Promise<string[][] | null> {
  const rows = await tryRows<{ INDEX_OWNER: string; INDEX_NAME: string; COLUMN_NAME: string }>(
    session,
    `SELECT index_owner, index_name, column_name FROM all_ind_columns
      WHERE table_owner = :owner AND table_name = :name ORDER BY index_owner, index_name, column_position`,
    { owner, name },
  );
  if (rows === null) return null;
  const indexes = new Map<string, string[]>();
  for (const row of rows) {
    const index = `${row.INDEX_OWNER}.${row.INDEX_NAME}`;
    indexes.set(index, [...(indexes.get(index) ?? []), row.COLUMN_NAME]);
  }
  return [...indexes.values()];
}

/** Digits of seconds of INTERVAL DAY TO SECOND columns, which the driver does not tell. */
export async function readIntervalDigits(
  session: Session,
  { owner, name }: Pick<TableFacts, 'owner' | 'name'>,
): Promise<ReadonlyMap<string, number>> {
  const rows = await tryRows<{ COLUMN_NAME: string; DATA_SCALE: string | null }>(
    session,
    `SELECT column_name, data_scale FROM all_tab_columns
      WHERE owner = :owner AND table_name = :name AND data_type LIKE 'INTERVAL DAY%'`,
    { owner, name },
  );
  return new Map(
    (rows ?? []).flatMap((row) =>
      row.DATA_SCALE === null ? [] : [[row.COLUMN_NAME, Number(row.DATA_SCALE)]],
    ),
  );
}

/** An index whose first columns are these, in this order, gives rows in their order. */
export function hasIndexOn(indexes: readonly (readonly string[])[], columns: readonly string[]): boolean {
  return indexes.some((index) => columns.every((column, i) => index[i] === column));
}
