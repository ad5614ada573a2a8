/** `check`'s part about a source and the entities that are read from it. */
import { checkSource as checkOpened } from '../connectors/check/check-source.ts';
import { openSource } from '../connectors/registry.ts';
import type { SourceSettings } from '../domain/config.ts';
import type { EntitySpec } from '../domain/entity.ts';
import type { Finding } from '../domain/finding.ts';
import { tried } from './findings.ts';

export type SourceToCheck = {
  readonly settings: SourceSettings;
  readonly entities: readonly EntitySpec[];
  /** Of the store's cluster. */
  readonly storeSystemId: string | null;
};

export async function checkSource({ settings, entities, storeSystemId }: SourceToCheck): Promise<Finding[]> {
  const { name } = settings;
  return tried(`source ${name}`, async () => {
    const source = openSource(settings, { applicationName: 'syncline/check' });
    try {
      return await checkOpened(source, { name, entities, storeSystemId });
    } finally {
      await source.close();
    }
  });
}
