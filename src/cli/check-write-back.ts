/** `check`'s part about sources that changes are written back to: the ledger, and rights. */
import { openWriteTarget } from '../connectors/registry.ts';
import type { SourceSettings } from '../domain/config.ts';
import type { EntitySpec } from '../domain/entity.ts';
import { type Finding, tried } from './findings.ts';
import { withPatience } from './patience.ts';
import { counted } from './text.ts';
import { writeEntities } from './write-entities.ts';

const PATIENCE_MS = 60_000;

/** Nothing, where no entity of the source is written back. */
export async function checkWriteBack(
  settings: SourceSettings,
  specs: readonly EntitySpec[],
): Promise<Finding[]> {
  const entities = writeEntities(specs);
  if (entities.length === 0) return [];
  const subject = `write-back to ${settings.name}`;
  return tried(subject, async () => {
    const target = openWriteTarget(settings, { applicationName: 'syncline/check' });
    try {
      const problems = await withPatience({ ms: PATIENCE_MS, what: subject }, (signal) =>
        target.findProblems(entities, signal),
      );
      const remedy = `Have an owner of the database run what \`syncline write-back script ${settings.name}\` prints.`;
      const found = problems.map(
        ({ entity, problem }): Finding => ({
          subject,
          level: 'error',
          code: 'SOURCE_AUTH',
          message: entity === null ? problem : `entity ${entity}: ${problem}`,
          remedy,
        }),
      );
      if (found.length > 0) return found;
      const message = `ledger and rights are there for ${counted(entities.length, 'entity', 'entities')}`;
      return [{ subject, level: 'ok', message }];
    } finally {
      await target.close();
    }
  });
}
