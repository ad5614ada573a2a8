/**
 * Licenses of an Oracle system that people also change by SQL in PostgreSQL: a trigger stages what they do, and it goes
 * to Oracle like a device's change. ERP_CONNECT (`host:1521/service`), ERP_USER, ERP_PASSWORD: the source.
 */
import { defineSync, env } from 'syncline';
import { licenseRule } from './license-rule.ts';

export default defineSync({
  store: { url: env('DATABASE_URL') },

  sources: {
    erp: {
      kind: 'oracle',
      connectString: env('ERP_CONNECT'),
      user: env('ERP_USER'),
      password: env('ERP_PASSWORD'),
      timeZone: 'UTC',
    },
  },

  pipelines: {
    licenses: {
      source: 'erp',
      schedule: { incremental: { every: '1 minute' } },
      entities: {
        licenses: {
          read: { table: 'ERP.LICENSES' },
          key: 'LICENSE_ID',
          changedAt: 'LAST_MODIFIED',
          mirror: 'erp.licenses',
          upload: {
            writeBack: 'source',
            writable: ['holder', 'status', 'seats', 'valid_until'],
            operations: ['insert', 'update'],
            fields: { status: { policy: 'rules' } },
            rules: [licenseRule],
            captureMirrorEdits: true,
          },
        },
      },
    },
  },
});
