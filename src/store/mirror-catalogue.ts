/** A mirror as PostgreSQL's catalogue has it. */
import type { EntitySpec } from '../domain/entity.ts';
import type { Db } from '../pg/pool.ts';

export type CatalogueColumn = {
  readonly name: string;
  /** As format_type() prints it. */
  readonly type: string;
  readonly notNull: boolean;
  readonly hasDefault: boolean;
  /** Computed by PostgreSQL from other columns. */
  readonly generated: boolean;
  /** Byte order: the collation is "C", or the type has none. */
  readonly bytewise: boolean;
  readonly comment: string | null;
};

export type CatalogueTable = {
  readonly columns: ReadonlyMap<string, CatalogueColumn>;
  readonly primaryKey: readonly string[];
};

/** @returns null when there is no such table. */
export async function readMirror(
  db: Db,
  plan: { readonly spec: Pick<EntitySpec, 'mirror'> },
): Promise<CatalogueTable | null> {
  const { schema, table } = plan.spec.mirror;
  const { rows } = await db.query<{ columns: CatalogueColumn[]; primary_key: string[] }>(
    `SELECT (SELECT jsonb_agg(jsonb_build_object(
                      'name', a.attname, 'type', format_type(a.atttypid, a.atttypmod), 'notNull', a.attnotnull,
                      'hasDefault', a.atthasdef OR a.attidentity <> '', 'generated', a.attgenerated <> '',
                      'bytewise', a.attcollation = 0 OR l.collcollate = 'C',
                      'comment', col_description(c.oid, a.attnum)) ORDER BY a.attnum)
               FROM pg_attribute AS a
               LEFT JOIN pg_collation AS l ON l.oid = a.attcollation
              WHERE a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped) AS columns,
            coalesce((SELECT jsonb_agg(a.attname ORDER BY k.position)
               FROM pg_index AS i
              CROSS JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, position)
               JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum = k.attnum
              WHERE i.indrelid = c.oid AND i.indisprimary), '[]') AS primary_key
       FROM pg_class AS c
       JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2 AND c.relkind IN ('r', 'p')`,
    [schema, table],
  );
  const row = rows[0];
  if (row === undefined) return null;
  return {
    columns: new Map(row.columns.map((column) => [column.name, column])),
    primaryKey: row.primary_key,
  };
}
