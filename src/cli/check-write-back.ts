/** `check`'s part about sources that changes are written back to: the ledger, and rights. */
import { checkWriteBack as checkOpened } from '../connectors/check/check-write-back.ts';
import { writeEntities } from '../connectors/check/write-entities.ts';
import { openWriteTarget } from '../connectors/registry.ts';
import type { SourceSettings } from '../domain/config.ts';
import type { EntitySpec } from '../domain/entity.ts';
import type { Finding } from '../domain/finding.ts';
import { tried } from './findings.ts';

/** Nothing, where no entity of the source is written back. */
export async function checkWriteBack(
  settings: SourceSettings,
  specs: readonly EntitySpec[],
): Promise<Finding[]> {
  if (writeEntities(specs).length === 0) return [];
  const { name } = settings;
  return tried(`write-back to ${name}`, async () => {
    const target = openWriteTarget(settings, { applicationName: 'syncline/check' });
    try {
      return await checkOpened(target, { name, specs });
    } finally {
      await target.close();
    }
  });
}
