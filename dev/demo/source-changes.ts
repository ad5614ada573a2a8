/** What happens at the demo's source while it is being synced. */
import type oracledb from 'oracledb';
import { type Amounts, insertSales } from './source-data.ts';
import { NOW } from './source-tables.ts';
import { chance } from './sql-chance.ts';

export type Changes = {
  readonly updated: number;
  readonly inserted: number;
  readonly deletedIds: readonly string[];
};

/** The sale that another transaction changes, and commits late: nobody else touches it. */
export const LATE_SALE = 4_321;
export const RENAMED_DEPARTMENT = 7;

const DELETED = `${chance('id', 12, 1_000)} < 2 AND id <> ${LATE_SALE}`;

/** Changes 2 % of the sales, committed: updates, inserts, deletes, and one poison row with an amount of −100. */
export async function changeSource(connection: oracledb.Connection, { sales }: Amounts): Promise<Changes> {
  const { rowsAffected: updated = 0 } = await connection.execute(
    `UPDATE syncline_demo_sales SET amount = amount + 1.25, type = 'correction', updated_at = ${NOW}
      WHERE ${chance('id', 11, 1_000)} < 13 AND id <> ${LATE_SALE}`,
  );
  const { rows: deleted = [] } = await connection.execute<[string]>(
    `SELECT TO_CHAR(id) FROM syncline_demo_sales WHERE ${DELETED}`,
  );
  await connection.execute(`DELETE FROM syncline_demo_sales WHERE ${DELETED}`);
  const inserted = Math.ceil(sales / 200);
  await insertSales(connection, { first: sales + 1, last: sales + inserted });
  await connection.execute(
    `UPDATE syncline_demo_sales SET updated_at = ${NOW}, amount = CASE WHEN id = :poison THEN -100 ELSE amount END
      WHERE id > :last`,
    { poison: sales + 7, last: sales },
  );
  await connection.execute(
    `UPDATE syncline_demo_employees SET salary = ROUND(salary * 1.02, 2), last_modified = ${NOW}
      WHERE MOD(employee_id, 50) = 0`,
  );
  await connection.commit();
  return { updated, inserted, deletedIds: deleted.map(([id]) => id) };
}

/** Stamps its row now, commits later: a watermark that only looks at timestamps would never see it. */
export async function openLateTransaction(
  connect: () => Promise<oracledb.Connection>,
): Promise<{ commit(): Promise<void> }> {
  const connection = await connect();
  await connection.execute(
    `UPDATE syncline_demo_sales SET reference = 'late', updated_at = ${NOW} WHERE id = ${LATE_SALE}`,
  );
  return {
    commit: async () => {
      await connection.commit();
      await connection.close();
    },
  };
}

/** No row of its employees changes at the source. */
export async function renameDepartment(connection: oracledb.Connection, name: string): Promise<void> {
  await connection.execute(
    `UPDATE syncline_demo_departments SET department_name = :name, last_modified = ${NOW}
      WHERE department_id = ${RENAMED_DEPARTMENT}`,
    { name },
    { autoCommit: true },
  );
}
