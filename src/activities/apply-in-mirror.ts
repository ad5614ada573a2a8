/**
 * Changes of which the mirror is the system of record, and changes that write nothing at the source: decided under the
 * lock of the mirror's row, written and settled in one transaction.
 */

import { isSyncError, type SyncError } from '../domain/errors.ts';
import type { Decision, RowNow } from '../domain/upload/decision.ts';
import type { StoredVerdict } from '../domain/upload/stored-verdict.ts';
import { AlreadySettled, settle } from '../store/decisions.ts';
import { inUploadTransaction, type LoadSession } from '../store/load-session.ts';
import { isMadeHere, keepsOwnRows } from '../store/made-here.ts';
import { isRowError, refusalText } from '../store/poison.ts';
import { tellByRow } from '../store/told.ts';
import { wellFormed } from '../store/tombstones.ts';
import { readRows } from '../store/upload-rows.ts';
import { writeMirror } from '../store/upload-writes.ts';
import { settleAfterApply } from './after-apply.ts';
import { decideItem, verdictOfItem } from './decide-item.ts';
import { type Done, provenance, type Recorded, recordUnwritten, recordWritten } from './record-decision.ts';
import type { Item, UploadWork } from './upload-work.ts';

type Write = Extract<Decision, { kind: 'write' }>;

/** One transaction for all of them; when a row of them is refused, one for each. */
export async function applyInMirror(work: UploadWork, items: readonly Item[]): Promise<void> {
  if (items.length === 0) return;
  try {
    await applyTogether(work, items);
  } catch (error) {
    const isSettled = error instanceof AlreadySettled;
    if (!isSettled && !isRowError(error) && !isRefusal(error)) throw error;
    if (items.length > 1) for (const item of items) await applyInMirror(work, [item]);
    else if (!isSettled) await refuse(work, items[0] as Item, error);
  }
}

async function applyTogether(work: UploadWork, items: readonly Item[]): Promise<void> {
  const { deps, context, entity, id } = work;
  await inUploadTransaction(deps.store, { name: id, signal: context.signal }, async (session) => {
    const keys = items.map(keyOf);
    const rows = await readRows(session.client, entity.plan, { keys, lock: 'row' });
    const written: Done[] = [];
    const unwritten: Recorded[] = [];
    for (const item of items) {
      const now = rows.get(keyOf(item)) ?? { state: 'unknown' };
      const decision = await decideItem(work, item, { now, db: session.client });
      if (decision.kind === 'write')
        written.push(...(await writeRow(work, session, { item, now, decision })));
      else unwritten.push({ item, now, decision });
    }
    await recordWritten(work, session, written);
    await recordUnwritten(work, session, unwritten);
    await settleAfterApply(work, session);
  });
}

/** What the configuration's own SQL said. */
export function isRefusal(error: unknown): error is SyncError {
  return isSyncError(error, 'RULE_QUERY_FAILED') || isSyncError(error, 'AFTER_APPLY_FAILED');
}

/** A row that a device made has the id that it gave as its key, unless the source gave it one. */
export function keyOf({ key, mutation }: Item): string {
  return key ?? mutation.row;
}

/** C18: the next full run would bring it back. */
export const SOURCES_ROW = {
  status: 'rejected',
  code: 'NOT_ALLOWED',
  message:
    'The row is of the source, which alone can delete it: only rows that were made here can be deleted here',
} as const;

type Decided = { readonly item: Item; readonly now: RowNow; readonly decision: Write };

export async function write(work: UploadWork, session: LoadSession, decided: Decided): Promise<void> {
  await recordWritten(work, session, await writeRow(work, session, decided));
}

/** @returns what is to be recorded of it; nothing when the change was refused, and has its verdict. */
async function writeRow(
  work: UploadWork,
  session: LoadSession,
  { item, now, decision }: Decided,
): Promise<Done[]> {
  const { operation } = decision;
  const key = keyOf(item);
  const { plan } = work.entity;
  if (operation === 'delete' && keepsOwnRows(plan) && !(await isMadeHere(session, plan, key))) {
    const version = await tellByRow(session, plan, { mutation: item.mutation, key });
    await settle(session, item.mutation, { ...SOURCES_ROW, ...(version !== null && { version }) });
    return [];
  }
  const version = await writeMirror(session, {
    ...provenance(work, item, decision.clocks),
    operation: operation === 'revive' ? 'insert' : operation,
    values: decision.values,
    rowId: null,
  });
  // Between the look and the write nobody can have written: the row is locked. A row made meanwhile is one.
  if (version === null) throw new AlreadySettled();
  const verdict = verdictOfItem(item, decision, version);
  return [{ item, key, before: now, decision, clocks: decision.clocks, verdict }];
}

/** What the database refuses now it refuses the next time too. The message names no values. */
async function refuse(work: UploadWork, item: Item, error: unknown): Promise<void> {
  if (isRefusal(error)) {
    return rejectItem(work, item, { code: error.code, message: error.message });
  }
  const { plan } = work.entity;
  if ((await wellFormed(work.deps.store.pool, plan, [keyOf(item)])).length === 0) {
    const types = plan.mirrorColumns.flatMap(({ keyPosition, type }) => (keyPosition === null ? [] : type));
    const why = `The row's id has to be its key here: ${types.join(', ')}, as PostgreSQL prints it`;
    return rejectItem(work, item, { code: 'INVALID_VALUE', message: why });
  }
  return rejectItem(work, item, { code: 'CONSTRAINT', message: refusalText(error) });
}

export function rejectItem(
  work: UploadWork,
  item: Pick<Item, 'mutation'>,
  why: { readonly code: string; readonly message: string },
): Promise<void> {
  return endUnwritten(work, item, { status: 'rejected', ...why });
}

/** The verdict of a mutation of which nothing is written. */
export async function endUnwritten(
  work: UploadWork,
  { mutation }: Pick<Item, 'mutation'>,
  verdict: StoredVerdict,
): Promise<void> {
  const { deps, context, entity, id } = work;
  await inUploadTransaction(deps.store, { name: id, signal: context.signal }, async (session) => {
    const version = await tellByRow(session, entity.plan, { mutation, key: null });
    await settle(session, mutation, { ...verdict, ...(version !== null && { version }) });
  }).catch(unlessSettled);
}

/** Another worker was faster: its verdict counts. */
export function unlessSettled(error: unknown): void {
  if (!(error instanceof AlreadySettled)) throw error;
}
