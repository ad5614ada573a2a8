/**
 * The demo's source: a point of sale and an HR system, generated in Oracle from row numbers alone, so that every run of
 * the demo sees the same rows. Times are wall times of UTC.
 */
import type oracledb from 'oracledb';
import { ascii } from '../../examples/hr/chance.ts';
import { firstNames, lastNames } from '../../examples/hr/words.ts';
import { createOwnTables, type DemoTable } from './own-tables.ts';
import { chance, oneOf } from './sql-chance.ts';

export type Amounts = { readonly sales: number; readonly employees: number };

export const AMOUNTS: Amounts = { sales: 200_000, employees: 4_000 };
export const DEPARTMENTS = 40;
export const NOW = 'SYS_EXTRACT_UTC(SYSTIMESTAMP)';

/** Those that others refer to first. */
export const TABLES: readonly DemoTable[] = [
  {
    name: 'SYNCLINE_DEMO_SALES',
    definition: `(
      id NUMBER(18) PRIMARY KEY,
      pdv NUMBER(6) NOT NULL,
      operator VARCHAR2(20) NOT NULL,
      amount NUMBER(12, 2) NOT NULL,
      sold_at TIMESTAMP(6) NOT NULL,
      type VARCHAR2(12) NOT NULL,
      reference VARCHAR2(30),
      updated_at TIMESTAMP(6) DEFAULT ${NOW} NOT NULL)`,
    indexes: ['CREATE INDEX syncline_demo_sales_changed ON syncline_demo_sales (updated_at, id)'],
  },
  {
    name: 'SYNCLINE_DEMO_DEPARTMENTS',
    definition: `(
      department_id NUMBER(6) PRIMARY KEY,
      department_name VARCHAR2(60 CHAR) NOT NULL,
      cost_centre CHAR(8) NOT NULL,
      last_modified TIMESTAMP(6) DEFAULT ${NOW} NOT NULL)`,
    indexes: [
      'CREATE INDEX syncline_demo_dept_changed ON syncline_demo_departments (last_modified, department_id)',
    ],
  },
  {
    name: 'SYNCLINE_DEMO_EMPLOYEES',
    definition: `(
      employee_id NUMBER(10) PRIMARY KEY,
      first_name VARCHAR2(40 CHAR),
      last_name VARCHAR2(40 CHAR) NOT NULL,
      email VARCHAR2(120) NOT NULL,
      hire_date DATE NOT NULL,
      salary NUMBER(10, 2) NOT NULL,
      active CHAR(1) NOT NULL CHECK (active IN ('Y', 'N')),
      department_id NUMBER(6) NOT NULL REFERENCES syncline_demo_departments (department_id),
      last_modified TIMESTAMP(6) DEFAULT ${NOW} NOT NULL)`,
    indexes: [
      'CREATE INDEX syncline_demo_emp_changed ON syncline_demo_employees (last_modified, employee_id)',
      'CREATE INDEX syncline_demo_emp_department ON syncline_demo_employees (department_id)',
    ],
  },
];

/** Makes the tables and fills them, committed. @throws Error as `createOwnTables`. */
export async function createSource(connection: oracledb.Connection, amounts: Amounts): Promise<void> {
  await createOwnTables(connection, TABLES);
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
    (employee_id, first_name, last_name, email, hire_date, salary, active, department_id, last_modified)
  SELECT n, CASE WHEN ${chance('n', 1, 40)} > 0 THEN ${oneOf('a', firstNames)} END, ${oneOf('b', lastNames)},
         ${oneOf('a', firstNames.map(ascii))} || '.' || ${oneOf('b', lastNames.map(ascii))} || '.' || TO_CHAR(n) || '@example.com',
         DATE '2005-01-03' + ${chance('n', 2, 7_300)}, (240000 + ${chance('n', 3, 560_000)}) * 0.01,
         CASE WHEN ${chance('n', 4, 20)} > 0 THEN 'Y' ELSE 'N' END, 1 + ${chance('n', 5, DEPARTMENTS)},
         TIMESTAMP '2025-01-06 08:00:00' + NUMTODSINTERVAL(${chance('n', 6, 20_000_000)}, 'SECOND')
    FROM (SELECT n, ${chance('n', 7, firstNames.length)} AS a, ${chance('n', 8, lastNames.length)} AS b
            FROM (SELECT LEVEL AS n FROM dual CONNECT BY LEVEL <= :many))`;
