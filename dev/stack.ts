/** A world of its own for demo and benchmark: Temporal with its Web UI, and a store. Sources are started beside it, on other servers (C6). */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Client, connectClient } from '../src/client.ts';
import { loadConfig } from '../src/config/load.ts';
import { sourceKinds } from '../src/connectors/kinds.ts';
import type { SyncConfig } from '../src/domain/config.ts';
import { searchAttributes } from '../src/domain/search-attributes.ts';
import { quoteIdent } from '../src/pg/identifiers.ts';
import { migrate } from '../src/store/migrate.ts';
import { openStore, type Store } from '../src/store/open.ts';
import { startPostgres } from './postgres.ts';
import { startTemporal } from './temporal-server/start.ts';
import { writeWorkflowBundle } from './workflow-bundle.ts';

export type Stack = {
  readonly config: SyncConfig;
  readonly configPath: string;
  readonly workflowBundle: string;
  /** What the configuration's env() references are, for worker processes. */
  readonly environment: Readonly<Record<string, string>>;
  readonly client: Client;
  readonly store: Store;
  readonly uiUrl: string | null;
  readonly storeDescription: string;
  stop(): Promise<void>;
};

export type StackOptions = {
  readonly configPath: string;
  /** Database of the store. */
  readonly database: string;
  /** Schemas of the mirrors, dropped at the start: with DATABASE_URL the database outlives the stack. */
  readonly schemas: readonly string[];
  /** What the sources' env() references are. */
  readonly environment: Readonly<Record<string, string>>;
  readonly say: (line: string) => void;
};

export async function startStack(options: StackOptions): Promise<Stack> {
  const { configPath, say } = options;
  const toStop: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (const end of toStop.reverse()) await end().catch(() => undefined);
  };
  try {
    const temporal = await startTemporal({
      ui: true,
      searchAttributes: Object.values(searchAttributes),
      log: say,
    });
    toStop.push(temporal.stop);
    const postgres = await startPostgres({ log: say });
    toStop.push(postgres.stop);

    const environment = {
      ...options.environment,
      DATABASE_URL: await postgres.database(options.database),
      TEMPORAL_ADDRESS: temporal.address,
    };
    const config = await loadConfig({
      path: configPath,
      sourceKinds,
      environment: { ...process.env, ...environment },
    });
    const folder = await mkdtemp(join(tmpdir(), 'syncline-stack-'));
    toStop.push(() => rm(folder, { recursive: true, force: true }));
    const workflowBundle = await writeWorkflowBundle(folder);

    const store = await openStore({ ...config.store, applicationName: 'syncline/stack' });
    toStop.push(() => store.close());
    await store.pool.query(
      `DROP SCHEMA IF EXISTS ${['syncline', ...options.schemas].map(quoteIdent).join(', ')} CASCADE`,
    );
    await migrate(store);
    const client = await connectClient(config);
    toStop.push(() => client.connection.close());
    return {
      config,
      configPath,
      workflowBundle,
      environment,
      client,
      store,
      uiUrl: temporal.uiUrl,
      storeDescription: postgres.description,
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}
