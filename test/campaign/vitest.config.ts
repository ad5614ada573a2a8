import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    root: new URL('../..', import.meta.url).pathname,
    include: [
      'test/campaign/**/*.campaign.ts',
      // Properties that are tests too, with the campaign's counts.
      'test/store/load-interleaving.test.ts',
      'test/store/load-dedupe.test.ts',
      'test/domain/merge/merge-*.test.ts',
      'test/domain/upload/convergence.test.ts',
      'test/connectors/*/write-back-faults.test.ts',
      'test/uploads/convergence.test.ts',
      'test/uploads/large.test.ts',
      'test/uploads/approvals.test.ts',
      'test/store/feed-model.test.ts',
      'test/store/feed-writers.test.ts',
      'test/gateway/hostile.test.ts',
      'test/gateway/convergence.test.ts',
      'test/dev/oracle-simulator/*-fuzz.test.ts',
    ],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    maxWorkers: 1,
    testTimeout: 30 * 60_000,
    hookTimeout: 60_000,
    teardownTimeout: 20_000,
  },
});
