/** Local columns of changes that go to the source too: what the mirror refuses of them is known before the source is written. */
import { inUploadTransaction } from '../store/load-session.ts';
import { inSavepoint, isRowError, refusalText } from '../store/poison.ts';
import { writeMirror } from '../store/upload-writes.ts';
import { keyOf } from './apply-in-mirror.ts';
import type { Planned, Refused } from './apply-in-source.ts';
import { provenance } from './record-decision.ts';
import { localValues } from './source-columns.ts';

/** Nothing of the try stays. */
class Tried extends Error {}

/**
 * A row that the source has yet to make cannot be tried: what the mirror refuses of it then is left out when the write
 * is completed.
 */
export async function refusedLocals(planned: readonly Planned[]): Promise<Refused[]> {
  const asked = planned.filter(
    ({ work, decision }) =>
      decision.operation === 'update' && Object.keys(localValues(work.entity, decision.values)).length > 0,
  );
  const [first] = asked;
  if (first === undefined) return [];
  const { deps, context, id } = first.work;
  const refused: Refused[] = [];
  await inUploadTransaction(deps.store, { name: id, signal: context.signal }, async (session) => {
    for (const { work, item, decision } of asked) {
      const write = {
        ...provenance(work, item, {}),
        operation: 'mark' as const,
        key: keyOf(item),
        values: localValues(work.entity, decision.values),
        rowId: null,
      };
      try {
        await inSavepoint(session, () => writeMirror(session, write));
      } catch (error) {
        if (!isRowError(error)) throw error;
        refused.push({ item, code: 'CONSTRAINT', message: refusalText(error) });
      }
    }
    throw new Tried();
  }).catch((error: unknown) => {
    if (!(error instanceof Tried)) throw error;
  });
  return refused;
}
