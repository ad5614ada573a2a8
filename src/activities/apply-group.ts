/**
 * A group of changes: applied all or not at all, in one transaction of the source or of the store. A member that a human
 * would have to decide fails its group, which can be sent again without it.
 */
import type { Decision, RowNow } from '../domain/upload/decision.ts';
import type { StoredVerdict } from '../domain/upload/stored-verdict.ts';
import { AlreadySettled, settle } from '../store/decisions.ts';
import type { GroupFailure } from '../store/groups.ts';
import { inUploadTransaction, type LoadSession } from '../store/load-session.ts';
import { isMadeHere, keepsOwnRows } from '../store/made-here.ts';
import { isSettled } from '../store/mutations.ts';
import { isRowError, refusalText } from '../store/poison.ts';
import { tellByRow } from '../store/told.ts';
import { readRows } from '../store/upload-rows.ts';
import { settleAfterApply } from './after-apply.ts';
import { applyInMirror, isRefusal, keyOf, SOURCES_ROW, unlessSettled, write } from './apply-in-mirror.ts';
import { applyInSource, type Planned, type Refused, settleMembers, writeAll } from './apply-in-source.ts';
import { decideItem, decideUnlocked, verdictOfItem } from './decide-item.ts';
import { recordUnwritten } from './record-decision.ts';
import { refreshRows } from './refresh-rows.ts';
import { refusedLocals } from './refused-locals.ts';
import { writesSource } from './source-columns.ts';
import { byEntity, type Item, type Member, type StagedMember, type UploadWork } from './upload-work.ts';

/**
 * @param members all open ones, in the order in which they can be written.
 * @returns 'left': rows moved, or are locked; to be tried again.
 */
export async function applyGroup(members: readonly Member[]): Promise<'settled' | 'left'> {
  const toSource = members[0]?.work.entity.upload.writeBack.to === 'source';
  const result: Failure | 'settled' | 'left' = await (toSource ? inSource(members) : inMirror(members));
  if (typeof result === 'string') return result;
  const tried = members.map(({ work, item: { mutation } }) => ({
    work,
    mutation: result.tried?.has(mutation.ordinal) ? { ...mutation, attempt: mutation.attempt + 1 } : mutation,
  }));
  return (await failGroup(tried, result)) ? 'settled' : 'left';
}

/** `tried`: members that were sent to the source, which counts as a try of each. */
type Failure = GroupFailure & { readonly tried?: ReadonlySet<string> };

/** One verdict says why; the others name the row that it was about. @returns false when another worker has some of it. */
export async function failGroup(
  members: readonly StagedMember[],
  { ordinal, verdict }: GroupFailure,
): Promise<boolean> {
  const { deps, context, id } = (members[0] as StagedMember).work;
  const culprit = members.find(({ mutation }) => mutation.ordinal === ordinal)?.mutation;
  const why = verdict.message ?? 'the server’s side won';
  const others: StoredVerdict = {
    status: 'rejected',
    code: 'GROUP_FAILED',
    message: `Nothing of the group was applied. Row ${culprit?.row}: ${why}`,
  };
  const settled = inUploadTransaction(deps.store, { name: id, signal: context.signal }, async (session) => {
    for (const { work, mutation } of members) {
      const version = await tellByRow(session, work.entity.plan, { mutation, key: null });
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

async function inSource(members: readonly Member[]): Promise<Failure | 'settled' | 'left'> {
  const undecided = await settleMembers(members);
  // The group stands at the source: what is left of it had nothing to write.
  if (undecided.length < members.length) {
    for (const { work, members: left } of byEntity(undecided)) await applyInSource(work, itemsOf(left));
    return 'settled';
  }
  const rows = await rowsNow(members);
  const planned: Planned[] = [];
  const unwritten: Member[] = [];
  const local: Item[] = [];
  for (const { work, item } of members) {
    const now = rows.get(item) ?? { state: 'unknown' };
    const decision = await decideUnlocked(work, item, now);
    if (decision.kind === 'refused') return failureOfRefused({ item, ...decision });
    const failure = failureOf(item, decision);
    if (failure !== null) return failure;
    if (decision.kind === 'write' && writesSource(work, decision))
      planned.push({ work, item, now, decision });
    else if (decision.kind === 'write') local.push(item);
    else unwritten.push({ work, item });
  }
  if (planned.length === 0) return inMirror(members);
  if (local[0] !== undefined) return mixed(local[0]);
  const [unfit] = await refusedLocals(planned);
  if (unfit !== undefined) return failureOfRefused(unfit);
  const { left, rejected } = await writeAll(planned);
  const refused = rejected.find(({ code }) => code !== 'GROUP_FAILED');
  if (refused !== undefined) {
    return {
      ...failureOfRefused(refused),
      tried: new Set(planned.map((each) => each.item.mutation.ordinal)),
    };
  }
  if (left.length > 0 || rejected.length > 0) return 'left';
  for (const { work, members: same } of byEntity(unwritten)) await applyInMirror(work, itemsOf(same));
  return 'settled';
}

function failureOfRefused({ item, code, message }: Refused): GroupFailure {
  return { ordinal: item.mutation.ordinal, verdict: { status: 'rejected', code, message } };
}

function itemsOf(members: readonly Member[]): Item[] {
  return members.map(({ item }) => item);
}

/** The rows as the source has them by now. */
async function rowsNow(members: readonly Member[]): Promise<ReadonlyMap<Item, RowNow>> {
  const found = new Map<Item, RowNow>();
  for (const { work, members: own } of byEntity(members)) {
    const keyed = itemsOf(own).filter(({ key }) => key !== null);
    await refreshRows(work, keyed.map(keyOf));
    const rows = await readRows(work.deps.store.pool, work.entity.plan, {
      keys: keyed.map(keyOf),
      lock: 'none',
    });
    for (const item of keyed) found.set(item, rows.get(keyOf(item)) ?? { state: 'unknown' });
  }
  return found;
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

async function inMirror(members: readonly Member[]): Promise<GroupFailure | 'settled' | 'left'> {
  const { deps, context, id } = (members[0] as Member).work;
  let at = members[0] as Member;
  try {
    await inUploadTransaction(deps.store, { name: id, signal: context.signal }, async (shared) => {
      const sessions = new Map<UploadWork, LoadSession>();
      const rows = new Map<Item, RowNow>();
      for (const { work, members: own } of byEntity(members)) {
        sessions.set(work, { ...shared, affected: [] });
        const keys = itemsOf(own).map(keyOf);
        const found = await readRows(shared.client, work.entity.plan, { keys, lock: 'row' });
        for (const { item } of own) rows.set(item, found.get(keyOf(item)) ?? { state: 'unknown' });
      }
      for (const member of members) {
        at = member;
        const now = rows.get(member.item) ?? { state: 'unknown' };
        await applyMember(member, sessions.get(member.work) as LoadSession, now);
      }
      for (const [work, session] of sessions) await settleAfterApply(work, session);
    });
    return 'settled';
  } catch (error) {
    return failureOfError(at, error);
  }
}

/** @throws Stopped when it, and with it the group, is not applied. */
async function applyMember({ work, item }: Member, session: LoadSession, now: RowNow): Promise<void> {
  const decision = await decideItem(work, item, { now, db: session.client });
  const failure = failureOf(item, decision);
  if (failure !== null) throw new Stopped(failure);
  if (decision.kind === 'write') await writeMember(work, session, { item, now, decision });
  else if (decision.kind === 'same') await recordUnwritten(work, session, [{ item, now, decision }]);
}

/** @param at the member that it met. @throws what is not the change's fault. */
async function failureOfError(
  { work, item }: Member,
  error: unknown,
): Promise<GroupFailure | 'settled' | 'left'> {
  if (error instanceof Stopped) return error.failure;
  const { ordinal } = item.mutation;
  if (error instanceof AlreadySettled) {
    return (await isSettled(work.deps.store.pool, ordinal)) ? 'settled' : 'left';
  }
  if (isRefusal(error)) {
    return { ordinal, verdict: { status: 'rejected', code: error.code, message: error.message } };
  }
  if (!isRowError(error)) throw error;
  return { ordinal, verdict: { status: 'rejected', code: 'CONSTRAINT', message: refusalText(error) } };
}
