/** An employee as Oracle has it and as the mirror has it. */
import oracledb from 'oracledb';
import type { Db } from '../../src/pg/pool.ts';
import type { EmployeeFields } from './offline-edits.ts';

export type AtBoth = { readonly source: EmployeeFields | null; readonly mirror: EmployeeFields | null };

export async function employeeAtBoth(
  { owner, mirrors }: { readonly owner: oracledb.Connection; readonly mirrors: Db },
  employee: string,
): Promise<AtBoth> {
  const there = await owner.execute<EmployeeFields>(
    `SELECT job_title AS "job_title", phone AS "phone", notes AS "notes",
            TO_CHAR(salary, 'FM99999990.00') AS "salary"
       FROM syncline_demo_employees WHERE employee_id = :employee`,
    { employee: Number(employee) },
    { outFormat: oracledb.OUT_FORMAT_OBJECT },
  );
  const here = await mirrors.query<EmployeeFields>(
    'SELECT job_title, phone, notes, salary::numeric(10, 2)::text AS salary FROM hr.employees WHERE employee_id = $1',
    [employee],
  );
  return { source: there.rows?.[0] ?? null, mirror: here.rows[0] ?? null };
}

/** Whether both have these values. */
export function same({ source, mirror }: AtBoth, expected: Partial<EmployeeFields>): boolean {
  const names = Object.keys(expected) as (keyof EmployeeFields)[];
  return names.every((name) => source?.[name] === expected[name] && mirror?.[name] === expected[name]);
}
