/** `syncline write-back`: what a source needs before changes are written to it. */
import { Command } from 'commander';
import { writeEntities } from '../../connectors/check/write-entities.ts';
import { writeBackScript } from '../../connectors/registry.ts';
import type { SourceSettings, SyncConfig } from '../../domain/config.ts';
import { EXIT } from '../../domain/errors.ts';
import { entitiesOf, unknown } from '../../service/names.ts';
import { usageError } from '../arguments.ts';
import type { Register } from '../command.ts';
import { readConfig } from '../context.ts';

export function writeBackCommand(register: Register): Command {
  return new Command('write-back')
    .description('what a source needs before changes of devices are written to it')
    .addCommand(scriptCommand(register));
}

function scriptCommand(register: Register): Command {
  const command = new Command('script')
    .description('print the ledger and the grants, for an owner of the source’s database to run')
    .argument('[source]', 'needed where there are several');
  return register(command, async (options, output, [name]) => {
    const config = await readConfig(options);
    const settings = sourceOf(config, name);
    const entities = writeEntities(entitiesOf(config).filter(({ source }) => source === settings.name));
    const statements = writeBackScript(settings, entities);
    output.result({ source: settings.name, statements }, () => `${statements.join(';\n')};`);
    return EXIT.ok;
  });
}

/** The source that was named; the only one that is written to when none was. */
function sourceOf(config: SyncConfig, name: string | undefined): SourceSettings {
  const written = new Set(
    entitiesOf(config).flatMap((spec) => (writeEntities([spec]).length === 0 ? [] : [spec.source])),
  );
  if (name !== undefined && config.sources[name] === undefined)
    throw unknown('source', name, Object.keys(config.sources));
  const [only, ...others] = name === undefined ? [...written] : [name];
  if (only === undefined || !written.has(only)) {
    throw usageError(
      `No entity${only === undefined ? '' : ` of ${only}`} is written back to its source`,
      'Give an entity `upload: { writeBack: "source", … }` first: docs/uploads.md.',
    );
  }
  if (others.length > 0) throw usageError(`Which source? There are ${[...written].join(', ')}`, 'Name it.');
  return config.sources[only] as SourceSettings;
}
