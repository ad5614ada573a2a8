/**
 * Changes that go to the source: its rows are read, the change is decided, written under the source's own row lock only
 * if the row still is what was decided about, read again and mirrored. A killed worker leaves an attempt behind, which
 * the next one settles first (C12): nothing is written twice.
 */
import type { Mutation, Verdict, WriteEntity } from '../connectors/write-contract.ts';
import { SyncError } from '../domain/errors.ts';
import type { Decision, FieldTexts, RowNow } from '../domain/upload/decision.ts';
import { type Attempted, forgetAttempts, noteAttempts } from '../store/mutations.ts';
import { readRows } from '../store/upload-rows.ts';
import { applyInMirror, keyOf, rejectItem } from './apply-in-mirror.ts';
import { completeWrites, type Written } from './complete-writes.ts';
import { decideUnlocked, verdictOfItem } from './decide-item.ts';
import { nameOf } from './record-decision.ts';
import { refreshRows } from './refresh-rows.ts';
import { refusedLocals } from './refused-locals.ts';
import { withSource } from './source-access.ts';
import { guardOf, sourceValues, writesSource } from './source-columns.ts';
import { byEntity, type Item, type Member, refOf, targetOf, type UploadWork } from './upload-work.ts';

type Write = Extract<Decision, { kind: 'write' }>;
export type Planned = Member & { readonly now: RowNow; readonly decision: Write };

/** A row that others change all the time, faster than we write, is no reason to try for ever. */
const MOST_ATTEMPTS = 20;

/** One mutation a row. @returns what could not be settled now: locked rows, or rows that moved meanwhile. */
export async function applyInSource(
  work: UploadWork,
  items: readonly Item[],
): Promise<{ left: readonly Item[] }> {
  const undecided = await settleAttempts(work, items);
  if (undecided.length === 0) return { left: [] };
  await refreshRows(
    work,
    undecided.flatMap(({ key }) => key ?? []),
  );
  const { pool } = work.deps.store;
  const keys = undecided.map(keyOf);
  const rows = await readRows(pool, work.entity.plan, { keys, lock: 'none' });
  const planned: Planned[] = [];
  const ofMirror: Item[] = [];
  const refused: Refused[] = [];
  for (const item of undecided) {
    const now =
      item.key === null ? ({ state: 'unknown' } as const) : (rows.get(item.key) ?? { state: 'unknown' });
    const decision = await decideUnlocked(work, item, now);
    if (decision.kind === 'refused') refused.push({ item, ...decision });
    else if (decision.kind === 'write' && writesSource(work, decision))
      planned.push({ work, item, now, decision });
    else ofMirror.push(item);
  }
  await applyInMirror(work, ofMirror);
  refused.push(...(await refusedLocals(planned)));
  const { left, rejected } = await writeAll(
    planned.filter(({ item }) => !refused.some((each) => each.item === item)),
  );
  for (const { item, code, message } of [...refused, ...rejected]) {
    await rejectItem(work, item, { code, message });
  }
  return { left };
}

/** Mutations whose last try nobody heard of are completed, or given up for a new try. @returns those to be decided. */
export async function settleAttempts(work: UploadWork, items: readonly Item[]): Promise<Item[]> {
  const undecided = await settleMembers(items.map((item) => ({ work, item })));
  return undecided.map(({ item }) => item);
}

/** The same for changes that may be of several entities. */
export async function settleMembers(members: readonly Member[]): Promise<Member[]> {
  const undecided: Member[] = [];
  const written: Written[] = [];
  for (const member of members) {
    const { work } = member;
    const { attempted } = member.item.mutation;
    if (attempted === null) {
      undecided.push(member);
      continue;
    }
    const outcome = await withSource(work.deps, useOf(work), () =>
      targetOf(work).settle(attempted.ledgerKey, work.context.signal),
    );
    if (outcome.state === 'applied') written.push({ ...member, key: outcome.key, attempted });
    else undecided.push(member);
  }
  await completeWrites(written);
  return undecided;
}

function useOf(work: UploadWork) {
  const { heartbeat, signal } = work.context;
  return { ref: refOf(work), signal, moved: heartbeat };
}

/** Each try has a key of its own: the one before is settled, and cannot take effect any more. */
function ledgerKey({ mutation, decided }: Item): string {
  const work = decided === undefined ? nameOf(mutation) : `conflict/${decided.conflictId}/${decided.round}`;
  return `${work}#${mutation.attempt}`;
}

function attemptedOf({ item, now, decision }: Planned): Attempted {
  const { operation, values, outcomes, effects, clocks } = decision;
  const written = { operation, values, outcomes, effects, clocks };
  return {
    ledgerKey: ledgerKey(item),
    before: now,
    decision: written,
    verdict: verdictOfItem(item, decision, null),
  };
}

export type Refused = { readonly item: Item; readonly code: string; readonly message: string };
export type Heard = {
  /** Locked rows, rows that moved, or another worker's. */
  readonly left: readonly Item[];
  readonly rejected: readonly Refused[];
};

/** All are of one source. @returns what was left, and what the source refuses for ever; all else is settled. */
export async function writeAll(planned: readonly Planned[]): Promise<Heard> {
  const work = planned[0]?.work;
  if (work === undefined) return { left: [], rejected: [] };
  const mine = await noted(work, planned);
  // Another worker has some of a group: it is that one's.
  const isTorn = mine.length < planned.length && planned.some(({ item }) => item.mutation.group !== null);
  if (isTorn) return { left: planned.map(({ item }) => item), rejected: [] };
  const ledgerKeys = new Map(mine.map(({ item, attempted }) => [item.mutation.ordinal, attempted.ledgerKey]));
  const mutations = mine.map((each) => mutationOf(each, ledgerKeys));
  const verdicts = await withSource(work.deps, useOf(work), () =>
    targetOf(work).writeBatch(mutations, {
      entities: Object.fromEntries(
        byEntity(mine).map((each) => [entityName(each.work), writeEntity(each.work)]),
      ),
      signal: work.context.signal,
    }),
  );
  const heard = await hear(mine, verdicts);
  const ours = new Set(mine.map(({ item }) => item.mutation.ordinal));
  const others = planned.flatMap(({ item }) => (ours.has(item.mutation.ordinal) ? [] : [item]));
  return { ...heard, left: [...heard.left, ...others] };
}

/** A write that this worker may send, as the try that it is. */
type Tried = Planned & { readonly attempted: Attempted };

/** @returns without those that are being written by a worker that took this one for dead. */
async function noted(work: UploadWork, planned: readonly Planned[]): Promise<Tried[]> {
  const tries = planned.map((each): Tried => {
    const { item } = each;
    const mutation = { ...item.mutation, attempt: item.mutation.attempt + 1 };
    return { ...each, item: { ...item, mutation }, attempted: attemptedOf(each) };
  });
  const ours = await noteAttempts(
    work.deps.store.pool,
    tries.map(({ item, attempted }) => {
      const { ordinal, state, attempt } = item.mutation;
      return { ordinal, state, attempt, attempted };
    }),
  );
  return tries.filter(({ item }) => ours.has(item.mutation.ordinal));
}

async function hear(planned: readonly Tried[], verdicts: readonly Verdict[]): Promise<Heard> {
  const written: Written[] = [];
  const unwritten: Item[] = [];
  const rejected: Refused[] = [];
  for (const [i, each] of planned.entries()) {
    const { work, item } = each;
    const verdict = verdicts[i];
    const key = keyWritten(verdict);
    if (key !== null) written.push({ work, item, key, attempted: each.attempted });
    else if (verdict?.kind === 'rejected')
      rejected.push({ item, code: verdict.code, message: verdict.message });
    else unwritten.push(item);
  }
  await completeWrites(written);
  const known = [...unwritten, ...rejected.map(({ item }) => item)];
  const pool = planned[0]?.work.deps.store.pool;
  const forgotten = known.map(({ mutation }) => mutation);
  if (pool !== undefined) await forgetAttempts(pool, forgotten);
  const restless = unwritten.filter(({ mutation }) => mutation.attempt >= MOST_ATTEMPTS);
  const message = `The row changed, was locked, or is in quarantine, ${MOST_ATTEMPTS} times when it was to be written`;
  rejected.push(...restless.map((item) => ({ item, code: 'ROW_BUSY', message })));
  return { left: unwritten.filter((item) => !restless.includes(item)), rejected };
}

/** null: it was not written. */
function keyWritten(verdict: Verdict | undefined): string | null {
  if (verdict?.kind === 'applied') return verdict.key;
  if (verdict?.kind !== 'duplicate' || verdict.outcome.state !== 'applied') return null;
  return verdict.outcome.key;
}

function mutationOf(
  { work, item, now, decision, attempted }: Tried,
  ledgerKeys: ReadonlyMap<string, string>,
): Mutation {
  const { key, prepared } = item;
  const taken = Object.entries(prepared.makers ?? {}).filter(([field]) =>
    Object.hasOwn(decision.values, field),
  );
  const known = Object.entries(decision.values).filter(([field]) => !taken.some(([name]) => name === field));
  const makers = Object.fromEntries(
    taken.map(([field, maker]) => [field, ledgerKeys.get(maker) ?? null] as const),
  );
  const operation = decision.operation === 'revive' ? 'insert' : decision.operation;
  return {
    ledgerKey: attempted.ledgerKey,
    entity: entityName(work),
    operation,
    key: operation === 'insert' ? key : keyOf(item),
    values: operation === 'delete' ? {} : sourceValues(work.entity, Object.fromEntries(known)),
    base: now.state === 'row' ? guardOf(work.entity, now.row.values as FieldTexts) : null,
    origin: originOf(work, item),
    ...(item.mutation.group !== null && { group: item.mutation.group }),
    ...(taken.length > 0 && { takes: sourceValues(work.entity, makers) as Record<string, string> }),
  };
}

function originOf({ entity }: UploadWork, { mutation }: Item): string | null {
  const { writeBack } = entity.upload;
  return writeBack.to === 'source' && writeBack.originColumn !== undefined ? mutation.device : null;
}

function entityName({ entity }: UploadWork): string {
  return entity.plan.spec.entity;
}

function writeEntity({ entity }: UploadWork): WriteEntity {
  const { plan, upload } = entity;
  const { writeBack } = upload;
  if (writeBack.to !== 'source') {
    throw new SyncError('INTERNAL', { message: `${plan.spec.entity} is not written back to its source` });
  }
  const { table, originColumn, keySequence, call } = writeBack;
  return {
    entity: plan.spec.entity,
    table,
    key: plan.spec.key,
    rowColumns: [],
    ...(originColumn !== undefined && { originColumn }),
    ...(keySequence !== undefined && { keySequence }),
    ...(call !== undefined && { call }),
  };
}
