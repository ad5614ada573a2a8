/** What two people did on their devices while they were offline: both to one employee, one of them to another as well. */
import { randomUUID } from 'node:crypto';
import { encodeHlc } from '../../src/domain/upload/hlc.ts';
import type { WireMutation } from '../../src/domain/upload/wire.ts';
import type { Db } from '../../src/pg/pool.ts';

/** Whose row both change, and whose only Anna does. */
export const SHARED_EMPLOYEE = '17';
export const OTHER_EMPLOYEE = '18';

/** Columns that the devices change, as text. */
export type EmployeeFields = {
  readonly job_title: string;
  readonly phone: string;
  readonly notes: string;
  readonly salary: string;
};

/** The row as the devices have it, and two salaries that they want. */
export type Seen = EmployeeFields & { readonly salary_by_5: string; readonly salary_by_15: string };

export type Device = { readonly device: string; readonly user: string };

export const ANNA: Device = { device: 'anna-tablet', user: 'anna' };
export const BEN: Device = { device: 'ben-phone', user: 'ben' };

export const BENS = { job_title: 'Team lead', phone: '+00 7770002', note: ' Speaks Spanish.' } as const;
export const ANNAS = {
  job_title: 'Senior planner',
  phone: '+00 7770001',
  note: 'Prefers mail. ',
  othersPhone: '+00 7770003',
} as const;

/** Anna edited before Ben, and sends after him. */
const ANNA_MINUTES_AGO = 40;
const BEN_MINUTES_AGO = 20;

export async function readSeen(mirrors: Db, employee: string): Promise<Seen> {
  const { rows } = await mirrors.query<Seen>(
    `SELECT job_title, phone, notes, salary::text, round(salary * 1.05, 2)::text AS salary_by_5,
            round(salary * 1.15, 2)::text AS salary_by_15
       FROM hr.employees WHERE employee_id = $1`,
    [employee],
  );
  if (rows[0] === undefined) throw new Error(`Employee ${employee} is not in the mirror`);
  return rows[0];
}

export function bensEdits(shared: Seen): WireMutation[] {
  const edit = editsOf({ ...BEN, minutesAgo: BEN_MINUTES_AGO });
  return [
    edit(SHARED_EMPLOYEE, shared, { notes: shared.notes + BENS.note }),
    edit(SHARED_EMPLOYEE, shared, { phone: BENS.phone }),
    edit(SHARED_EMPLOYEE, shared, { salary: shared.salary_by_15 }),
    edit(SHARED_EMPLOYEE, shared, { job_title: BENS.job_title }),
  ];
}

/** The job title last but one: a row that waits for a person makes what comes after it of the same row wait too. */
export function annasEdits(shared: Seen, other: Seen): WireMutation[] {
  const edit = editsOf({ ...ANNA, minutesAgo: ANNA_MINUTES_AGO });
  return [
    edit(SHARED_EMPLOYEE, shared, { notes: ANNAS.note + shared.notes }),
    edit(SHARED_EMPLOYEE, shared, { phone: ANNAS.phone }),
    edit(SHARED_EMPLOYEE, shared, { salary: shared.salary_by_5 }),
    edit(SHARED_EMPLOYEE, shared, { job_title: ANNAS.job_title }),
    edit(OTHER_EMPLOYEE, other, { phone: ANNAS.othersPhone }),
  ];
}

/** Each change says what the device saw before it, and what its clock showed. */
function editsOf({ device, minutesAgo }: Device & { readonly minutesAgo: number }) {
  const startMs = Date.now() - minutesAgo * 60_000;
  let edits = 0;
  return (row: string, seen: Seen, values: Partial<EmployeeFields>): WireMutation => {
    const { job_title, phone, notes, salary } = seen;
    return {
      mutation: randomUUID(),
      entity: 'employees',
      row,
      operation: 'update',
      values,
      base: { values: { job_title, phone, notes, salary } },
      hlc: encodeHlc({ ms: startMs + edits++ * 1_000, counter: 0, node: device }),
    };
  };
}
