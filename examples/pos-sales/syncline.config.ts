/**
 * A point of sale and an HR system in one PostgreSQL source, mirrored into another PostgreSQL.
 * DATABASE_URL: the store. SOURCE_URL: the source, with the schemas pos and hr.
 */
import { decimal, defineSync, env } from 'syncline';
import { z } from 'zod';

export default defineSync({
  store: { url: env('DATABASE_URL') },

  sources: {
    shops: { kind: 'postgres', url: env('SOURCE_URL'), timeZone: 'Europe/Berlin' },
  },

  pipelines: {
    pos: {
      source: 'shops',
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
          columns: {
            id: { from: 'id' },
            pdv: { from: 'pdv' },
            operator: { from: 'operator' },
            amount: { from: 'amount' },
            timestamp: { from: 'sold_at' },
            type: { from: 'type' },
            reference: { from: 'reference' },
          },
          // A negative amount is set aside in quarantine; the other rows are loaded.
          validate: z.object({ amount: decimal({ min: '0' }) }),
          // A till that was pressed twice: the first sale of five minutes stays.
          deduplicate: {
            by: ['pdv', 'operator', 'amount', 'reference'],
            within: '5 minutes',
            at: 'timestamp',
          },
        },
      },
    },

    hr: {
      source: 'shops',
      schedule: {
        incremental: { every: '5 minutes' },
        full: { cron: '30 3 * * *', timeZone: 'Europe/Berlin' },
      },
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
            employee_id: { from: 'employee_id' },
            department_id: { from: 'department_id' },
            full_name: { compute: (row) => `${row.first_name} ${row.last_name}`, type: 'text' },
            email: { from: 'email' },
            hired_on: { from: 'hired_on' },
            salary: { from: 'salary' },
            active: { from: 'active' },
            // Ours: a sync fills it in new rows and then leaves it alone.
            onboarding: { local: true, default: 'OPEN' },
          },
          validate: z.object({ email: z.string().includes('@'), salary: decimal({ min: '0' }) }),
        },
      },
    },
  },
});
