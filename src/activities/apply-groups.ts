/** Groups of an upload, after its single changes: what each is made of, in which order, and what keeps it from being applied. */

import { orderOfGroup } from '../domain/upload/group-order.ts';
import type { StoredVerdict } from '../domain/upload/stored-verdict.ts';
import type { UploadRef } from '../domain/upload/upload-run.ts';
import { type GroupFailure, type ReadyGroup, readyGroups } from '../store/groups.ts';
import { readMutations } from '../store/mutations.ts';
import { applyGroup, failGroup } from './apply-group.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import { entityOrder } from './entity-order.ts';
import { type Prepared, prepareMembers } from './prepare-change.ts';
import type { Left } from './reference-cycles.ts';
import { keyOfRow, workOf } from './upload-items.ts';
import type { Member, StagedMember, UploadWork } from './upload-work.ts';

type OfUpload = UploadRef & { readonly entities: readonly string[]; readonly id: string };

/** Each in one go. @returns how many mutations were settled, and those that wait for rows that others make. */
export async function applyGroups(
  deps: ActivityDeps,
  of: OfUpload,
  context: ActivityContext,
): Promise<{ readonly settled: number; readonly left: readonly Left[] }> {
  let settled = 0;
  const left: Left[] = [];
  for (const group of await readyGroups(deps.store.pool, of)) {
    const mutations = await readMutations(deps.store.pool, group.members);
    const works = new Map<string, UploadWork>();
    for (const { entity } of mutations) {
      if (!works.has(entity)) works.set(entity, await workOf(deps, { entity, id: of.id }, context));
    }
    const staged = mutations.map((mutation): StagedMember => {
      return { work: works.get(mutation.entity) as UploadWork, mutation };
    });
    const outcome = await settleGroup(group, staged);
    if (outcome === true) settled += mutations.length;
    else if (outcome !== false) left.push(...outcome);
  }
  return { settled, left };
}

/** @returns false when another worker is at it, or its rows are in use; a list: members that wait for rows to come. */
async function settleGroup(
  { held }: ReadyGroup,
  staged: readonly StagedMember[],
): Promise<boolean | readonly Left[]> {
  const prepared = await prepareAll(staged);
  const members: Member[] = [];
  const waiting: Left[] = [];
  for (const { work, mutation } of staged) {
    const change = prepared.get(mutation.ordinal);
    const failure = mutation.ordinal === held ? WAITS : failureOfPrepared(change);
    if (failure !== null) return failGroup(staged, { ordinal: mutation.ordinal, verdict: failure });
    if (change?.kind !== 'change') {
      const making = change?.kind === 'waiting' ? change.making : null;
      waiting.push({ ordinal: mutation.ordinal, making });
      continue;
    }
    const key = keyOfRow(work.entity, mutation, change.change);
    members.push({ work, item: { mutation, prepared: change, key } });
  }
  if (waiting.length > 0) return waiting;
  const failure = wideKey(members);
  if (failure !== null) return failGroup(staged, failure);
  const ordered = await inOrder(members);
  if ('ordinal' in ordered) return failGroup(staged, ordered);
  return (await applyGroup(withKnownKeys(ordered.members))) === 'settled';
}

async function prepareAll(staged: readonly StagedMember[]): Promise<Map<string, Prepared>> {
  const makers = new Set(
    staged.flatMap(({ mutation }) => (mutation.body.operation === 'insert' ? [mutation.ordinal] : [])),
  );
  const prepared = new Map<string, Prepared>();
  for (const work of new Set(staged.map((each) => each.work))) {
    const mutations = staged.flatMap((each) => (each.work === work ? [each.mutation] : []));
    const changes = await prepareMembers(work.deps.store.pool, work.entity, { mutations, makers });
    for (const [i, { ordinal }] of mutations.entries()) prepared.set(ordinal, changes[i] as Prepared);
  }
  return prepared;
}

const WAITS: StoredVerdict = {
  status: 'rejected',
  code: 'GROUP_FAILED',
  message: 'it waits for a decision about an earlier change: send the group again after that',
};

/** null: nothing stands against it, by itself. */
function failureOfPrepared(change: Prepared | undefined): StoredVerdict | null {
  if (change?.kind === 'rejected') return change.verdict;
  return change?.kind === 'waiting' && change.conflictId !== null ? WAITS : null;
}

/** A column cannot hold a key of several. */
function wideKey(members: readonly Member[]): GroupFailure | null {
  const wide = new Set(
    members.flatMap(({ work, item }) =>
      work.entity.plan.keyColumns.length > 1 ? [item.mutation.ordinal] : [],
    ),
  );
  for (const { item } of members) {
    const [field] = Object.entries(item.prepared.makers ?? {}).find(([, maker]) => wide.has(maker)) ?? [];
    if (field === undefined) continue;
    const message = `${field} names a row whose key has several columns`;
    return {
      ordinal: item.mutation.ordinal,
      verdict: { status: 'rejected', code: 'INVALID_VALUE', message },
    };
  }
  return null;
}

async function inOrder(members: readonly Member[]): Promise<{ members: Member[] } | GroupFailure> {
  const { deps, context } = (members[0] as Member).work;
  const specs = [...new Set(members.map(({ work }) => work.entity.plan.spec))];
  const order = specs.length < 2 ? [] : await entityOrder(deps, specs, context);
  const result = orderOfGroup(
    members.map(({ item: { mutation, prepared } }) => ({
      ordinal: mutation.ordinal,
      entity: mutation.entity,
      operation: mutation.body.operation,
      makers: Object.values(prepared.makers ?? {}),
    })),
    order,
  );
  if ('order' in result) {
    const byOrdinal = new Map(members.map((member) => [member.item.mutation.ordinal, member]));
    return { members: result.order.map((ordinal) => byOrdinal.get(ordinal) as Member) };
  }
  const message =
    'rows of the group name each other in a circle: make one without the name, and set it later';
  const verdict = { status: 'rejected', code: 'REFERENCE_CYCLE', message } as const;
  return { ordinal: result.cycle[0] as string, verdict };
}

/** Rows that bring their keys are named by them; those of the others are known when they are written. */
function withKnownKeys(members: readonly Member[]): Member[] {
  const keys = new Map(members.map(({ item }) => [item.mutation.ordinal, item.key]));
  return members.map((member) => {
    const { item } = member;
    const { makers, ...prepared } = item.prepared;
    if (makers === undefined) return member;
    const known = Object.entries(makers).flatMap(([field, maker]) => {
      const key = keys.get(maker) ?? null;
      return key === null ? [] : [[field, key] as const];
    });
    const open = Object.entries(makers).filter(([field]) => !known.some(([name]) => name === field));
    const change = {
      ...prepared.change,
      values: { ...prepared.change.values, ...Object.fromEntries(known) },
    };
    const named = open.length > 0 && { makers: Object.fromEntries(open) };
    return { ...member, item: { ...item, prepared: { ...prepared, change, ...named } } };
  });
}
