import { fileURLToPath } from 'node:url';
import { defineConfig } from 'vitest/config';

export default defineConfig({
  // What examples import is what is written here, not what was built last.
  resolve: {
    alias: [{ find: /^syncline$/, replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)) }],
  },
  test: {
    include: ['test/**/*.test.ts'],
    exclude: ['test/campaign/**'],
    globalSetup: ['test/support/global-setup.ts'],
    pool: 'forks',
    // For two processors: tests mostly wait for servers, which need the processors too.
    maxWorkers: 3,
    // Twice what the slowest take alone.
    testTimeout: 60_000,
    hookTimeout: 90_000,
    teardownTimeout: 20_000,
  },
});
