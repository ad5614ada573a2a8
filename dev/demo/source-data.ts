/**
 * The demo's source: a point of sale and an HR system, generated in Oracle from row numbers alone, so that every run of
 * the demo sees the same rows. Times are wall times of UTC.
 */
import type oracledb from 'oracledb';
import { ascii } from '../../examples/hr/chance.ts';
import { firstNames, lastNames } from '../../examples/hr/words.ts';
import { createOwnTables, type DemoTable } from './own-tables.ts';
import { TABLES } from './source-tables.ts';
import { chance, oneOf } from './sql-chance.ts';

export type Amounts = { readonly sales: number; readonly employees: number };

export const AMOUNTS: Amounts = { sales: 200_000, employees: 4_000 };
export const DEPARTMENTS = 40;

/** Makes the tables and fills them, committed. @throws Error as `createOwnTables`. */
export async function createSource(
  connection: oracledb.Connection,
  amounts: Amounts,
  tables: readonly DemoTable[] = TABLES,
): Promise<void> {
  await createOwnTables(connection, tables);
  await insertSales(connection, { first: 1, last: amounts.sales });
  await connection.execute(INSERT_DEPARTMENTS, [DEPARTMENTS]);
  await connection.execute(INSERT_EMPLOYEES, [amounts.employees]);
  await connection.commit();
}

/** Sales of these numbers, not committed. */
export async function insertSales(
  connection: oracledb.Connection,
  { first, last }: { readonly first: number; readonly last: number },
): Promise<void> {
  await connection.execute(INSERT_SALES, { first, last });
  await connection.execute(REPEAT_SALES, { first, last });
}

/** One in ten has no reference. */
const INSERT_SALES = `
  INSERT INTO syncline_demo_sales (id, pdv, operator, amount, sold_at, type, reference, updated_at)
  SELECT n, 1 + ${chance('n', 1, 120)}, 'op-' || (100 + ${chance('n', 2, 900)}), (50 + ${chance('n', 3, 49_950)}) * 0.01,
         TIMESTAMP '2025-01-02 07:00:00' + NUMTODSINTERVAL(97 * n, 'SECOND'),
         ${oneOf(chance('n', 4, 5), ['sale', 'sale', 'sale', 'return', 'voucher'])},
         CASE WHEN ${chance('n', 5, 10)} > 0 THEN 'R-' || (1000000000 + ${chance('n', 6, 1_000_000_000)}) END,
         TIMESTAMP '2025-01-02 07:00:02' + NUMTODSINTERVAL(97 * n, 'SECOND')
    FROM (SELECT LEVEL AS n FROM dual CONNECT BY LEVEL <= :last) numbers
   WHERE n >= :first AND MOD(n, 500) <> 0`;

/** Every 500th sale repeats the one before it, 20 seconds later: a till that was pressed twice. */
const REPEAT_SALES = `
  INSERT INTO syncline_demo_sales (id, pdv, operator, amount, sold_at, type, reference, updated_at)
  SELECT id + 1, pdv, operator, amount, sold_at + INTERVAL '20' SECOND, type, reference,
         updated_at + INTERVAL '20' SECOND
    FROM syncline_demo_sales WHERE id >= :first AND id < :last AND MOD(id, 500) = 499`;

const INSERT_DEPARTMENTS = `
  INSERT INTO syncline_demo_departments (department_id, department_name, cost_centre, last_modified)
  SELECT n, ${oneOf('MOD(n, 8)', ['Sales', 'Accounting', 'Logistics', 'Purchasing', 'Production', 'Development', 'Stores', 'People'])}
              || ' ' || ${oneOf('MOD(TRUNC(n / 8), 5)', ['North', 'South', 'East', 'West', 'Centre'])},
         'K' || LPAD(TO_CHAR(n), 5, '0'), TIMESTAMP '2025-01-06 08:00:00' + NUMTODSINTERVAL(n, 'HOUR')
    FROM (SELECT LEVEL AS n FROM dual CONNECT BY LEVEL <= :many)`;

/** One in 40 goes by one name. */
const INSERT_EMPLOYEES = `
  INSERT INTO syncline_demo_employees
    (employee_id, first_name, last_name, email, hire_date, salary, active, department_id, job_title, phone, notes, last_modified)
  SELECT n, CASE WHEN ${chance('n', 1, 40)} > 0 THEN ${oneOf('a', firstNames)} END, ${oneOf('b', lastNames)},
         ${oneOf('a', firstNames.map(ascii))} || '.' || ${oneOf('b', lastNames.map(ascii))} || '.' || TO_CHAR(n) || '@example.com',
         DATE '2005-01-03' + ${chance('n', 2, 7_300)}, (240000 + ${chance('n', 3, 560_000)}) * 0.01,
         CASE WHEN ${chance('n', 4, 20)} > 0 THEN 'Y' ELSE 'N' END, 1 + ${chance('n', 5, DEPARTMENTS)},
         ${oneOf(chance('n', 9, 5), ['Clerk', 'Buyer', 'Analyst', 'Driver', 'Planner'])}, '+00 ' || (1000000 + ${chance('n', 10, 9_000_000)}),
         'Works ' || ${oneOf(chance('n', 11, 3), ['mornings', 'evenings', 'weekends'])} || '. Knows the new tills.',
         TIMESTAMP '2025-01-06 08:00:00' + NUMTODSINTERVAL(${chance('n', 6, 20_000_000)}, 'SECOND')
    FROM (SELECT n, ${chance('n', 7, firstNames.length)} AS a, ${chance('n', 8, lastNames.length)} AS b
            FROM (SELECT LEVEL AS n FROM dual CONNECT BY LEVEL <= :many))`;
