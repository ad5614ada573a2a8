/**
 * Inspections of sites. The sites come from a facility system, which people in the field only read; plans beside them and
 * the inspections themselves are ours: devices make them offline, and the mirror is their system of record.
 */
import { defineSync, env } from 'syncline';

export default defineSync({
  store: { url: env('DATABASE_URL') },

  sources: {
    facilities: { kind: 'postgres', url: env('SOURCE_URL') },
  },

  pipelines: {
    field: {
      source: 'facilities',
      schedule: { incremental: { every: '1 minute' }, full: { cron: '0 2 * * *' } },
      entities: {
        sites: {
          read: { table: 'facilities.sites' },
          key: 'site_id',
          changedAt: 'modified_at',
          mirror: 'field.sites',
          columns: {
            site_id: {},
            name: {},
            address: {},
            modified_at: {},
            inspector: { local: true },
            next_visit: { local: true, type: 'date' },
            last_grade: { local: true, type: 'smallint' },
          },
          upload: {
            writeBack: 'mirror',
            // Two planners who send somebody else to a site talk about it first.
            fields: { inspector: { policy: 'manual' } },
            approval: { remindAfter: '4 hours', expireAfter: '2 days', onExpire: 'server' },
          },
        },

        inspections: {
          // Nothing is read: the query says what a key is, and gives no row.
          read: { sql: 'SELECT NULL::uuid AS inspection_id WHERE false' },
          key: 'inspection_id',
          mirror: 'field.inspections',
          columns: {
            inspection_id: {},
            site_id: { local: true, type: 'bigint' },
            done_at: { local: true, type: 'timestamptz' },
            grade: { local: true, type: 'smallint' },
            findings: { local: true, type: 'text' },
            photos: { local: true, type: 'jsonb' },
          },
          upload: {
            writeBack: 'mirror',
            operations: ['insert', 'update', 'delete'],
            fields: {
              site_id: { references: 'sites' },
              findings: { merge: 'text' },
              photos: { merge: 'array' },
            },
            afterApply: {
              sql: `UPDATE field.sites
                       SET last_grade = (SELECT grade FROM field.inspections
                                          WHERE site_id = $1 AND sync_deleted_at IS NULL
                                          ORDER BY done_at DESC NULLS LAST LIMIT 1)
                     WHERE site_id = $1`,
              per: 'site_id',
            },
          },
        },
      },
    },
  },
});
