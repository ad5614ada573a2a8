/** What the benchmarks' configurations have in common: where rows come from, and the tables that more than one of them syncs. */
import { env } from '../src/index.ts';

export const shop = { kind: 'postgres', url: env('SOURCE_URL') } as const;

export const erp = {
  kind: 'oracle',
  connectString: env('ERP_CONNECT'),
  user: env('ERP_USER'),
  password: env('ERP_PASSWORD'),
} as const;

export const accounts = {
  read: { table: 'public.accounts' },
  key: 'id',
  changedAt: 'updated_at',
  mirror: 'bench.accounts',
} as const;
