/** Tables and views that the login may read, with what an entity needs to know of them: key, times of change, comment. */
import { tryRows } from './dictionary.ts';
import type { Row, Session } from './session.ts';

export type ChangedAtCandidate = {
  readonly column: string;
  /** An index begins with it. */
  readonly isIndexed: boolean;
};

export type Relation = {
  readonly schema: string;
  readonly name: string;
  readonly kind: 'table' | 'view';
  /** As the optimiser's statistics say; null: never gathered, or a view. */
  readonly estimatedRows: number | null;
  /** The primary key, else a unique one without NULLs; null: there is none, as for every view. */
  readonly key: readonly string[] | null;
  /** Columns whose names say that they hold the time of the last change, the likeliest first. */
  readonly changedAt: readonly ChangedAtCandidate[];
  readonly comment: string | null;
};

/** Which of them. Without `schema`: all but Oracle's own. */
export type RelationFilter = {
  readonly schema: string | null;
  /** `exactly`: one name, as the dictionary has it; `like`: a pattern of LIKE, in any case. */
  readonly name: { readonly exactly: string } | { readonly like: string };
};

/** @throws SyncError */
export async function readRelations(session: Session, filter: RelationFilter): Promise<Relation[]> {
  const found = await readNames(session, filter);
  if (found.length === 0) return [];
  const columns = await readColumnsOfNote(session, filter);
  const keys = await readPrimaryKeys(session, filter);
  const indexes = await readIndexesOf(session, filter);
  const comments = await readComments(session, filter);
  return found.map(({ OWNER, NAME, KIND, NUM_ROWS }) => {
    const id = idOf(OWNER, NAME);
    const own = columns.filter(({ id: of }) => of === id);
    const ownIndexes = indexes.filter(({ id: of }) => of === id);
    return {
      schema: OWNER,
      name: NAME,
      kind: KIND === 'view' ? 'view' : 'table',
      estimatedRows: NUM_ROWS === null ? null : Number(NUM_ROWS),
      key: keys.get(id) ?? uniqueKey(ownIndexes, own),
      changedAt: candidates(own, ownIndexes),
      comment: comments.get(id) ?? null,
    };
  });
}

/** Two quoted names may hold a point. */
function idOf(owner: string, name: string): string {
  return JSON.stringify([owner, name]);
}

type Condition = { readonly sql: string; readonly binds: Record<string, string> };

function condition({ schema, name }: RelationFilter, columns: { owner: string; name: string }): Condition {
  const like = 'like' in name;
  const ofName = like ? `UPPER(${columns.name}) LIKE UPPER(:name)` : `${columns.name} = :name`;
  const binds = { name: like ? name.like : name.exactly };
  if (schema !== null)
    return { sql: `${columns.owner} = :owner AND ${ofName}`, binds: { ...binds, owner: schema } };
  const oracles = `SELECT username FROM all_users WHERE oracle_maintained = 'Y'`;
  return { sql: `${columns.owner} NOT IN (${oracles}) AND ${ofName}`, binds };
}

type NameRow = { OWNER: string; NAME: string; KIND: string; NUM_ROWS: string | null };

/** Without temporary tables, and those that are parts of others. */
async function readNames(session: Session, filter: RelationFilter): Promise<NameRow[]> {
  const tables = condition(filter, { owner: 'owner', name: 'table_name' });
  const views = condition(filter, { owner: 'owner', name: 'view_name' });
  return session.query<NameRow>(
    `SELECT owner, table_name AS name, 'table' AS kind, num_rows FROM all_tables
      WHERE ${tables.sql} AND temporary = 'N' AND secondary = 'N' AND nested = 'NO'
        AND (iot_type IS NULL OR iot_type = 'IOT')
      UNION ALL
     SELECT owner, view_name, 'view', CAST(NULL AS NUMBER) FROM all_views WHERE ${views.sql}
      ORDER BY 1, 2`,
    tables.binds,
  );
}

type ColumnOfNote = {
  readonly id: string;
  readonly name: string;
  readonly isTime: boolean;
  readonly isNullable: boolean;
};

/** Times, and what may be part of a key. */
async function readColumnsOfNote(session: Session, filter: RelationFilter): Promise<ColumnOfNote[]> {
  const { sql, binds } = condition(filter, { owner: 'owner', name: 'table_name' });
  const rows = await session.query<TableRow & { COLUMN_NAME: string; DATA_TYPE: string; NULLABLE: string }>(
    `SELECT owner, table_name, column_name, data_type, nullable FROM all_tab_columns
      WHERE ${sql} AND (nullable = 'N' OR data_type = 'DATE' OR data_type LIKE 'TIMESTAMP%')
      ORDER BY owner, table_name, column_id`,
    binds,
  );
  return rows.map((row) => ({
    id: idOf(row.OWNER, row.TABLE_NAME),
    name: row.COLUMN_NAME,
    isTime: /^(DATE|TIMESTAMP)/.test(row.DATA_TYPE),
    isNullable: row.NULLABLE !== 'N',
  }));
}

type TableRow = Row & { OWNER: string; TABLE_NAME: string };

async function readPrimaryKeys(session: Session, filter: RelationFilter): Promise<Map<string, string[]>> {
  const { sql, binds } = condition(filter, { owner: 'c.owner', name: 'c.table_name' });
  const rows = await tryRows<TableRow & { COLUMN_NAME: string }>(
    session,
    `SELECT c.owner, c.table_name, k.column_name
       FROM all_constraints c
       JOIN all_cons_columns k ON k.owner = c.owner AND k.constraint_name = c.constraint_name AND k.table_name = c.table_name
      WHERE ${sql} AND c.constraint_type = 'P' AND c.status = 'ENABLED'
      ORDER BY c.owner, c.table_name, k.position`,
    binds,
  );
  const keys = new Map<string, string[]>();
  for (const row of rows ?? []) {
    const id = idOf(row.OWNER, row.TABLE_NAME);
    keys.set(id, [...(keys.get(id) ?? []), row.COLUMN_NAME]);
  }
  return keys;
}

type IndexOfTable = {
  /** Of the table. */
  readonly id: string;
  readonly index: string;
  readonly isUnique: boolean;
  readonly columns: string[];
};

async function readIndexesOf(session: Session, filter: RelationFilter): Promise<IndexOfTable[]> {
  const { sql, binds } = condition(filter, { owner: 'i.table_owner', name: 'i.table_name' });
  const rows = await tryRows<
    TableRow & { INDEX_OWNER: string; INDEX_NAME: string; UNIQUENESS: string; COLUMN_NAME: string }
  >(
    session,
    `SELECT i.table_owner AS owner, i.table_name, i.owner AS index_owner, i.index_name, i.uniqueness, c.column_name
       FROM all_indexes i
       JOIN all_ind_columns c ON c.index_owner = i.owner AND c.index_name = i.index_name
      WHERE ${sql}
      ORDER BY i.table_owner, i.table_name, i.owner, i.index_name, c.column_position`,
    binds,
  );
  const indexes = new Map<string, IndexOfTable>();
  for (const row of rows ?? []) {
    const index = idOf(row.INDEX_OWNER, row.INDEX_NAME);
    const known = indexes.get(index);
    if (known !== undefined) known.columns.push(row.COLUMN_NAME);
    else {
      const id = idOf(row.OWNER, row.TABLE_NAME);
      indexes.set(index, { id, index, isUnique: row.UNIQUENESS === 'UNIQUE', columns: [row.COLUMN_NAME] });
    }
  }
  return [...indexes.values()];
}

/** The shortest; a row with a NULL in it would not be found by it. */
function uniqueKey(
  indexes: readonly IndexOfTable[],
  columns: readonly ColumnOfNote[],
): readonly string[] | null {
  const complete = new Set(columns.filter(({ isNullable }) => !isNullable).map(({ name }) => name));
  const unique = indexes.filter(
    (index) => index.isUnique && index.columns.every((name) => complete.has(name)),
  );
  unique.sort((a, b) => a.columns.length - b.columns.length);
  return unique[0]?.columns ?? null;
}

const CHANGE_WORDS = /MODIF|UPDAT|CHANG|AENDER|ÄNDER|(?:^|_)(?:UPD|MOD|CHG|MTIME)(?:_|$)/;

function candidates(
  columns: readonly ColumnOfNote[],
  indexes: readonly IndexOfTable[],
): ChangedAtCandidate[] {
  const found = columns.filter(({ name, isTime }) => isTime && CHANGE_WORDS.test(name.toUpperCase()));
  const rated = found.map(({ name, isNullable }) => {
    const isIndexed = indexes.some((index) => index.columns[0] === name);
    return { candidate: { column: name, isIndexed }, rating: (isIndexed ? 2 : 0) + (isNullable ? 0 : 1) };
  });
  return rated.sort((a, b) => b.rating - a.rating).map(({ candidate }) => candidate);
}

async function readComments(session: Session, filter: RelationFilter): Promise<Map<string, string>> {
  const { sql, binds } = condition(filter, { owner: 'owner', name: 'table_name' });
  const rows = await tryRows<TableRow & { COMMENTS: string }>(
    session,
    `SELECT owner, table_name, comments FROM all_tab_comments WHERE ${sql} AND comments IS NOT NULL`,
    binds,
  );
  return new Map((rows ?? []).map((row) => [idOf(row.OWNER, row.TABLE_NAME), row.COMMENTS]));
}
