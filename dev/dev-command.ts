/** What `syncline dev` runs: Temporal with its Web UI, a store unless DATABASE_URL names one, a worker, and a gateway where one is configured. */
import { statSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { environmentOf, loadConfig } from '../src/config/load.ts';
import { sourceKinds } from '../src/connectors/kinds.ts';
import type { SyncConfig } from '../src/domain/config.ts';
import { type ErrorCode, SyncError } from '../src/domain/errors.ts';
import { searchAttributes } from '../src/domain/search-attributes.ts';
import { type RunningGateway, startGateway } from '../src/gateway/start.ts';
import { migrate } from '../src/store/migrate.ts';
import { openStore } from '../src/store/open.ts';
import { startWorker } from '../src/worker.ts';
import { type DevPostgres, startPostgres } from './postgres.ts';
import { guardDirectory } from './process-guard.ts';
import { startTemporal, type TemporalServer } from './temporal-server/start.ts';

type Say = (line: string) => void;

export type DevOptions = {
  readonly configPath: string;
  readonly ports: { readonly server: number; readonly ui: number };
  readonly say: Say;
};

/** Runs until SIGINT or SIGTERM, which the worker answers; then everything that was started here ends. */
export async function runDev({ configPath, ports, say }: DevOptions): Promise<void> {
  const folder = statSync(configPath, { throwIfNoEntry: false })?.isDirectory();
  const variables = environmentOf(folder ? join(configPath, 'syncline.config.ts') : configPath);
  // Mistakes of the configuration are told before anything is started for it.
  await readConfig(configPath, { DATABASE_URL: 'postgres://localhost/store', ...variables });
  const temporal = await openTemporal(ports, { say, address: variables.TEMPORAL_ADDRESS });
  try {
    const postgres = await openPostgres(say, variables.DATABASE_URL);
    try {
      const addresses = { DATABASE_URL: postgres.url, TEMPORAL_ADDRESS: temporal.address };
      const config = await readConfig(configPath, { ...variables, ...addresses });
      await work({ config: at(config, temporal), say }, async () => {
        say(`Temporal at ${temporal.address}; Web UI: ${temporal.uiUrl ?? 'that of your own server'}`);
        say(`Store: ${postgres.description}`);
        const isOwn = variables.DATABASE_URL === undefined || variables.DATABASE_URL === '';
        return sayHowToGoOn(say, isOwn ? addresses : { TEMPORAL_ADDRESS: temporal.address });
      });
    } finally {
      await postgres.stop();
    }
  } finally {
    await temporal.stop();
  }
}

function readConfig(path: string, environment: NodeJS.ProcessEnv): Promise<SyncConfig> {
  return loadConfig({ path, sourceKinds, environment });
}

/** A server of ours counts, whatever the configuration says of the one in production. */
function at(config: SyncConfig, { address, namespace, uiUrl }: TemporalServer): SyncConfig {
  if (uiUrl === null) return config;
  const { apiKey: _apiKey, tls: _tls, ...temporal } = config.temporal;
  return { ...config, temporal: { ...temporal, address, namespace } };
}

async function openTemporal(
  ports: DevOptions['ports'],
  { say, address }: { say: Say; address: string | undefined },
): Promise<TemporalServer> {
  // Of the file .env beside the configuration; the process's own variable is there already.
  if (address) process.env.TEMPORAL_ADDRESS = address;
  else for (const port of [ports.server, ports.ui]) await refuseTaken(port);
  return startTemporal({
    ui: true,
    port: ports.server,
    uiPort: ports.ui,
    searchAttributes: Object.values(searchAttributes),
    log: say,
  }).catch(asError('TEMPORAL_UNAVAILABLE', 'See above for the ways to get a Temporal server.'));
}

async function refuseTaken(port: number): Promise<void> {
  const server = createServer();
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, '127.0.0.1', resolve);
  }).catch((cause: unknown) => {
    throw new SyncError('TEMPORAL_UNAVAILABLE', {
      message: `Port ${port} is taken, perhaps by a Temporal server that runs already`,
      remedy: `Use that one, by TEMPORAL_ADDRESS=localhost:${port}, or choose others with --port and --ui-port.`,
      cause,
    });
  });
  await new Promise((resolve) => server.close(resolve));
}

function openPostgres(say: Say, configured: string | undefined): Promise<DevPostgres> {
  return startPostgres({ log: say, ...(configured && { configured }) }).catch(
    asError('STORE_UNAVAILABLE', 'Set DATABASE_URL to a PostgreSQL of yours, or do as the message says.'),
  );
}

/** The local stack's own errors say what to do, and are no defects. */
function asError(code: ErrorCode, remedy: string): (error: unknown) => never {
  return (error) => {
    if (error instanceof SyncError) throw error;
    const message = error instanceof Error ? error.message : String(error);
    throw new SyncError(code, { message, remedy, cause: error });
  };
}

type Work = { readonly config: SyncConfig; readonly say: Say };

async function work({ config, say }: Work, whenReady: () => Promise<() => Promise<void>>): Promise<void> {
  const store = await openStore({ ...config.store, applicationName: 'syncline/dev' });
  await migrate(store).finally(() => store.close());
  const worker = await startWorker({ config });
  const gateway = await serve({ config, say }).catch(async (error: unknown) => {
    await worker.stop();
    throw error;
  });
  const clear = await whenReady();
  await worker.done.finally(async () => {
    await gateway?.stop();
    await clear();
  });
}

/** Where the configuration has one. */
async function serve({ config, say }: Work): Promise<RunningGateway | null> {
  if (config.gateway === null) return null;
  const gateway = await startGateway({ config });
  say(`Gateway at ${gateway.url}; its API: ${gateway.url}/v1/docs`);
  return gateway;
}

/** Other commands need the same addresses. They hold a password, so they go into a file and not to the terminal. */
async function sayHowToGoOn(say: Say, addresses: Record<string, string>): Promise<() => Promise<void>> {
  const folder = await mkdtemp(join(tmpdir(), 'syncline-dev-'));
  const release = guardDirectory(folder);
  const file = join(folder, 'env');
  const lines = Object.entries(addresses).map(([name, value]) => `export ${name}='${value}'\n`);
  await writeFile(file, lines.join(''), { mode: 0o600 });
  if (addresses.DATABASE_URL !== undefined)
    say('The store ends with this process: set DATABASE_URL in .env to keep one.');
  say('Ctrl-C ends it. In another terminal:');
  say(`  . ${file}`);
  say('  npx syncline run <pipeline> --watch');
  return async () => {
    await rm(folder, { recursive: true, force: true });
    release();
  };
}
