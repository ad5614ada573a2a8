/** A world of one test file: two databases on two servers, a configuration, the shared Temporal server, worker processes. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import pg from 'pg';
import { type OracleSimulator, startOracleSimulator } from '../../dev/oracle-simulator/start.ts';
import { startWorkerProcess, type WorkerProcess } from '../../dev/worker-process.ts';
import { type Client, connectClient, followRun, startRun } from '../../src/client.ts';
import { loadConfig } from '../../src/config/load.ts';
import { sourceKinds } from '../../src/connectors/kinds.ts';
import type { SyncConfig } from '../../src/domain/config.ts';
import type { RunMode } from '../../src/domain/run.ts';
import { createPool } from '../../src/pg/pool.ts';
import { migrate } from '../../src/store/migrate.ts';
import { openStore, type Store } from '../../src/store/open.ts';
import { askSupply } from '../support/ask-supply.ts';
import { freshDatabase, type PostgresServer, sourceServer, storeServer } from '../support/servers.ts';
import { temporalServer, workflowBundle } from '../support/temporal.ts';

export type World = {
  readonly config: SyncConfig;
  readonly configPath: string;
  readonly environment: Readonly<Record<string, string>>;
  readonly client: Client;
  readonly store: Store;
  readonly source: pg.Pool;
  startWorker(): Promise<WorkerProcess>;
  close(): Promise<void>;
};

export type WorldOptions = {
  /** SQL that makes the source's tables. */
  readonly source: string;
  /**
   * Text of `pipelines` in the configuration. Test files share the Temporal server, where a run's workflow has the
   * pipeline's name: a name that no other file has.
   */
  readonly pipelines: string;
  /** Text in front of the configuration: functions that `pipelines` uses. */
  readonly functions?: string;
  /** The source is an Oracle simulator on the source's database: statements of its user SHOP, before `source`. */
  readonly oracle?: readonly string[];
  /** More variables for `env()` in `pipelines` and `functions`. */
  readonly environment?: Readonly<Record<string, string>>;
  /** More settings of the source `shop`, as text: `limits: { concurrency: 2 }`. */
  readonly sourceSettings?: string;
  /** A server of the file's own that holds the store. */
  readonly storeServer?: PostgresServer;
  /** What the configuration has instead of the URL of a database: another login, a proxy's port. */
  readonly storeUrl?: (url: string) => string;
  readonly sourceUrl?: (url: string) => string;
};

const SOURCES = {
  postgres: `kind: 'postgres', url: env('SOURCE_URL')`,
  oracle: `kind: 'oracle', connectString: env('SOURCE_URL'), user: 'SHOP', password: env('SOURCE_PASSWORD'), timeZone: 'UTC'`,
} as const;
const PASSWORD = 'tiger';

/** Text of a configuration file; the world's queue keeps its workers to its own runs. */
function configText(options: WorldOptions, taskQueue: string): string {
  return `import { z } from 'zod';
import { decimal, defineSync, env, instant } from 'syncline';

${options.functions ?? ''}
export default defineSync({
  store: { url: env('DATABASE_URL') },
  temporal: { taskQueue: ${JSON.stringify(taskQueue)} },
  sources: { shop: { ${SOURCES[options.oracle === undefined ? 'postgres' : 'oracle']}, ${options.sourceSettings ?? ''} } },
  pipelines: ${options.pipelines},
});
`;
}

export async function createWorld(name: string, options: WorldOptions): Promise<World> {
  const [storeDatabase, sourceDatabase] = await Promise.all([
    freshDatabase(options.storeServer ?? (await storeServer()), name),
    freshDatabase(await sourceServer(), name, options.oracle && { collation: 'C' }),
  ]);
  const temporal = await temporalServer();
  const store = await openStore({ url: storeDatabase.url, poolMax: 4, applicationName: 'test' });
  await migrate(store);
  const simulator = options.oracle && (await simulate(sourceDatabase.url, options.oracle));
  const source = createPool({ url: sourceDatabase.url, applicationName: 'test', max: 4, values: 'state' });
  await source.query(options.source);

  const folder = await mkdtemp(join(tmpdir(), 'syncline-test-'));
  const configPath = join(folder, 'syncline.config.ts');
  await writeFile(configPath, configText(options, storeDatabase.name));
  const environment = {
    DATABASE_URL: options.storeUrl?.(storeDatabase.url) ?? storeDatabase.url,
    SOURCE_URL: simulator?.connectString ?? options.sourceUrl?.(sourceDatabase.url) ?? sourceDatabase.url,
    SOURCE_PASSWORD: PASSWORD,
    TEMPORAL_ADDRESS: temporal.address,
    // A login that there is only where a test makes it.
    READER_URL: readerUrl(storeDatabase),
    ...options.environment,
  };
  const config = await loadConfig({ path: configPath, sourceKinds, environment });
  const client = await connectClient(config);
  const [bundle, { mainPath }] = await Promise.all([workflowBundle(), askSupply('program')]);
  const workers: WorkerProcess[] = [];
  return {
    config,
    configPath,
    environment,
    client,
    store,
    source,
    startWorker: async () => {
      const worker = await startWorkerProcess({
        config: configPath,
        workflowBundle: bundle.codePath,
        mainPath,
        environment,
      });
      workers.push(worker);
      return worker;
    },
    close: async () => {
      await Promise.all(workers.map((worker) => worker.stop()));
      await client.connection.close();
      await simulator?.stop();
      await Promise.all([store.close(), source.end()]);
      await Promise.all([storeDatabase.drop(), sourceDatabase.drop()]);
      await rm(folder, { recursive: true, force: true });
    },
  };
}

/** A run of a pipeline, to its end. @throws when that is not SUCCESS */
export async function runPipeline(
  { client, config }: Pick<World, 'client' | 'config'>,
  pipeline: string,
  mode: RunMode = 'full',
): Promise<void> {
  const summary = await followRun(client, await startRun(client, config, { pipeline, mode }));
  if (summary.status !== 'SUCCESS') throw new Error(`The run of ${pipeline}: ${JSON.stringify(summary)}`);
}

const READER_PASSWORD = 'a password of a login of one test';

function readerUrl({ url, name }: { readonly url: string; readonly name: string }): string {
  const address = new URL(url);
  address.username = `${name}_reader`;
  address.password = encodeURIComponent(READER_PASSWORD);
  return address.href;
}

/** Makes the login of `env('READER_URL')`, for `gateway.store`. @returns what removes it, before the world is closed. */
export async function createReader({
  store,
  environment,
}: World): Promise<{ login: string; drop(): Promise<void> }> {
  const login = new URL(environment.READER_URL as string).username;
  const { pool } = store;
  await pool.query(`CREATE ROLE ${login} LOGIN PASSWORD ${pg.escapeLiteral(READER_PASSWORD)}`);
  return {
    login,
    drop: async () => {
      await pool.query(`DROP OWNED BY ${login}; DROP ROLE ${login}`);
    },
  };
}

async function simulate(postgresUrl: string, statements: readonly string[]): Promise<OracleSimulator> {
  const simulator = await startOracleSimulator({
    postgresUrl,
    users: [{ name: 'SHOP', password: PASSWORD }],
  });
  for (const statement of statements) await simulator.sql('SHOP', statement);
  return simulator;
}

/** Holds what `look` finds; looks again until it is there. Only for conditions that no event announces. */
export async function eventually<T>(
  look: () => Promise<T | null | undefined | false>,
  what: string,
): Promise<T> {
  const deadline = performance.now() + 60_000;
  for (;;) {
    const found = await look();
    if (found !== null && found !== undefined && found !== false) return found;
    if (performance.now() > deadline) throw new Error(`Did not happen within a minute: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}
