/** What `npm run bench:gateway` serves: a table of accounts that devices pull and push. */
import { defineSync, env } from '../src/index.ts';
import { accounts, shop } from './entities.ts';

const often = { requests: 1_000_000, per: '1 minute' } as const;

export default defineSync({
  store: { url: env('DATABASE_URL'), poolMax: 16 },
  sources: { shop },
  pipelines: {
    shop: {
      source: 'shop',
      entities: {
        accounts: {
          ...accounts,
          upload: { writeBack: 'source', writable: ['amount'] },
          feed: true,
        },
      },
    },
  },
  gateway: {
    port: 0,
    auth: { issuer: 'https://bench.invalid', audience: 'syncline', secret: env('JWT_SECRET') },
    // All devices of a benchmark have one address.
    limits: { device: often, address: often },
    verdictWait: '1 minute',
  },
});
