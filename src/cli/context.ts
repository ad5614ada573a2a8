/** What commands open: the configuration, the store, sources, Temporal. Everything opened is closed at the end. */
import { type Client, connectClient } from '../client.ts';
import { loadConfig } from '../config/load.ts';
import type { Source } from '../connectors/contract.ts';
import { openSource, sourceKinds } from '../connectors/registry.ts';
import { closest } from '../domain/closest.ts';
import type { PipelineSpec, SourceSettings, SyncConfig } from '../domain/config.ts';
import type { EntitySpec } from '../domain/entity.ts';
import { SyncError } from '../domain/errors.ts';
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

export function pipelineOf(config: SyncConfig, name: string): PipelineSpec {
  const pipeline = config.pipelines[name];
  if (pipeline === undefined) throw unknown('pipeline', name, Object.keys(config.pipelines));
  return pipeline;
}

/** The pipeline that was named; all of them when none was. */
export function pipelinesOf(config: SyncConfig, name: string | undefined): PipelineSpec[] {
  return name === undefined ? Object.values(config.pipelines) : [pipelineOf(config, name)];
}

export function entitiesOf(config: SyncConfig): EntitySpec[] {
  return Object.values(config.pipelines).flatMap(({ entities }) => Object.values(entities));
}

export function unknown(what: string, name: string, known: readonly string[]): SyncError {
  const meant = closest(name, known);
  return new SyncError('CONFIG_UNKNOWN', {
    message: `There is no ${what} "${name}" in the configuration; it has ${known.join(', ') || 'none'}`,
    ...(meant !== null && { remedy: `Did you mean ${meant}? \`syncline plan\` shows all there are.` }),
  });
}
