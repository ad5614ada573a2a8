/**
 * Deals of a CRM with columns of our own beside them. The CRM owns name, stage and amount; the local columns are ours,
 * and a sync never overwrites them, except by the rule of `workflow_status`.
 */
import { decimal, defineSync, env, instant } from 'syncline';
import { z } from 'zod';
import { closeWhenClosedInCrm } from './close-when-closed.ts';

export default defineSync({
  store: { url: env('DATABASE_URL') },

  sources: {
    crm: { kind: 'postgres', url: env('CRM_URL') },
  },

  pipelines: {
    crm: {
      source: 'crm',
      schedule: { incremental: { every: '30 s' }, full: { cron: '0 2 * * *' } },
      entities: {
        opportunities: {
          read: { table: 'crm.opportunities' },
          key: 'opportunity_id',
          changedAt: 'last_modified',
          mirror: 'crm.opportunities',
          columns: {
            opportunity_id: { from: 'opportunity_id' },
            account: { from: 'account_name' },
            stage: { from: 'stage' },
            amount: { from: 'amount' },
            expected_close: { from: 'expected_close' },
            last_modified: { from: 'last_modified' },
            workflow_status: { local: true, default: 'NEW', onSource: closeWhenClosedInCrm },
            assigned_to: { local: true },
            notes: { local: true },
            follow_up_on: { local: true, type: 'date' },
          },
          validate: z.object({
            amount: decimal({ min: '0' }).nullable(),
            last_modified: instant({ after: '2000-01-01' }),
          }),
        },
      },
    },
  },
});
