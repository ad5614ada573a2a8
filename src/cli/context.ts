/** What commands open: the configuration, the store, sources, Temporal. Everything opened is closed at the end. */
import { type Client, connectClient } from '../client.ts';
import { loadConfig } from '../config/load.ts';
import type { Source } from '../connectors/contract.ts';
import { sourceKinds } from '../connectors/kinds.ts';
import { openSource } from '../connectors/registry.ts';
import type { SourceSettings, SyncConfig } from '../domain/config.ts';
import type { ServiceContext } from '../service/context.ts';
import { assertStoreReady, storeError } from '../store/migrate.ts';
import { openStore, type Store } from '../store/open.ts';

export type CommandContext = {
  readonly config: SyncConfig;
  /** Opens the store and makes sure that it is migrated. */
  store(): Promise<Store>;
  source(name: string): Source;
  temporal(): Promise<Client>;
};

export async function readConfig(options: { config: string }): Promise<SyncConfig> {
  return loadConfig({ path: options.config, sourceKinds });
}

/** A connection of the store that breaks in the middle of `work` is STORE_UNAVAILABLE. */
export async function withContext<T>(
  options: { config: string },
  work: (context: CommandContext) => Promise<T>,
): Promise<T> {
  const config = await readConfig(options);
  const toClose: (() => Promise<unknown>)[] = [];
  const sources = new Map<string, Source>();
  const context: CommandContext = {
    config,
    store: async () => {
      const store = await openStore({ ...config.store, applicationName: 'syncline/cli' });
      toClose.push(() => store.close());
      await assertStoreReady(store);
      return store;
    },
    source: (name) => {
      const known = sources.get(name);
      if (known !== undefined) return known;
      const source = openSource(config.sources[name] as SourceSettings, { applicationName: 'syncline/cli' });
      sources.set(name, source);
      toClose.push(() => source.close());
      return source;
    },
    temporal: async () => {
      const client = await connectClient(config);
      toClose.push(() => client.connection.close());
      return client;
    },
  };
  try {
    return await work(context);
  } catch (error) {
    throw storeError(error);
  } finally {
    await Promise.allSettled(toClose.reverse().map((close) => close()));
  }
}

/** For commands that need everything. */
export async function serviceContext({ config, store, temporal }: CommandContext): Promise<ServiceContext> {
  return { config, store: await store(), client: await temporal() };
}
