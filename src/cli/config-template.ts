/** What `syncline init` writes for someone who has no configuration yet. */
export const CONFIG_TEMPLATE = `import { decimal, defineSync, env } from 'syncline';
import { z } from 'zod';

export default defineSync({
  // Where the mirrors live: PostgreSQL 16 or newer, another server than the source.
  store: { url: env('DATABASE_URL') },

  sources: {
    main: { kind: 'postgres', url: env('SOURCE_URL') },
  },

  pipelines: {
    shop: {
      source: 'main',
      schedule: { incremental: { every: '1 minute' }, full: { cron: '0 3 * * *', timeZone: 'UTC' } },
      entities: {
        // One entry for each table: its source, its key, the column that says when a row changed, its mirror.
        orders: {
          read: { table: 'public.orders' },
          key: 'id',
          changedAt: 'updated_at',
          mirror: 'shop.orders',
          // Rows that fail are set aside in quarantine; all others are loaded.
          validate: z.object({ total: decimal({ min: '0' }) }),
        },
      },
    },
  },
});
`;

export const ENV_TEMPLATE = `# Read by syncline beside its configuration. Keep it out of version control.
DATABASE_URL=postgres://user:password@localhost:5432/mirror
SOURCE_URL=postgres://user:password@localhost:5432/shop
`;
