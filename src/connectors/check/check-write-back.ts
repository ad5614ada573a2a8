/** What a source lacks for changes to be written back to it: the ledger, and rights. */
import type { EntitySpec } from '../../domain/entity.ts';
import type { Finding } from '../../domain/finding.ts';
import type { WriteTarget } from '../write-contract.ts';
import { found, withPatience } from './patience.ts';
import { writeEntities } from './write-entities.ts';

const PATIENCE_MS = 60_000;

/** @param specs entities of the source; nothing is found where none of them is written back. */
export async function checkWriteBack(
  target: WriteTarget,
  { name, specs }: { readonly name: string; readonly specs: readonly EntitySpec[] },
): Promise<Finding[]> {
  const entities = writeEntities(specs);
  const subject = `write-back to ${name}`;
  return found(subject, async () => {
    const problems = await withPatience({ ms: PATIENCE_MS, what: subject }, (signal) =>
      target.findProblems(entities, signal),
    );
    const remedy = `Have an owner of the database run what \`syncline write-back script ${name}\` prints.`;
    const findings = problems.map(
      ({ entity, problem }): Finding => ({
        subject,
        level: 'error',
        code: 'SOURCE_AUTH',
        message: entity === null ? problem : `entity ${entity}: ${problem}`,
        remedy,
      }),
    );
    if (findings.length > 0) return findings;
    const many = entities.length === 1 ? '1 entity' : `${entities.length} entities`;
    return [{ subject, level: 'ok', message: `ledger and rights are there for ${many}` }];
  });
}
