/** C1: reads the listed keys again by key; a listed key that the source does not have becomes a tombstone. */
import { compileShape, pieceKeys } from '../domain/shape.ts';
import { loadPiece } from '../store/load-piece.ts';
import { listRefresh, type RefreshEntry } from '../store/refresh.ts';
import { takeTicket } from '../store/ticket.ts';
import { wellFormed } from '../store/tombstones.ts';
import { type ChangesWork, jobOf } from './changes-work.ts';
import { emptyPiece, PIECE_BYTES } from './copy-stream.ts';
import { STORE_TRANSACTION_LIMIT_MS } from './keep-alive.ts';

const KEYS_A_LOOK_UP = 1_000;

/** 'yielded': the run was paused; what was read is struck off the list, and the rest waits on it. */
export async function copyRefreshList(work: ChangesWork): Promise<'ended' | 'yielded'> {
  const { deps, ref, alive } = work;
  // One ticket for the whole list: entries that loads of this pass add are left to the next run, or the pass
  // could chase a row that is being written all the time.
  const ticket = await takeTicket(deps.store.pool);
  let after: string | null = null;
  for (;;) {
    const entries = await listRefresh(deps.store.pool, {
      entity: ref.entity,
      ticket,
      after,
      limit: KEYS_A_LOOK_UP,
    });
    if (entries.length === 0) return 'ended';
    await refreshKeys(work, ticket, entries);
    if (alive.shouldYield()) return 'yielded';
    after = (entries.at(-1) as RefreshEntry).key;
  }
}

async function refreshKeys(
  work: ChangesWork,
  ticket: string,
  entries: readonly RefreshEntry[],
): Promise<void> {
  const { deps, entity, alive } = work;
  const listed = entries.map((entry) => entry.key);
  const keys = await wellFormed(deps.store.pool, entity.plan, listed);
  const found = keys.length === 0 ? new Set() : await loadFound(work, { ticket, entries, keys });
  const gone = keys.filter((key) => !found.has(key));
  // Whatever is no key of the entity's is struck off too: the source could not even be asked for it.
  const settled = entries.filter((entry) => !found.has(entry.key));
  if (settled.length === 0) return;
  const job = {
    ...jobOf(work, ticket),
    refreshDone: settled,
    askedKeys: entity.seesAllRows ? gone : [],
    rawKeys: [],
  };
  alive.allow(STORE_TRANSACTION_LIMIT_MS);
  await loadPiece(deps.store, job, emptyPiece(entity.plan), alive.signal);
  alive.moved();
}

/** @returns the keys that the source has. */
async function loadFound(
  work: ChangesWork,
  asked: { ticket: string; entries: readonly RefreshEntry[]; keys: readonly string[] },
): Promise<Set<string>> {
  const { deps, entity, source, alive } = work;
  const { ticket, entries, keys } = asked;
  const shape = compileShape(entity.plan, 'staging');
  const found = new Set<string>();
  const rows = source.lookUpKeys(entity.plan, keys, {
    format: 'rows',
    pieceBytes: PIECE_BYTES.rows,
    signal: alive.signal,
    onProgress: alive.moved,
  });
  for await (const piece of rows) {
    const pieceKeysFound = pieceKeys(entity.plan, piece);
    for (const key of pieceKeysFound) found.add(key);
    const shown = new Set(pieceKeysFound);
    const settled = entries.filter((entry) => shown.has(entry.key));
    const job = { ...jobOf(work, ticket), refreshDone: settled, rawKeys: pieceKeysFound };
    alive.allow(STORE_TRANSACTION_LIMIT_MS);
    await loadPiece(deps.store, job, await shape(piece), alive.signal);
    alive.moved();
  }
  return found;
}
