import { describe, expect, test } from 'vitest';
import { parseStatement } from '../../dev/oracle-simulator/sql/parse.ts';
import { chance } from '../../examples/hr/chance.ts';
import { schemaStatements } from '../../examples/hr/load.ts';
import { hrTables, managers, type Value } from '../../examples/hr/rows.ts';
import { loadConfig } from '../../src/config/load.ts';
import { oracleOptions } from '../../src/connectors/oracle/config.ts';

const amounts = { employees: 500, stockTransactions: 2_000 };

const config = () =>
  loadConfig({
    path: new URL('../../examples/hr', import.meta.url).pathname,
    sourceKinds: { oracle: oracleOptions },
    environment: {
      DATABASE_URL: 'postgres://reader:Zu8-example@localhost/db',
      ERP_CONNECT: 'localhost:1521/FREEPDB1',
      ERP_USER: 'sync',
      ERP_PASSWORD: 'Zu8-example',
    },
  });

/** Rows of a table, by the names of its columns. */
function rowsOf(table: string, given = amounts): Record<string, Value>[] {
  const found = hrTables(given).find((candidate) => candidate.table === table);
  if (found === undefined) throw new Error(`there is no table ${table}`);
  return Array.from(found.rows(), (row) => {
    expect(row).toHaveLength(found.columns.length);
    return Object.fromEntries(found.columns.map(({ name }, index) => [name, row[index] ?? null]));
  });
}

const idsOf = (table: string, column: string) => new Set(rowsOf(table).map((row) => row[column]));

describe('configuration', () => {
  test('loads, with the pool and the entities of an HR system and its inventory', async () => {
    const { sources, pipelines } = await config();
    expect(sources.erp?.options).toMatchObject({
      connectString: 'localhost:1521/FREEPDB1',
      user: 'sync',
      pool: { min: 10, max: 50, waitMs: 30_000, idleMs: 600_000, lifetimeMs: 1_800_000 },
      statementCacheSize: 25,
      connectTimeoutMs: 10_000,
    });
    expect(Object.keys(pipelines.hr?.entities ?? {})).toEqual(['departments', 'employees', 'job_history']);
    expect(Object.keys(pipelines.inventory?.entities ?? {})).toEqual([
      'stock',
      'products',
      'stock_transactions',
    ]);
  });

  test('a change of the department or the job counts as one of the employee', async () => {
    const employees = (await config()).pipelines.hr?.entities.employees;
    expect(employees?.changedAt?.columns).toEqual(['LAST_MODIFIED', 'DEPARTMENT_MODIFIED', 'JOB_MODIFIED']);
  });

  test.each([
    [{ FIRST_NAME: 'Zoë', LAST_NAME: 'Ito' }, 'Zoë Ito'],
    [{ FIRST_NAME: null, LAST_NAME: 'Ito' }, 'Ito'],
  ])('the full name of %j', async (row, expected) => {
    const columns = (await config()).pipelines.hr?.entities.employees?.columns;
    const fullName = columns?.find(({ name }) => name === 'full_name');
    expect(fullName?.role === 'compute' && fullName.compute(row)).toBe(expected);
  });

  test('every joined read is understood by the dialect of the simulator', async () => {
    const { pipelines } = await config();
    const reads = Object.values(pipelines).flatMap(({ entities }) =>
      Object.values(entities).flatMap(({ read }) => (read.kind === 'sql' ? [read.sql] : [])),
    );
    expect(reads).toHaveLength(3);
    for (const sql of reads) expect(parseStatement(sql).kind).toBe('query');
  });
});

describe('schema', () => {
  test('is understood by the dialect of the simulator', async () => {
    const statements = await schemaStatements();
    expect(statements).toHaveLength(30);
    for (const statement of statements) expect(parseStatement(statement).kind).toBe('other');
  });

  test('makes a table with LAST_MODIFIED and an index on it for everything that is generated', async () => {
    const statements = await schemaStatements();
    for (const { table, columns } of hrTables(amounts)) {
      const made = statements.find((statement) =>
        statement.startsWith(`CREATE TABLE ${table.toLowerCase()} (`),
      );
      for (const { name } of columns) expect(made).toMatch(new RegExp(`^  ${name.toLowerCase()} `, 'm'));
      expect(
        statements.some((statement) => statement.includes(`ON ${table.toLowerCase()} (last_modified, `)),
      ).toBe(true);
    }
  });
});

describe('rows', () => {
  test('are the same every time', () => {
    const all = () => hrTables(amounts).map(({ table, rows }) => [table, ...rows()]);
    expect(all()).toEqual(all());
  });

  test('are as many as were asked for', () => {
    const counts = Object.fromEntries(
      hrTables({ employees: 1_000 }).map(({ table, rows }) => [table, Array.from(rows()).length]),
    );
    expect(counts).toMatchObject({
      EMPLOYEES: 1_000,
      DEPARTMENTS: 40,
      JOB_HISTORY: 250,
      STOCK_TRANSACTIONS: 5_000,
    });
  });

  test.each([
    ['COUNTRIES', 'REGION_ID', 'REGIONS'],
    ['LOCATIONS', 'COUNTRY_ID', 'COUNTRIES'],
    ['DEPARTMENTS', 'LOCATION_ID', 'LOCATIONS'],
    ['EMPLOYEES', 'JOB_ID', 'JOBS'],
    ['EMPLOYEES', 'DEPARTMENT_ID', 'DEPARTMENTS'],
    ['JOB_HISTORY', 'EMPLOYEE_ID', 'EMPLOYEES'],
    ['INVENTORIES', 'PRODUCT_ID', 'PRODUCTS'],
    ['INVENTORIES', 'LOCATION_ID', 'LOCATIONS'],
    ['STOCK_TRANSACTIONS', 'EMPLOYEE_ID', 'EMPLOYEES'],
  ])('%s.%s is in %s', (table, column, parent) => {
    const known = idsOf(parent, column);
    expect(rowsOf(table).filter((row) => !known.has(row[column]))).toEqual([]);
  });

  test('a manager comes before those who report to him or her', () => {
    const wrong = rowsOf('EMPLOYEES').filter(
      ({ EMPLOYEE_ID, MANAGER_ID }) => MANAGER_ID !== null && Number(MANAGER_ID) >= Number(EMPLOYEE_ID),
    );
    expect(wrong).toEqual([]);
  });

  test('each department has one leader, who works there', () => {
    const departmentOf = new Map(rowsOf('EMPLOYEES').map((row) => [row.EMPLOYEE_ID, row.DEPARTMENT_ID]));
    const leaders = [...managers(amounts)];
    expect(new Set(leaders.map(([, department]) => department)).size).toBe(leaders.length);
    expect(leaders.length).toBeGreaterThan(10);
    for (const [employee, department] of leaders) expect(departmentOf.get(employee)).toBe(department);
  });

  test('what moved is what is in stock', () => {
    const moved = new Map<string, number>();
    for (const { PRODUCT_ID, LOCATION_ID, QUANTITY } of rowsOf('STOCK_TRANSACTIONS')) {
      const place = `${PRODUCT_ID} ${LOCATION_ID}`;
      moved.set(place, (moved.get(place) ?? 0) + Number(QUANTITY));
    }
    const stock = rowsOf('INVENTORIES');
    expect(new Set(stock.map((row) => `${row.PRODUCT_ID} ${row.LOCATION_ID}`)).size).toBe(stock.length);
    for (const { PRODUCT_ID, LOCATION_ID, QUANTITY_ON_HAND } of stock) {
      const place = `${PRODUCT_ID} ${LOCATION_ID}`;
      expect(QUANTITY_ON_HAND).toBe(100_000 + (moved.get(place) ?? 0));
      moved.delete(place);
    }
    expect(moved.size).toBe(0);
  });

  test('salaries are within the range of the job, mail addresses are one of a kind', () => {
    const ranges = new Map(rowsOf('JOBS').map((row) => [row.JOB_ID, row]));
    const employees = rowsOf('EMPLOYEES');
    for (const { JOB_ID, SALARY } of employees) {
      const range = ranges.get(JOB_ID);
      expect(Number(SALARY)).toBeGreaterThanOrEqual(Number(range?.MIN_SALARY));
      expect(Number(SALARY)).toBeLessThanOrEqual(Number(range?.MAX_SALARY));
    }
    expect(new Set(employees.map(({ EMAIL }) => EMAIL)).size).toBe(employees.length);
    for (const { EMAIL } of employees) expect(EMAIL).toMatch(/^[a-z]+\.[a-z]+\.\d+@example\.com$/);
  });

  test('chance is spread evenly', () => {
    const buckets = new Array<number>(10).fill(0);
    for (let n = 1; n <= 10_000; n += 1) buckets[chance(n, 7) % 10] = (buckets[chance(n, 7) % 10] ?? 0) + 1;
    expect(Math.min(...buckets)).toBeGreaterThan(850);
    expect(Math.max(...buckets)).toBeLessThan(1_150);
  });
});
