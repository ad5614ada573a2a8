import type pg from 'pg';
import type { Column, OracleType } from '../types.ts';
import { type BaseTypes, resultType } from './result-types.ts';
import type { Database } from './users.ts';

/** A column of a result, as PostgreSQL describes it. `tableID` 0: an expression. */
export type ResultField = Pick<
  pg.FieldDef,
  'name' | 'tableID' | 'columnID' | 'dataTypeID' | 'dataTypeModifier'
>;

type PlainColumn = { readonly type: OracleType; readonly nullable: boolean };

/** What was found out of tables, for one database. Whoever executes DDL clears it. */
export type ColumnCache = {
  clear(): void;
  baseTypes(db: Database): Promise<BaseTypes>;
  /** Columns of these tables, by number of the table and number of the column. */
  tables(
    db: Database,
    ids: readonly number[],
  ): Promise<ReadonlyMap<number, ReadonlyMap<number, PlainColumn>>>;
};

export function createColumnCache(): ColumnCache {
  let baseTypes: Promise<BaseTypes> | null = null;
  const tables = new Map<number, ReadonlyMap<number, PlainColumn>>();
  let age = 0;
  return {
    clear() {
      age += 1;
      tables.clear();
    },
    baseTypes(db) {
      baseTypes ??= loadBaseTypes(db).catch((error: unknown) => {
        baseTypes = null;
        throw error;
      });
      return baseTypes;
    },
    async tables(db, ids) {
      const missing = ids.filter((id) => !tables.has(id));
      if (missing.length === 0) return tables;
      const asked = age;
      const loaded = await loadTables(db, missing);
      // Cleared meanwhile: what was read may be old already. This call may have it, later ones may not.
      if (asked !== age) return new Map([...tables, ...loaded]);
      for (const [id, columns] of loaded) tables.set(id, columns);
      return tables;
    },
  };
}

/**
 * Oracle's columns of a result. Plain columns of tables as they were declared, with their true nullability; everything
 * else by its PostgreSQL type, and nullable.
 * `nulls` 'everywhere': the statement has an outer join, which makes NULL of any column.
 */
export async function columnsOf(
  db: Database,
  fields: readonly ResultField[],
  options: { readonly cache: ColumnCache; readonly nulls?: 'asDeclared' | 'everywhere' },
): Promise<Column[]> {
  const { cache, nulls = 'asDeclared' } = options;
  const baseTypes = await cache.baseTypes(db);
  const plain = fields.filter(({ tableID, columnID }) => tableID > 0 && columnID > 0);
  const tables = await cache.tables(db, [...new Set(plain.map(({ tableID }) => tableID))]);
  return fields.map((field) => {
    const known = field.columnID > 0 ? tables.get(field.tableID)?.get(field.columnID) : undefined;
    return {
      name: field.name,
      type: known?.type ?? resultType(field, baseTypes),
      nullable: nulls === 'everywhere' || (known?.nullable ?? true),
    };
  });
}

async function loadBaseTypes(db: Database): Promise<BaseTypes> {
  const { rows } = await db.query<{ oid: number; typname: string }>(`
    SELECT oid::integer AS oid, typname FROM pg_type WHERE typnamespace = 'oracle'::regnamespace AND typtype = 'b'
      AND typelem = 0`);
  return new Map(rows.map(({ oid, typname }) => [oid, typname]));
}

type DetailRow = {
  relation: number;
  number: number;
  type_name: OracleType['name'];
  precision: number | null;
  scale: number | null;
  length: number | null;
  unit: OracleType['unit'];
  is_nullable: boolean;
};

async function loadTables(
  db: Database,
  ids: readonly number[],
): Promise<Map<number, Map<number, PlainColumn>>> {
  const { rows } = await db.query<DetailRow>(
    `SELECT relation::bigint::float8 AS relation, number, type_name, precision, scale, length, unit, is_nullable
    FROM oracle.column_detail WHERE relation = ANY ($1::oid[])`,
    [ids],
  );
  // A table that has none, as it is no user's, is not asked for again.
  const tables = new Map<number, Map<number, PlainColumn>>(ids.map((id) => [id, new Map()]));
  for (const row of rows) {
    const { precision, scale, length, unit } = row;
    tables.get(row.relation)?.set(row.number, {
      type: { name: row.type_name, precision, scale, length, unit },
      nullable: row.is_nullable,
    });
  }
  return tables;
}
