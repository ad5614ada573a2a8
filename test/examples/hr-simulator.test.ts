import oracledb from 'oracledb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type OracleSimulator, startOracleSimulator } from '../../dev/oracle-simulator/start.ts';
import { loadHr } from '../../examples/hr/load.ts';
import { hrTables } from '../../examples/hr/rows.ts';
import { loadConfig } from '../../src/config/load.ts';
import { oracleOptions } from '../../src/connectors/oracle/config.ts';
import { type OwnCluster, ownCluster } from '../support/servers.ts';

const amounts = { employees: 200, stockTransactions: 1_000 };
const password = 'Hr-example-1';

let cluster: OwnCluster;
let simulator: OracleSimulator;
let connection: oracledb.Connection;

beforeAll(async () => {
  cluster = await ownCluster({ collation: 'C' });
  simulator = await startOracleSimulator({
    postgresUrl: cluster.url('postgres'),
    users: [{ name: 'HR', password }],
  });
  const { connectString } = simulator;
  connection = await oracledb.getConnection({ connectString, user: 'HR', password });
  await loadHr(connection, amounts);
});

afterAll(async () => {
  await connection?.close();
  await simulator?.stop();
  await cluster?.remove();
});

async function rowsOf(sql: string, binds: oracledb.BindParameters = []): Promise<Record<string, unknown>[]> {
  const result = await connection.execute<Record<string, unknown>>(sql, binds, {
    outFormat: oracledb.OUT_FORMAT_OBJECT,
  });
  return result.rows ?? [];
}

async function readOf(pipeline: string, entity: string): Promise<string> {
  const { pipelines } = await loadConfig({
    path: new URL('../../examples/hr', import.meta.url).pathname,
    sourceKinds: { oracle: oracleOptions },
    environment: { DATABASE_URL: 'postgres://store/db', ERP_CONNECT: 'x', ERP_USER: 'x', ERP_PASSWORD: 'x' },
  });
  const read = pipelines[pipeline]?.entities[entity]?.read;
  if (read?.kind !== 'sql') throw new Error(`${pipeline}.${entity} is not a query`);
  return read.sql;
}

describe('the example in the simulator', () => {
  test.each(hrTables(amounts).map((table) => ({ table: table.table, rows: table.rows })))(
    '$table has all rows that were generated',
    async ({ table, rows }) => {
      const [found] = await rowsOf(`SELECT COUNT(*) AS N FROM ${table}`);
      expect(found?.N).toBe([...rows()].length);
    },
  );

  test('each employee stands once in the joined read, with department and job', async () => {
    const rows = await rowsOf(await readOf('hr', 'employees'));
    expect(rows).toHaveLength(amounts.employees);
    const [first] = rows.filter(({ EMPLOYEE_ID }) => EMPLOYEE_ID === 1);
    expect(first).toMatchObject({ MANAGER_ID: null, EMAIL: expect.stringMatching(/@example\.com$/) });
    for (const row of rows) {
      expect(row.DEPARTMENT_NAME).not.toBeNull();
      expect(row.JOB_TITLE).not.toBeNull();
    }
  });

  test('a department with a new name is a change of its employees', async () => {
    const sql = await readOf('hr', 'employees');
    const [before] = await rowsOf('SELECT SYSTIMESTAMP AS T FROM DUAL');
    await connection.execute(
      `UPDATE DEPARTMENTS SET DEPARTMENT_NAME = 'Renamed', LAST_MODIFIED = SYSTIMESTAMP WHERE DEPARTMENT_ID = 1`,
    );
    await connection.commit();
    const changed = await rowsOf(
      `SELECT EMPLOYEE_ID, DEPARTMENT_ID, DEPARTMENT_NAME FROM (${sql}) WHERE LAST_MODIFIED >= :1 OR DEPARTMENT_MODIFIED >= :2`,
      [before?.T, before?.T],
    );
    const [members] = await rowsOf('SELECT COUNT(*) AS N FROM EMPLOYEES WHERE DEPARTMENT_ID = 1');
    expect(changed.length).toBeGreaterThan(0);
    expect(changed).toHaveLength(Number(members?.N));
    for (const row of changed) expect(row).toMatchObject({ DEPARTMENT_ID: 1, DEPARTMENT_NAME: 'Renamed' });
  });

  test.each([
    ['hr', 'departments', 'DEPARTMENTS'],
    ['inventory', 'stock', 'INVENTORIES'],
  ])('the joined read of %s.%s has every row of %s once', async (pipeline, entity, table) => {
    const [all] = await rowsOf(`SELECT COUNT(*) AS N FROM ${table}`);
    expect(await rowsOf(await readOf(pipeline, entity))).toHaveLength(Number(all?.N));
  });

  test('the sequence gives keys above those that were generated', async () => {
    const [row] = await rowsOf('SELECT EMPLOYEES_SEQ.NEXTVAL AS N FROM DUAL');
    expect(row?.N).toBe(1_000_000_000);
  });
});
