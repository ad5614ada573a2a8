/** The demo's configuration: a point of sale and an HR system, mirrored with rules that the demo puts to the test. */
import { z } from 'zod';
import { decimal, defineSync, env } from '../../src/index.ts';

const sale = z.object({
  amount: decimal({ min: '0' }),
  type: z.enum(['sale', 'return', 'voucher', 'correction']),
});

export default defineSync({
  store: { url: env('DATABASE_URL') },
  sources: {
    shop: { kind: 'postgres', url: env('SOURCE_URL'), limits: { concurrency: 6 } },
  },
  pipelines: {
    pos: {
      source: 'shop',
      schedule: {
        incremental: { every: '1 minute' },
        full: { cron: '0 3 * * *', timeZone: 'Europe/Berlin' },
      },
      entities: {
        sales: {
          read: { table: 'pos.sales' },
          key: 'id',
          changedAt: 'updated_at',
          mirror: 'pos.sales',
          validate: sale,
          deduplicate: {
            by: ['pdv', 'operator', 'amount', 'reference'],
            within: '5 minutes',
            at: 'sold_at',
            retention: '400 days',
          },
          chunkRows: 10_000,
        },
      },
    },
    hr: {
      source: 'shop',
      schedule: { incremental: { every: '1 minute' } },
      entities: {
        departments: {
          read: { table: 'hr.departments' },
          key: 'department_id',
          changedAt: 'updated_at',
          mirror: 'hr.departments',
        },
        employees: {
          read: { table: 'hr.employees' },
          key: 'employee_id',
          changedAt: 'updated_at',
          mirror: 'hr.employees',
          columns: {
            employee_id: {},
            department_id: {},
            full_name: { compute: (row) => `${row.first_name} ${row.last_name}`, type: 'text' },
            email: {},
            hired_on: {},
            salary: {},
            active: {},
            updated_at: {},
            review_status: { local: true, type: 'text', default: 'NEW' },
          },
        },
      },
    },
  },
});
