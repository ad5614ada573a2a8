import { fileURLToPath } from 'node:url';
import { defineConfig, type ViteUserConfig } from 'vitest/config';

/** Tests of these folders change nothing of their process: no worker of Temporal, no variables, no captured output. */
const IN_SHARED_PROCESSES = [
  'activities',
  'config',
  'connectors',
  'dev/oracle-simulator',
  'docs',
  'domain',
  'examples',
  'gateway',
  'notify',
  'pg',
  'runs',
  'store',
  'uploads',
].map((folder) => `test/${folder}/**/*.test.ts`);

const common: ViteUserConfig = {
  // What examples import is what is written here, not what was built last.
  resolve: {
    alias: [{ find: /^syncline$/, replacement: fileURLToPath(new URL('src/index.ts', import.meta.url)) }],
  },
};
const commonTest: ViteUserConfig['test'] = {
  pool: 'forks',
  // For two processors: tests mostly wait for servers, which need the processors too.
  maxWorkers: 3,
  // Longer than the minute that tests wait for an event at most, which says what did not happen.
  testTimeout: 120_000,
  hookTimeout: 90_000,
};

export default defineConfig({
  test: {
    // Of all projects, once.
    globalSetup: ['test/support/global-setup.ts'],
    teardownTimeout: 20_000,
    // They run in the order of their names.
    projects: [
      {
        ...common,
        test: {
          ...commonTest,
          name: 'own process',
          include: ['test/**/*.test.ts'],
          exclude: ['test/campaign/**', ...IN_SHARED_PROCESSES],
        },
      },
      {
        ...common,
        test: {
          ...commonTest,
          name: 'shared process',
          include: IN_SHARED_PROCESSES,
          // To start a process and to load what all import costs more than most files do.
          isolate: false,
        },
      },
    ],
  },
});
