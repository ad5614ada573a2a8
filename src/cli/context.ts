/** What commands open: the configuration, the store, sources, Temporal. Everything opened is closed at the end. */

import { type Client, connectClient } from '../client.ts';
import { loadConfig } from '../config/load.ts';
import type { Source } from '../connectors/contract.ts';
import { openSource, sourceKinds } from '../connectors/registry.ts';
import type { PipelineSpec, SyncConfig } from '../domain/config.ts';
import { SyncError } from '../domain/errors.ts';
import { assertStoreReady } from '../store/migrate.ts';
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

export async function withContext<T>(
  options: { config: string },
  work: (context: CommandContext) => Promise<T>,
): Promise<T> {
  const config = await readConfig(options);
  const toClose: (() => Promise<unknown>)[] = [];
  const context: CommandContext = {
    config,
    store: async () => {
      const store = await openStore({ ...config.store, applicationName: 'syncline/cli' });
      toClose.push(() => store.close());
      await assertStoreReady(store);
      return store;
    },
    source: (name) => {
      const settings = config.sources[name];
      if (settings === undefined) throw unknown('source', name, Object.keys(config.sources));
      const source = openSource(settings, { applicationName: 'syncline/cli' });
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
  } finally {
    await Promise.allSettled(toClose.reverse().map((close) => close()));
  }
}

export function pipelineOf(config: SyncConfig, name: string): PipelineSpec {
  const pipeline = config.pipelines[name];
  if (pipeline === undefined) throw unknown('pipeline', name, Object.keys(config.pipelines));
  return pipeline;
}

function unknown(what: string, name: string, known: readonly string[]): SyncError {
  return new SyncError('CONFIG_UNKNOWN', {
    message: `There is no ${what} "${name}" in the configuration; it has ${known.join(', ') || 'none'}`,
  });
}
