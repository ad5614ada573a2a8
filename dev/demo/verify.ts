/** Does the mirror hold what the source holds? Counts and order-independent digests of the rows' texts, on both sides. */
import type pg from 'pg';

export type Comparison = {
  readonly table: string;
  readonly sourceRows: number;
  readonly mirrorRows: number;
  readonly equal: boolean;
};

type Compared = {
  readonly table: string;
  readonly entity: string;
  readonly key: string;
  readonly columns: readonly string[];
};

const TABLES: readonly Compared[] = [
  {
    table: 'pos.sales',
    entity: 'sales',
    key: 'id',
    columns: ['id', 'pdv', 'operator', 'amount', 'sold_at', 'type', 'reference', 'updated_at'],
  },
  {
    table: 'hr.departments',
    entity: 'departments',
    key: 'department_id',
    columns: ['department_id', 'name', 'cost_centre', 'updated_at'],
  },
  {
    table: 'hr.employees',
    entity: 'employees',
    key: 'employee_id',
    columns: ['employee_id', 'department_id', 'email', 'hired_on', 'salary', 'active', 'updated_at'],
  },
];

/** Rows that the mirror leaves out by rule (duplicates, quarantine) are left out of the source's side too. */
export async function compareAll(source: pg.Pool, store: pg.Pool): Promise<Comparison[]> {
  const comparisons: Comparison[] = [];
  for (const compared of TABLES) {
    const left = await store.query<{ key: string }>(
      `SELECT key FROM syncline.skipped_row WHERE entity = $1
       UNION SELECT key FROM syncline.quarantine WHERE entity = $1`,
      [compared.entity],
    );
    const leftOut = left.rows.map((row) => row.key);
    const [there, here] = await Promise.all([
      digest(source, compared, { where: `${compared.key}::text <> ALL ($1::text[])`, values: [leftOut] }),
      digest(store, compared, {
        where: `sync_deleted_at IS NULL AND ${compared.key}::text <> ALL ($1::text[])`,
        values: [leftOut],
      }),
    ]);
    comparisons.push({
      table: compared.table,
      sourceRows: there.rows,
      mirrorRows: here.rows,
      equal: there.rows === here.rows && there.digest === here.digest,
    });
  }
  return comparisons;
}

async function digest(
  db: pg.Pool,
  { table, columns }: Compared,
  rowsOf: { where: string; values: unknown[] },
): Promise<{ rows: number; digest: string }> {
  const row = `row(${columns.join(', ')})::text`;
  const { rows } = await db.query<{ rows: string; digest: string }>(
    `SELECT count(*) AS rows, coalesce(sum(hashtextextended(${row}, 7)::numeric), 0)::text AS digest
       FROM ${table} WHERE ${rowsOf.where}`,
    rowsOf.values,
  );
  const found = rows[0] as { rows: string; digest: string };
  return { rows: Number(found.rows), digest: found.digest };
}
