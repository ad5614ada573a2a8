/**
 * An increment by the source's log of changes: the keys that it names go to the refresh list, which then reads the rows
 * as they are now, and makes tombstones of those that are gone. Whether a key is one of the entity's, the look-up tells:
 * a row outside `where` is not found, and what is no key of the mirror's is struck off.
 */
import type { ChangeCapture } from '../connectors/contract.ts';
import { SyncError } from '../domain/errors.ts';
import { listClaimed } from '../store/load-refresh.ts';
import type { ChangesWork } from './changes-work.ts';
import { STORE_TRANSACTION_LIMIT_MS } from './keep-alive.ts';

const ENTRIES_A_PAGE = 5_000;

/**
 * Goes on at the claim's position, which moves in the transaction that lists a page's keys (C4). To list a key twice does
 * no harm, so a page that is read again does none either.
 */
export async function listCaptured(
  work: ChangesWork,
  { low }: { readonly low: string },
): Promise<'ended' | 'yielded'> {
  const { deps, ref, entity, claim, alive } = work;
  const capture = captureOf(work);
  let after = claim.resumeAfter;
  let listed = 0;
  for (;;) {
    const range = { low, after, limit: ENTRIES_A_PAGE };
    const { keys, position, done } = await capture.read(entity.plan, range, alive.signal);
    alive.moved();
    alive.allow(STORE_TRANSACTION_LIMIT_MS);
    const job = { ref, claim, resumeAfter: position, finished: false };
    // No text of the store holds this character, so no mirror has the key.
    const storable = keys.filter((key) => !key.includes('\0'));
    await listClaimed(deps.store, job, { keys: storable, reason: 'captured', signal: alive.signal });
    alive.moved();
    listed += keys.length;
    if (done || (entity.maxRows !== null && listed >= entity.maxRows)) return 'ended';
    if (alive.shouldYield()) return 'yielded';
    after = position;
  }
}

function captureOf({ source, entity }: ChangesWork): ChangeCapture {
  if (source.capture !== undefined) return source.capture;
  throw new SyncError('CONFIG_INVALID', {
    message: `Source ${source.name} keeps no log of changes for ${entity.plan.spec.entity}`,
  });
}
