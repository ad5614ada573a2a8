/** Local columns of changes that go to the source too: what the mirror refuses of them is known before the source is written. */
import { inUploadTransaction, type LoadSession } from '../store/load-session.ts';
import { inSavepoint, isRowError, refusalText } from '../store/poison.ts';
import { type MirrorWrite, updateMirror } from '../store/upload-writes.ts';
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
    refused.push(...(await tryAll(session, asked)));
    throw new Tried();
  }).catch((error: unknown) => {
    if (!(error instanceof Tried)) throw error;
  });
  return refused;
}

/** By halves where the mirror refuses one of them. */
async function tryAll(session: LoadSession, asked: readonly Planned[]): Promise<Refused[]> {
  try {
    await inSavepoint(session, () => updateMirror(session, asked.map(markOf)));
    return [];
  } catch (error) {
    if (!isRowError(error)) throw error;
    const [{ item }] = asked as [Planned];
    if (asked.length === 1) return [{ item, code: 'CONSTRAINT', message: refusalText(error) }];
    const middle = Math.ceil(asked.length / 2);
    const first = await tryAll(session, asked.slice(0, middle));
    return [...first, ...(await tryAll(session, asked.slice(middle)))];
  }
}

function markOf({ work, item, decision }: Planned): MirrorWrite {
  const values = localValues(work.entity, decision.values);
  return { ...provenance(work, item, {}), operation: 'mark', key: keyOf(item), values, rowId: null };
}
