import { z } from 'zod';
import { decimal, defineSync, env } from '../src/index.ts';
import { erp, shop } from './entities.ts';

const sale = z.object({
  pdv: z.number().int().positive(),
  amount: decimal({ min: '0' }),
  type: z.enum(['sale', 'return', 'voucher']),
});

const sales = {
  read: { table: 'public.sales' },
  key: 'id',
  changedAt: 'updated_at',
} as const;

export default defineSync({
  store: { url: env('DATABASE_URL') },
  sources: { shop, erp },
  pipelines: {
    zod: {
      source: 'shop',
      entities: { checked_sales: { ...sales, mirror: 'bench.checked', validate: sale } },
    },
    oracle: {
      source: 'erp',
      entities: {
        erp_sales: {
          read: { table: 'BENCH.SALES' },
          key: 'ID',
          changedAt: 'UPDATED_AT',
          mirror: 'bench.erp',
        },
      },
    },
    plain: { source: 'shop', entities: { plain_sales: { ...sales, mirror: 'bench.plain' } } },
    zodOneLane: {
      source: 'shop',
      entities: { checked_in_one_lane: { ...sales, lanes: 1, mirror: 'bench.one_lane', validate: sale } },
    },
  },
});
