/** What the subcommands of `syncline oracle` work with: the tools of one source. */
import { openToolsOfOracle } from '../connectors/registry.ts';
import type { SourceSettings, SyncConfig } from '../domain/config.ts';
import { unknown } from '../service/names.ts';
import { usageError } from './arguments.ts';
import { readConfig } from './context.ts';

export type OracleTools = ReturnType<typeof openToolsOfOracle>;

export async function withTools<T>(
  options: { config: string },
  name: string | undefined,
  work: (tools: OracleTools, settings: SourceSettings, config: SyncConfig) => Promise<T>,
): Promise<T> {
  const config = await readConfig(options);
  const settings = sourceOf(config, name);
  const tools = openToolsOfOracle(settings, { applicationName: 'syncline/cli' });
  try {
    return await work(tools, settings, config);
  } finally {
    await tools.close();
  }
}

/** The source that was named; the only one of kind oracle when none was. */
function sourceOf(config: SyncConfig, name: string | undefined): SourceSettings {
  const names = Object.keys(config.sources).filter((each) => config.sources[each]?.kind === 'oracle');
  if (name !== undefined) {
    const settings = config.sources[name];
    if (settings === undefined) throw unknown('source', name, names);
    return settings;
  }
  const [only, ...others] = names;
  if (only === undefined) throw usageError('The configuration has no source of kind oracle');
  if (others.length > 0) throw usageError(`Which source? There are ${names.join(', ')}`, 'Name it.');
  return config.sources[only] as SourceSettings;
}
