/** The main job from an Oracle: what arrives, what a second run finds changed, and what commits late. */
import oracledb from 'oracledb';
import { afterEach, describe, expect, it } from 'vitest';
import { createKit, type Kit } from './run-kit.ts';

let kit: Kit;
afterEach(() => kit.close());

const EMPLOYEES = [
  `CREATE TABLE departments (department_id NUMBER(6) PRIMARY KEY, department_name VARCHAR2(60 CHAR) NOT NULL,
     last_modified TIMESTAMP(6) DEFAULT SYS_EXTRACT_UTC(SYSTIMESTAMP) NOT NULL)`,
  `CREATE TABLE employees (employee_id NUMBER(10) PRIMARY KEY, last_name VARCHAR2(40 CHAR), grade CHAR(5), salary NUMBER(10, 2),
     department_id NUMBER(6) REFERENCES departments (department_id),
     last_modified TIMESTAMP(6) DEFAULT SYS_EXTRACT_UTC(SYSTIMESTAMP) NOT NULL)`,
  `INSERT INTO departments (department_id, department_name) SELECT LEVEL, 'Department ' || LEVEL FROM DUAL CONNECT BY LEVEL <= 10`,
  `INSERT INTO employees (employee_id, last_name, grade, salary, department_id)
     SELECT LEVEL, CASE WHEN MOD(LEVEL, 7) > 0 THEN 'Name ' || LEVEL ELSE '' END, 'A' || MOD(LEVEL, 4), LEVEL * 10.5, 1 + MOD(LEVEL, 10)
       FROM DUAL CONNECT BY LEVEL <= 500`,
];

const employees = {
  employees: {
    read: {
      sql: `SELECT e.EMPLOYEE_ID, e.LAST_NAME, e.GRADE, e.SALARY, d.DEPARTMENT_NAME, e.LAST_MODIFIED,
                   d.LAST_MODIFIED AS DEPARTMENT_MODIFIED
              FROM EMPLOYEES e LEFT JOIN DEPARTMENTS d ON d.DEPARTMENT_ID = e.DEPARTMENT_ID`,
    },
    key: 'EMPLOYEE_ID',
    changedAt: ['LAST_MODIFIED', 'DEPARTMENT_MODIFIED'],
    mirror: 'hr.employees',
  },
};

async function execute(sql: string): Promise<void> {
  await kit.oracle?.sql('ERP', sql);
}

async function connect(): Promise<oracledb.Connection> {
  return oracledb.getConnection({
    user: 'ERP',
    password: 'tiger',
    connectString: kit.oracle?.connectString as string,
  });
}

describe('runs from Oracle', () => {
  it('full, then nothing to write, then what changed, joined rows too (C15, C20)', async () => {
    kit = await createKit({ sql: 'SELECT', oracle: EMPLOYEES, entities: employees });
    expect((await kit.runOne('full')).counts).toMatchObject({ fetched: 500, inserted: 500 });
    const columns = 'employee_id, last_name, grade, salary, department_name';
    const before = await kit.mirror('hr.employees', columns);
    expect(before.slice(5, 8)).toEqual([
      '(6,"Name 6","A2   ",63,"Department 7")',
      '(7,,"A3   ",73.5,"Department 8")',
      '(8,"Name 8","A0   ",84,"Department 9")',
    ]);
    // '' is NULL, CHAR is padded, NUMBER has no zeros at its end: none of it is a change.
    expect((await kit.runOne('full')).counts).toMatchObject({ fetched: 500, unchanged: 500, updated: 0 });

    await execute(
      `UPDATE departments SET department_name = 'Renamed', last_modified = SYS_EXTRACT_UTC(SYSTIMESTAMP) WHERE department_id = 3`,
    );
    await execute(`INSERT INTO employees (employee_id, last_name, department_id) VALUES (501, 'New', 4)`);
    const { counts } = await kit.runOne('incremental');
    expect(counts).toMatchObject({ updated: 50, inserted: 1 });
    expect((await kit.mirror('hr.employees', columns))[11]).toBe('(12,"Name 12","A0   ",126,Renamed)');

    await execute('DELETE FROM employees WHERE employee_id <= 20');
    expect((await kit.runOne('full')).counts).toMatchObject({ tombstoned: 20, updated: 0, inserted: 0 });
    expect(await kit.mirror('hr.employees')).toHaveLength(481);
  });

  it('waits for a transaction that commits late, in both runs (C3)', async () => {
    kit = await createKit({ sql: 'SELECT', oracle: EMPLOYEES, entities: employees });
    const late = await connect();
    await late.execute(
      `INSERT INTO employees (employee_id, last_name, department_id) VALUES (900, 'Late', 1)`,
    );
    expect((await kit.runOne('full')).counts.inserted).toBe(500);
    await execute(`INSERT INTO employees (employee_id, last_name, department_id) VALUES (901, 'Early', 1)`);
    expect((await kit.runOne('incremental')).counts.inserted).toBe(1);
    await late.commit();
    await late.close();
    expect((await kit.runOne('incremental')).counts.inserted).toBe(1);
    expect(await kit.mirror('hr.employees', 'employee_id')).toContain('(900)');
    expect(await kit.mirror('hr.employees')).toHaveLength(502);
  });
});
