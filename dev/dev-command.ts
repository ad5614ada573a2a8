/** What `syncline dev` runs: Temporal with its Web UI, a store unless DATABASE_URL names one, and a worker. */
import { environmentOf, loadConfig } from '../src/config/load.ts';
import { sourceKinds } from '../src/connectors/registry.ts';
import { searchAttributes } from '../src/domain/search-attributes.ts';
import { migrate } from '../src/store/migrate.ts';
import { openStore } from '../src/store/open.ts';
import { startWorker } from '../src/worker.ts';
import { startPostgres } from './postgres.ts';
import { startTemporal } from './temporal-server/start.ts';

export type DevOptions = {
  readonly configPath: string;
  readonly ports: { readonly server: number; readonly ui: number };
  readonly say: (line: string) => void;
};

/** Runs until SIGINT or SIGTERM, which the worker answers; then everything that was started here ends. */
export async function runDev({ configPath, ports, say }: DevOptions): Promise<void> {
  const temporal = await startTemporal({
    ui: true,
    port: ports.server,
    uiPort: ports.ui,
    searchAttributes: Object.values(searchAttributes),
    log: say,
  });
  try {
    const configured = environmentOf(configPath).DATABASE_URL;
    const postgres = await startPostgres({ log: say, ...(configured && { configured }) });
    try {
      const environment = { ...process.env, DATABASE_URL: postgres.url, TEMPORAL_ADDRESS: temporal.address };
      const config = await loadConfig({ path: configPath, sourceKinds, environment });
      const store = await openStore({ ...config.store, applicationName: 'syncline/dev' });
      await migrate(store).finally(() => store.close());
      const worker = await startWorker({ config });
      say(`Temporal at ${temporal.address}; Web UI: ${temporal.uiUrl ?? 'that of your own server'}`);
      say(`Store: ${postgres.description}`);
      if (!configured)
        say('It ends with this process: set DATABASE_URL to keep a store, and for other commands.');
      say('Ctrl-C ends it. In another terminal: syncline run <pipeline> --watch');
      await worker.done;
    } finally {
      await postgres.stop();
    }
  } finally {
    await temporal.stop();
  }
}
