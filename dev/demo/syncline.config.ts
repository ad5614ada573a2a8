/**
 * The demo's configuration: a point of sale and an HR system in Oracle, mirrored with rules that the demo puts to the
 * test. source-tables.ts makes the source's tables.
 */
import { z } from 'zod';
import { salaryRule } from '../../examples/hr/salary-rule.ts';
import { decimal, defineSync, env } from '../../src/index.ts';

const sale = z.object({
  amount: decimal({ min: '0' }),
  type: z.enum(['sale', 'return', 'voucher', 'correction']),
});

export default defineSync({
  store: { url: env('DATABASE_URL') },
  sources: {
    erp: {
      kind: 'oracle',
      connectString: env('ERP_CONNECT'),
      user: env('ERP_USER'),
      password: env('ERP_PASSWORD'),
      timeZone: 'UTC',
      limits: { concurrency: 6 },
    },
  },
  pipelines: {
    pos: {
      source: 'erp',
      schedule: {
        incremental: { every: '1 minute' },
        full: { cron: '0 3 * * *', timeZone: 'Europe/Berlin' },
      },
      entities: {
        sales: {
          read: { table: 'SYNCLINE_DEMO_SALES' },
          key: 'ID',
          changedAt: 'UPDATED_AT',
          mirror: 'pos.sales',
          columns: {
            id: { from: 'ID' },
            pdv: { from: 'PDV' },
            operator: { from: 'OPERATOR' },
            amount: { from: 'AMOUNT' },
            timestamp: { from: 'SOLD_AT' },
            type: { from: 'TYPE' },
            reference: { from: 'REFERENCE' },
            updated_at: { from: 'UPDATED_AT' },
          },
          validate: sale,
          deduplicate: {
            by: ['pdv', 'operator', 'amount', 'reference'],
            within: '5 minutes',
            at: 'timestamp',
            retention: '3650 days',
          },
          // Small ones, so that there is a middle for a worker to be killed in.
          chunkRows: 20_000,
        },
      },
    },
    hr: {
      source: 'erp',
      schedule: { incremental: { every: '1 minute' } },
      entities: {
        departments: {
          read: { table: 'SYNCLINE_DEMO_DEPARTMENTS' },
          key: 'DEPARTMENT_ID',
          changedAt: 'LAST_MODIFIED',
          mirror: 'hr.departments',
        },
        employees: {
          // A department with a new name changes the mirror of everybody in it: its time is in changedAt too.
          read: {
            sql: `SELECT e.*, d.DEPARTMENT_NAME, d.LAST_MODIFIED AS DEPARTMENT_MODIFIED
                    FROM SYNCLINE_DEMO_EMPLOYEES e
                    LEFT JOIN SYNCLINE_DEMO_DEPARTMENTS d ON d.DEPARTMENT_ID = e.DEPARTMENT_ID`,
          },
          key: 'EMPLOYEE_ID',
          changedAt: ['LAST_MODIFIED', 'DEPARTMENT_MODIFIED'],
          mirror: 'hr.employees',
          columns: {
            employee_id: { from: 'EMPLOYEE_ID' },
            full_name: {
              compute: (row) =>
                row.FIRST_NAME === null ? String(row.LAST_NAME) : `${row.FIRST_NAME} ${row.LAST_NAME}`,
              type: 'text',
            },
            email: { from: 'EMAIL' },
            hire_date: { from: 'HIRE_DATE' },
            salary: { from: 'SALARY' },
            active: { compute: (row) => row.ACTIVE === 'Y', type: 'boolean' },
            department_id: { from: 'DEPARTMENT_ID' },
            department_name: { from: 'DEPARTMENT_NAME' },
            job_title: { from: 'JOB_TITLE' },
            phone: { from: 'PHONE' },
            notes: { from: 'NOTES' },
            last_modified: { from: 'LAST_MODIFIED' },
            // Ours: a sync fills it in new rows and then leaves it alone.
            review_status: { local: true, type: 'text', default: 'NEW' },
          },
          // What devices may change while they are offline, and how it is decided where two of them did.
          upload: {
            writeBack: { table: 'SYNCLINE_DEMO_EMPLOYEES' },
            writable: ['job_title', 'phone', 'notes', 'salary'],
            policy: 'lastWriteWins',
            fields: { notes: { merge: 'text' }, job_title: { policy: 'manual' } },
            rules: [salaryRule],
          },
          // Devices pull it and push to it over HTTP.
          feed: true,
        },
      },
    },
  },
  gateway: {
    // Any that is free.
    port: 0,
    auth: { issuer: 'https://demo.invalid', audience: 'syncline', secret: env('JWT_SECRET') },
  },
});
