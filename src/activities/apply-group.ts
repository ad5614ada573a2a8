/**
 * A group of changes of one entity: applied all or not at all, in one transaction of the source or of the mirror. A
 * member that a human would have to decide fails its group, which can be sent again without it.
 */
import type { Decision, RowNow } from '../domain/upload/decision.ts';
import type { StoredVerdict } from '../domain/upload/stored-verdict.ts';
import { AlreadySettled, settle } from '../store/decisions.ts';
import type { GroupFailure } from '../store/groups.ts';
import { inUploadTransaction, type LoadSession } from '../store/load-session.ts';
import { isMadeHere, keepsOwnRows } from '../store/made-here.ts';
import { isSettled, type StagedMutation } from '../store/mutations.ts';
import { isRowError } from '../store/poison.ts';
import { tellByRow } from '../store/told.ts';
import { readRows } from '../store/upload-rows.ts';
import { settleAfterApply } from './after-apply.ts';
import { applyInMirror, isRefusal, keyOf, SOURCES_ROW, unlessSettled, write } from './apply-in-mirror.ts';
import { applyInSource, type Planned, settleAttempts, writeAll } from './apply-in-source.ts';
import { decideItem, verdictOfItem } from './decide-item.ts';
import { recordUnwritten } from './record-decision.ts';
import { refreshRows } from './refresh-rows.ts';
import { writesSource } from './source-columns.ts';
import type { Item, UploadWork } from './upload-work.ts';

/** @param items all open members, in their order. @returns 'left': rows moved, or are locked; to be tried again. */
export async function applyGroup(work: UploadWork, items: readonly Item[]): Promise<'settled' | 'left'> {
  const result: Failure | 'settled' | 'left' = await (work.entity.upload.writeBack.to === 'source'
    ? inSource(work, items)
    : inMirror(work, items));
  if (typeof result === 'string') return result;
  const members = items.map(({ mutation }) =>
    result.tried?.has(mutation.ordinal) ? { ...mutation, attempt: mutation.attempt + 1 } : mutation,
  );
  return (await failGroup(work, members, result)) ? 'settled' : 'left';
}

/** `tried`: members that were sent to the source, which counts as a try of each. */
type Failure = GroupFailure & { readonly tried?: ReadonlySet<string> };

/** One verdict says why; the others name the row that it was about. @returns false when another worker has some of it. */
export async function failGroup(
  work: UploadWork,
  members: readonly StagedMutation[],
  { ordinal, verdict }: GroupFailure,
): Promise<boolean> {
  const { deps, context, entity, id } = work;
  const culprit = members.find((member) => member.ordinal === ordinal);
  const why = verdict.message ?? 'the server’s side won';
  const others: StoredVerdict = {
    status: 'rejected',
    code: 'GROUP_FAILED',
    message: `Nothing of the group was applied. Row ${culprit?.row}: ${why}`,
  };
  const settled = inUploadTransaction(deps.store, { name: id, signal: context.signal }, async (session) => {
    for (const mutation of members) {
      const version = await tellByRow(session, entity.plan, { mutation, key: null });
      const own = mutation === culprit ? verdict : others;
      await settle(session, mutation, { ...own, ...(version !== null && { version }) });
    }
    return true;
  });
  return settled.catch((error: unknown) => {
    unlessSettled(error);
    return false;
  });
}

/** What keeps the group from being applied; null: nothing. */
function failureOf(item: Item, decision: Decision): GroupFailure | null {
  if (decision.kind === 'write' || decision.kind === 'same') return null;
  const { ordinal } = item.mutation;
  if (decision.kind !== 'approve' && decision.kind !== 'wait') {
    return { ordinal, verdict: verdictOfItem(item, decision, null) };
  }
  const message = 'a person has to decide this change: send it without the group';
  return { ordinal, verdict: { status: 'rejected', code: 'GROUP_FAILED', message } };
}

async function inSource(work: UploadWork, items: readonly Item[]): Promise<Failure | 'settled' | 'left'> {
  const undecided = await settleAttempts(work, items);
  // The group stands at the source: what is left of it had nothing to write.
  if (undecided.length < items.length) {
    await applyInSource(work, undecided);
    return 'settled';
  }
  await refreshRows(
    work,
    items.flatMap(({ key }) => key ?? []),
  );
  const { pool } = work.deps.store;
  const rows = await readRows(pool, work.entity.plan, { keys: items.map(keyOf), lock: 'none' });
  const planned: Planned[] = [];
  const unwritten: Item[] = [];
  const local: Item[] = [];
  for (const item of items) {
    const known = item.key === null ? undefined : rows.get(item.key);
    const now: RowNow = known ?? { state: 'unknown' };
    const decision = await decideItem(work, item, { now, db: pool });
    const failure = failureOf(item, decision);
    if (failure !== null) return failure;
    if (decision.kind === 'write' && writesSource(work, decision)) planned.push({ item, now, decision });
    else if (decision.kind === 'write') local.push(item);
    else unwritten.push(item);
  }
  if (planned.length === 0) return inMirror(work, items);
  if (local[0] !== undefined) return mixed(local[0]);
  const { left, rejected } = await writeAll(work, planned);
  const refused = rejected.find(({ code }) => code !== 'GROUP_FAILED');
  if (refused !== undefined) {
    const { item, code, message } = refused;
    const tried = new Set(planned.map((each) => each.item.mutation.ordinal));
    return { ordinal: item.mutation.ordinal, verdict: { status: 'rejected', code, message }, tried };
  }
  if (left.length > 0 || rejected.length > 0) return 'left';
  await applyInMirror(work, unwritten);
  return 'settled';
}

function mixed({ mutation: { ordinal } }: Item): GroupFailure {
  const message = 'it changes local columns alone, the others the source’s: no transaction has both';
  return { ordinal, verdict: { status: 'rejected', code: 'GROUP_INVALID', message } };
}

class Stopped extends Error {
  readonly failure: GroupFailure;

  constructor(failure: GroupFailure) {
    super('A group was not applied');
    this.failure = failure;
  }
}

async function writeMember(
  work: UploadWork,
  session: LoadSession,
  member: Parameters<typeof write>[2],
): Promise<void> {
  const { plan } = work.entity;
  const { item, decision } = member;
  if (
    decision.operation === 'delete' &&
    keepsOwnRows(plan) &&
    !(await isMadeHere(session, plan, keyOf(item)))
  ) {
    throw new Stopped({ ordinal: item.mutation.ordinal, verdict: SOURCES_ROW });
  }
  await write(work, session, member);
}

async function inMirror(
  work: UploadWork,
  items: readonly Item[],
): Promise<GroupFailure | 'settled' | 'left'> {
  const { deps, context, entity, id } = work;
  let at = items[0] as Item;
  try {
    await inUploadTransaction(deps.store, { name: id, signal: context.signal }, async (session) => {
      const rows = await readRows(session.client, entity.plan, { keys: items.map(keyOf), lock: 'row' });
      for (const item of items) {
        at = item;
        const now = rows.get(keyOf(item)) ?? { state: 'unknown' };
        const decision = await decideItem(work, item, { now, db: session.client });
        const failure = failureOf(item, decision);
        if (failure !== null) throw new Stopped(failure);
        if (decision.kind === 'write') await writeMember(work, session, { item, now, decision });
        else if (decision.kind === 'same') await recordUnwritten(work, session, { item, now, decision });
      }
      await settleAfterApply(work, session);
    });
    return 'settled';
  } catch (error) {
    if (error instanceof Stopped) return error.failure;
    const { ordinal } = at.mutation;
    if (error instanceof AlreadySettled)
      return (await isSettled(deps.store.pool, ordinal)) ? 'settled' : 'left';
    if (isRefusal(error)) {
      return { ordinal, verdict: { status: 'rejected', code: error.code, message: error.message } };
    }
    if (!isRowError(error)) throw error;
    const { code = 'unknown', constraint = 'a rule of the table' } = error as {
      code?: string;
      constraint?: string;
    };
    const message = `The database refuses the row: ${constraint} (${code})`;
    return { ordinal, verdict: { status: 'rejected', code: 'CONSTRAINT', message } };
  }
}
