/**
 * An Oracle HR system and its inventory, mirrored into PostgreSQL as people read them: names put together, departments,
 * jobs, cities and products beside the rows that belong to them. schema.sql makes the source, load.ts fills it.
 * DATABASE_URL: the store. ERP_CONNECT (`host:1521/service`), ERP_USER, ERP_PASSWORD: the source.
 */
import { decimal, defineSync, env } from 'syncline';
import { z } from 'zod';

export default defineSync({
  store: { url: env('DATABASE_URL') },

  sources: {
    erp: {
      kind: 'oracle',
      connectString: env('ERP_CONNECT'),
      user: env('ERP_USER'),
      password: env('ERP_PASSWORD'),
      timeZone: 'UTC',
      pool: { min: 10, max: 50, waitMs: 30_000, idleMs: 600_000, lifetimeMs: 1_800_000 },
      statementCacheSize: 25,
      connectTimeoutMs: 10_000,
    },
  },

  pipelines: {
    hr: {
      source: 'erp',
      schedule: {
        incremental: { every: '1 minute' },
        full: { cron: '0 2 * * *', timeZone: 'Europe/Berlin' },
      },
      entities: {
        departments: {
          read: {
            sql: `SELECT d.DEPARTMENT_ID, d.DEPARTMENT_NAME, d.MANAGER_ID, l.CITY, c.COUNTRY_NAME, r.REGION_NAME,
                         d.REGION_ID, d.LAST_MODIFIED, l.LAST_MODIFIED AS LOCATION_MODIFIED,
                         c.LAST_MODIFIED AS COUNTRY_MODIFIED, r.LAST_MODIFIED AS REGION_MODIFIED
                    FROM HR.DEPARTMENTS d
                    LEFT JOIN HR.LOCATIONS l ON l.LOCATION_ID = d.LOCATION_ID
                    LEFT JOIN HR.COUNTRIES c ON c.COUNTRY_ID = l.COUNTRY_ID
                    LEFT JOIN HR.REGIONS r ON r.REGION_ID = d.REGION_ID`,
          },
          key: 'DEPARTMENT_ID',
          changedAt: ['LAST_MODIFIED', 'LOCATION_MODIFIED', 'COUNTRY_MODIFIED', 'REGION_MODIFIED'],
          mirror: 'hr.departments',
          columns: {
            department_id: { from: 'DEPARTMENT_ID' },
            department_name: { from: 'DEPARTMENT_NAME' },
            manager_id: { from: 'MANAGER_ID' },
            city: { from: 'CITY' },
            country_name: { from: 'COUNTRY_NAME' },
            region_name: { from: 'REGION_NAME' },
            region_id: { from: 'REGION_ID' },
          },
        },

        employees: {
          // Renaming a department or a job changes the mirror of everybody in it: their times are in changedAt too.
          read: {
            sql: `SELECT e.EMPLOYEE_ID, e.FIRST_NAME, e.LAST_NAME, e.EMAIL, e.PHONE_NUMBER, e.HIRE_DATE, e.JOB_ID,
                         j.JOB_TITLE, e.SALARY, e.COMMISSION_PCT, e.MANAGER_ID, e.DEPARTMENT_ID, d.DEPARTMENT_NAME,
                         e.REGION_ID, e.LAST_MODIFIED, d.LAST_MODIFIED AS DEPARTMENT_MODIFIED,
                         j.LAST_MODIFIED AS JOB_MODIFIED
                    FROM HR.EMPLOYEES e
                    LEFT JOIN HR.DEPARTMENTS d ON d.DEPARTMENT_ID = e.DEPARTMENT_ID
                    LEFT JOIN HR.JOBS j ON j.JOB_ID = e.JOB_ID`,
          },
          key: 'EMPLOYEE_ID',
          changedAt: ['LAST_MODIFIED', 'DEPARTMENT_MODIFIED', 'JOB_MODIFIED'],
          mirror: 'hr.employees',
          columns: {
            employee_id: { from: 'EMPLOYEE_ID' },
            // No first name is NULL, as the empty text is.
            full_name: {
              compute: (row) =>
                row.FIRST_NAME === null ? String(row.LAST_NAME) : `${row.FIRST_NAME} ${row.LAST_NAME}`,
              type: 'text',
            },
            email: { from: 'EMAIL' },
            phone_number: { from: 'PHONE_NUMBER' },
            hire_date: { from: 'HIRE_DATE' },
            job_id: { from: 'JOB_ID' },
            job_title: { from: 'JOB_TITLE' },
            salary: { from: 'SALARY' },
            commission_pct: { from: 'COMMISSION_PCT' },
            manager_id: { from: 'MANAGER_ID' },
            department_id: { from: 'DEPARTMENT_ID' },
            department_name: { from: 'DEPARTMENT_NAME' },
            region_id: { from: 'REGION_ID' },
            last_modified: { from: 'LAST_MODIFIED' },
            // Ours: a sync fills it in new rows and then leaves it alone.
            onboarding: { local: true, default: 'OPEN' },
          },
          validate: z.object({
            email: z.string().includes('@'),
            salary: decimal({ min: '0' }).nullable(),
          }),
        },

        job_history: {
          read: { table: 'HR.JOB_HISTORY' },
          key: ['EMPLOYEE_ID', 'START_DATE'],
          changedAt: 'LAST_MODIFIED',
          mirror: 'hr.job_history',
        },
      },
    },

    inventory: {
      source: 'erp',
      schedule: { incremental: { every: '30 s' }, full: { cron: '0 3 * * *', timeZone: 'Europe/Berlin' } },
      entities: {
        stock: {
          read: {
            sql: `SELECT i.PRODUCT_ID, i.LOCATION_ID, p.SKU, p.PRODUCT_NAME, p.UNIT_PRICE, p.DISCONTINUED, l.CITY,
                         i.QUANTITY_ON_HAND, i.REORDER_LEVEL, i.REGION_ID, i.LAST_MODIFIED,
                         p.LAST_MODIFIED AS PRODUCT_MODIFIED, l.LAST_MODIFIED AS LOCATION_MODIFIED
                    FROM HR.INVENTORIES i
                    LEFT JOIN HR.PRODUCTS p ON p.PRODUCT_ID = i.PRODUCT_ID
                    LEFT JOIN HR.LOCATIONS l ON l.LOCATION_ID = i.LOCATION_ID`,
          },
          key: ['PRODUCT_ID', 'LOCATION_ID'],
          changedAt: ['LAST_MODIFIED', 'PRODUCT_MODIFIED', 'LOCATION_MODIFIED'],
          mirror: 'inventory.stock',
          columns: {
            product_id: { from: 'PRODUCT_ID' },
            location_id: { from: 'LOCATION_ID' },
            sku: { from: 'SKU' },
            product_name: { from: 'PRODUCT_NAME' },
            city: { from: 'CITY' },
            quantity_on_hand: { from: 'QUANTITY_ON_HAND' },
            reorder_level: { from: 'REORDER_LEVEL' },
            unit_price: { from: 'UNIT_PRICE' },
            discontinued: { compute: (row) => row.DISCONTINUED === 'Y', type: 'boolean' },
            region_id: { from: 'REGION_ID' },
          },
        },

        products: {
          read: { table: 'HR.PRODUCTS' },
          key: 'PRODUCT_ID',
          changedAt: 'LAST_MODIFIED',
          mirror: 'inventory.products',
        },

        stock_transactions: {
          read: { table: 'HR.STOCK_TRANSACTIONS' },
          key: 'TRANSACTION_ID',
          changedAt: 'LAST_MODIFIED',
          mirror: 'inventory.stock_transactions',
          lanes: 4,
        },
      },
    },
  },
});
