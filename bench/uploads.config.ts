/** What `npm run bench:uploads` syncs: the same table at a PostgreSQL and at the Oracle simulator, open to devices. */
import { defineSync, env } from '../src/index.ts';

const upload = {
  writeBack: 'source',
  writable: ['amount', 'type'],
  fields: { type: { policy: 'manual' } },
} as const;

export default defineSync({
  store: { url: env('DATABASE_URL') },
  sources: {
    shop: { kind: 'postgres', url: env('SOURCE_URL') },
    erp: {
      kind: 'oracle',
      connectString: env('ERP_CONNECT'),
      user: env('ERP_USER'),
      password: env('ERP_PASSWORD'),
    },
  },
  pipelines: {
    shop: {
      source: 'shop',
      entities: {
        accounts: {
          read: { table: 'public.accounts' },
          key: 'id',
          changedAt: 'updated_at',
          mirror: 'bench.accounts',
          upload: { ...upload, writable: [...upload.writable] },
        },
      },
    },
    erp: {
      source: 'erp',
      entities: {
        erp_accounts: {
          read: { table: 'BENCH.ACCOUNTS' },
          key: 'ID',
          changedAt: 'UPDATED_AT',
          mirror: 'bench.erp_accounts',
          columns: {
            id: { from: 'ID' },
            amount: { from: 'AMOUNT' },
            type: { from: 'TYPE' },
            updated_at: { from: 'UPDATED_AT' },
          },
          upload: { ...upload, writable: [...upload.writable] },
        },
      },
    },
  },
});
