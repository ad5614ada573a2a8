/** What `npm run bench:uploads` syncs: the same table at a PostgreSQL and at the Oracle simulator, open to devices. */
import { defineSync, type EntityInput, env } from '../src/index.ts';
import { accounts, erp, shop } from './entities.ts';

const upload: EntityInput['upload'] = {
  writeBack: 'source',
  writable: ['amount', 'type'],
  fields: { type: { policy: 'manual' } },
};

export default defineSync({
  store: { url: env('DATABASE_URL') },
  sources: { shop, erp },
  pipelines: {
    shop: {
      source: 'shop',
      entities: {
        accounts: { ...accounts, upload },
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
          upload,
        },
      },
    },
  },
});
