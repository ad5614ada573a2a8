/** The demo's configuration on a source and a store of a test, as one worker has it. */
import { fileURLToPath } from 'node:url';
import { pino } from 'pino';
import type { ActivityDeps } from '../../../src/activities/deps.ts';
import { loadConfig } from '../../../src/config/load.ts';
import type { Source } from '../../../src/connectors/contract.ts';
import { sourceKinds } from '../../../src/connectors/kinds.ts';
import { openSource, openWriteTarget } from '../../../src/connectors/registry.ts';
import type { SourceSettings } from '../../../src/domain/config.ts';
import type { EntitySpec } from '../../../src/domain/entity.ts';
import type { Login } from '../../connectors/oracle/oracle-kit.ts';
import { openTestStore, type TestStore } from '../../store/load-kit.ts';

const CONFIG = fileURLToPath(new URL('../../../dev/demo/syncline.config.ts', import.meta.url));

export type DemoWorker = {
  readonly at: TestStore;
  readonly source: Source;
  readonly specs: readonly EntitySpec[];
  readonly deps: ActivityDeps;
  close(): Promise<void>;
};

export async function openDemoWorker({ connectString, user, password }: Login): Promise<DemoWorker> {
  const at = await openTestStore('demo');
  const config = await loadConfig({
    path: CONFIG,
    sourceKinds,
    environment: {
      DATABASE_URL: at.url,
      ERP_CONNECT: connectString,
      ERP_USER: user,
      ERP_PASSWORD: password,
      JWT_SECRET: 'a secret of the tests, at least thirty-two characters long',
    },
  });
  const erp = config.sources.erp as SourceSettings;
  const source = openSource(erp, { applicationName: 'syncline/test' });
  const target = openWriteTarget(erp, { applicationName: 'syncline/test' });
  const deps: ActivityDeps = {
    config,
    store: at.store,
    sources: { erp: source },
    targets: { erp: target },
    logger: pino({ level: 'silent' }),
    isWorkflowOpen: async () => false,
    workflows: {
      open: async () => [],
      startUpload: async () => 'started',
      startConflict: async () => 'started',
    },
    notifier: null,
    workerId: 'worker',
  };
  return {
    at,
    source,
    specs: Object.values(config.pipelines).flatMap(({ entities }) => Object.values(entities)),
    deps,
    close: async () => {
      await Promise.all([source.close(), target.close()]);
      await at.drop();
    },
  };
}
