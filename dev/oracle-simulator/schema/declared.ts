import type { OracleType } from '../types.ts';
import { type ColumnCache, columnsOf } from './types.ts';
import type { Database } from './users.ts';

export type ObjectName = { readonly schema: string; readonly name: string };

/** `nullable`: for columns of views only; tables know themselves. */
export type Declared = { readonly name: string; readonly type: OracleType; readonly nullable?: boolean };

/** Writes down columns as CREATE TABLE or ALTER TABLE declared them; those of the same name are replaced. */
export async function declareColumns(
  db: Database,
  table: ObjectName,
  columns: readonly Declared[],
): Promise<void> {
  if (columns.length === 0) return;
  await db.query(
    `INSERT INTO oracle.declared_column
      (table_schema, table_name, column_name, type_name, precision, scale, length, unit, nullable)
    SELECT $1, $2, c.name, c."typeName", c.precision, c.scale, c.length, c.unit, c.nullable
    FROM jsonb_to_recordset($3::jsonb) AS c (name text, "typeName" text, precision integer, scale integer,
      length integer, unit text, nullable boolean)
    ON CONFLICT (table_schema, table_name, column_name) DO UPDATE SET type_name = excluded.type_name,
      precision = excluded.precision, scale = excluded.scale, length = excluded.length, unit = excluded.unit,
      nullable = excluded.nullable`,
    [table.schema, table.name, JSON.stringify(columns.map(asRow))],
  );
}

function asRow({ name, type, nullable }: Declared): Record<string, unknown> {
  const { name: typeName, precision, scale, length, unit } = type;
  return { name, typeName, precision, scale, length, unit, nullable: nullable ?? null };
}

/**
 * Writes down what a view's columns are: those of the tables behind it, which PostgreSQL forgets for views. Needs the
 * transaction or a state after CREATE VIEW.
 */
export async function declareView(db: Database, view: ObjectName, cache: ColumnCache): Promise<void> {
  const { rows } = await db.query<{ text: string; names: string[] }>(
    `SELECT pg_get_viewdef(c.oid) AS text,
      ARRAY(SELECT attname::text FROM pg_attribute WHERE attrelid = c.oid AND attnum > 0 ORDER BY attnum) AS names
    FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace WHERE n.nspname = $1 AND c.relname = $2`,
    [view.schema, view.name],
  );
  const found = rows[0];
  if (found === undefined) throw new Error(`no view ${view.schema}.${view.name}`);
  const { fields } = await db.query(`SELECT * FROM (${found.text.replace(/;\s*$/, '')}) AS v LIMIT 0`);
  const nulls = /\b(LEFT|RIGHT|FULL)\b/.test(found.text) ? 'everywhere' : 'asDeclared';
  const columns = await columnsOf(db, fields, { cache, nulls });
  await db.query('DELETE FROM oracle.declared_column WHERE table_schema = $1 AND table_name = $2', [
    view.schema,
    view.name,
  ]);
  await declareColumns(
    db,
    view,
    columns.map(({ type, nullable }, index) => ({ name: found.names[index] ?? '', type, nullable })),
  );
}
