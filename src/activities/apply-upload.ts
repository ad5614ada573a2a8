/** An upload's mutations of one pipeline, wave by wave, until each has a verdict. */
import type { PipelineSpec } from '../domain/config.ts';
import { SyncError } from '../domain/errors.ts';
import { encodeKey } from '../domain/keys.ts';
import type { Change } from '../domain/upload/decision.ts';
import type { StoredVerdict } from '../domain/upload/stored-verdict.ts';
import type { UploadPart, UploadRef } from '../domain/upload/upload-run.ts';
import { uploadWorkflowId } from '../domain/upload/workflow-ids.ts';
import { clockNode } from '../store/clock-node.ts';
import { readyGroups, rejectBadGroups } from '../store/groups.ts';
import {
  countStaged,
  nextMutations,
  parkBehind,
  parkHeld,
  readMutation,
  rejectStaged,
  type StagedMutation,
} from '../store/mutations.ts';
import { entitiesOf, rejectUnknown } from '../store/upload-parts.ts';
import { readUpload } from '../store/uploads.ts';
import { runAfterApply } from './after-apply.ts';
import { applyGroup, failGroup } from './apply-group.ts';
import { applyInMirror, rejectItem } from './apply-in-mirror.ts';
import { applyInSource } from './apply-in-source.ts';
import { type ActivityContext, type ActivityDeps, pipelineByName } from './deps.ts';
import { type Prepared, prepareChanges } from './prepare-change.ts';
import type { ApplyResult } from './upload-contract.ts';
import { findUpload, type UploadEntity, uploadEntity } from './upload-entity.ts';
import type { Item, UploadWork } from './upload-work.ts';
import { whileBeating } from './while-beating.ts';

/** Mutations that are read, written and settled together. */
const WAVE = 200;

export async function planUpload(
  deps: ActivityDeps,
  input: UploadRef,
): Promise<{ parts: readonly UploadPart[] }> {
  await readUpload(deps.store.pool, input);
  await rejectBadGroups(deps.store.pool, input);
  const entities = await entitiesOf(deps.store.pool, input);
  const parts = new Map<string, UploadPart>();
  for (const entity of entities) {
    const found = findUpload(deps, entity);
    if (found === null) {
      await rejectUnknown(deps.store.pool, { ...input, entity });
      continue;
    }
    const { pipeline, taskQueue } = found.pipeline;
    parts.set(pipeline, { pipeline, taskQueue });
  }
  return { parts: [...parts.values()] };
}

export async function applyUpload(
  deps: ActivityDeps,
  input: UploadRef & { pipeline: string; timeBoxMs: number },
  context: ActivityContext,
): Promise<ApplyResult> {
  return whileBeating(context, async () => {
    const endsAtMs = Date.now() + input.timeBoxMs;
    const pipeline = pipelineByName(deps, input.pipeline);
    const order = await entityOrder(deps, pipeline, context);
    const entities = Object.keys(pipeline.entities);
    const id = uploadWorkflowId(input.device, input.key);
    let decided = 0;
    // They do not stand in the way of those behind them; whatever is decided may let them go on.
    let waiting: Left[] = [];
    let isProgress = true;
    for (;;) {
      context.signal.throwIfAborted();
      await parkHeld(deps.store.pool, input);
      const except = waiting.map(({ ordinal }) => ordinal);
      const staged = await nextMutations(deps.store.pool, input, {
        entities,
        entityOrder: order,
        except,
        limit: WAVE,
      });
      if (staged.length === 0) {
        const grouped = await applyGroups(deps, { ...input, entities, id }, context);
        decided += grouped;
        isProgress ||= grouped > 0;
        if (grouped === 0 && (waiting.length === 0 || !isProgress)) break;
      }
      if (staged.length === 0) {
        waiting = [];
        isProgress = false;
        continue;
      }
      const left = await applyWave(deps, { id, staged }, context);
      decided += staged.length - left.length;
      isProgress ||= left.length < staged.length;
      waiting.push(...left);
      if (Date.now() > endsAtMs) return { done: false, waiting: false, decided };
    }
    const cut = await rejectCycles(deps, waiting);
    const open = await countStaged(deps.store.pool, { ...input, entities });
    if (open === 0) await runAfterApply(deps, context);
    return { done: open === 0, waiting: open > 0 && cut === 0, decided: decided + cut };
  });
}

/** A mutation that could not be decided now; `making`: the one that has to make a row that it names. */
export type Left = { readonly ordinal: string; readonly making: string | null };

/** Groups after single changes, each in one go. @returns how many mutations were settled. */
async function applyGroups(
  deps: ActivityDeps,
  of: UploadRef & { readonly entities: readonly string[]; readonly id: string },
  context: ActivityContext,
): Promise<number> {
  const { pool } = deps.store;
  let settled = 0;
  for (const group of await readyGroups(pool, of)) {
    const found = await Promise.all(group.members.map((ordinal) => readMutation(pool, ordinal)));
    const members = found.flatMap((mutation) => mutation ?? []);
    const work = await workOf(deps, { entity: members[0]?.entity ?? '', id: of.id }, context);
    if (await settleGroup(work, members, group.held)) settled += members.length;
  }
  return settled;
}

async function settleGroup(
  work: UploadWork,
  members: readonly StagedMutation[],
  held: string | null,
): Promise<boolean> {
  const prepared = await prepareChanges(work.deps.store.pool, work.entity, members);
  const items: Item[] = [];
  for (const [i, mutation] of members.entries()) {
    const change = prepared[i];
    const failure = mutation.ordinal === held ? WAITS : failureOfPrepared(change, members);
    if (failure !== null) {
      return failGroup(work, members, { ordinal: mutation.ordinal, verdict: failure });
    }
    if (change?.kind !== 'change') return false;
    items.push({ mutation, prepared: change, key: keyOfRow(work.entity, mutation, change.change) });
  }
  return (await applyGroup(work, items)) === 'settled';
}

const WAITS: StoredVerdict = {
  status: 'rejected',
  code: 'GROUP_FAILED',
  message: 'it waits for a decision about an earlier change: send the group again after that',
};

/** null: nothing stands against it, by itself. */
function failureOfPrepared(
  change: Prepared | undefined,
  members: readonly StagedMutation[],
): StoredVerdict | null {
  if (change?.kind === 'rejected') return change.verdict;
  if (change?.kind !== 'waiting') return null;
  if (change.conflictId !== null) return WAITS;
  const isOwn = members.some(({ ordinal }) => ordinal === change.making);
  const message = 'it names a row that the same group makes, which has no key yet: make that row before';
  return isOwn ? { status: 'rejected', code: 'GROUP_INVALID', message } : null;
}

/** Rows made offline that name each other in a circle: each waits for the other to be made, for ever. */
async function rejectCycles(deps: ActivityDeps, waiting: readonly Left[]): Promise<number> {
  const waitsFor = new Map(
    waiting.flatMap(({ ordinal, making }) => (making === null ? [] : [[ordinal, making]])),
  );
  const inCycle = [...waitsFor.keys()].filter((start) => {
    let at = waitsFor.get(start);
    for (let steps = 0; at !== undefined && at !== start && steps <= waitsFor.size; steps++)
      at = waitsFor.get(at);
    return at === start;
  });
  const message =
    'Rows made offline name each other in a circle: make one of them without the name, then set it by an update';
  return rejectStaged(deps.store.pool, inCycle, { status: 'rejected', code: 'REFERENCE_CYCLE', message });
}

/** Parents before children, as the source's foreign keys say. */
async function entityOrder(
  deps: ActivityDeps,
  pipeline: PipelineSpec,
  context: ActivityContext,
): Promise<readonly string[]> {
  const written = Object.values(pipeline.entities).flatMap(({ entity, key, upload }) =>
    upload?.writeBack.to === 'source' ? [{ entity, key, table: upload.writeBack.table }] : [],
  );
  const target = deps.targets[pipeline.source];
  if (target === undefined || written.length < 2) return written.map(({ entity }) => entity);
  return target.entityOrder(written, context.signal);
}

/** One mutation a row, in their order: those of one entity and priority together. @returns what could not be settled now. */
export async function applyWave(
  deps: ActivityDeps,
  wave: { readonly id: string; readonly staged: readonly StagedMutation[] },
  context: ActivityContext,
): Promise<Left[]> {
  const left: Left[] = [];
  for (const mutations of stretches(wave.staged)) {
    const work = await workOf(deps, { entity: mutations[0]?.entity as string, id: wave.id }, context);
    left.push(...(await applyOfEntity(work, mutations)));
  }
  return left;
}

async function workOf(
  deps: ActivityDeps,
  of: { readonly entity: string; readonly id: string },
  context: ActivityContext,
): Promise<UploadWork> {
  const entity = await uploadEntity(deps, of, context);
  if (entity === null) throw new SyncError('CONFIG_UNKNOWN', { message: `${of.entity} takes no changes` });
  return { deps, context, entity, id: of.id, node: await clockNode(deps.store.pool) };
}

function stretches(staged: readonly StagedMutation[]): StagedMutation[][] {
  const all: StagedMutation[][] = [];
  for (const mutation of staged) {
    const last = all.at(-1);
    const first = last?.[0];
    if (first?.entity === mutation.entity && first.priority === mutation.priority) last?.push(mutation);
    else all.push([mutation]);
  }
  return all;
}

async function applyOfEntity(work: UploadWork, mutations: readonly StagedMutation[]): Promise<Left[]> {
  const prepared = await prepareChanges(work.deps.store.pool, work.entity, mutations);
  const items: Item[] = [];
  const left: Left[] = [];
  for (const [i, mutation] of mutations.entries()) {
    const change = prepared[i];
    if (change?.kind === 'change')
      items.push({ mutation, prepared: change, key: keyOfRow(work.entity, mutation, change.change) });
    else if (change?.kind === 'rejected') await reject(work, mutation, change.verdict);
    else {
      // Parked behind the conflict that holds the row it names, or staged until that row is made.
      const { ordinal } = mutation;
      const { conflictId = null, making = null } = change ?? {};
      const isParked =
        conflictId !== null && (await parkBehind(work.deps.store.pool, { ordinal, conflictId }));
      if (!isParked) left.push({ ordinal, making });
    }
  }
  if (work.entity.upload.writeBack.to === 'source') {
    const unsettled = (await applyInSource(work, items)).left;
    return [...left, ...unsettled.map(({ mutation: { ordinal } }) => ({ ordinal, making: null }))];
  }
  await applyInMirror(work, items);
  return left;
}

/** One mutation by itself; `why`: what stands against deciding it now. */
export async function itemOf(
  work: UploadWork,
  mutation: StagedMutation,
): Promise<Item | { readonly why: string }> {
  const [prepared] = await prepareChanges(work.deps.store.pool, work.entity, [mutation]);
  if (prepared?.kind === 'change') {
    return { mutation, prepared, key: keyOfRow(work.entity, mutation, prepared.change) };
  }
  if (prepared?.kind === 'rejected')
    return { why: prepared.verdict.message ?? 'The change is not allowed any more' };
  return { why: 'A row that the change names is not made yet' };
}

function reject(
  work: UploadWork,
  mutation: StagedMutation,
  verdict: { code?: string; message?: string },
): Promise<void> {
  const { code = 'MUTATION_INVALID', message = '' } = verdict;
  return rejectItem(work, { mutation }, { code, message });
}

/**
 * The key under which the mirror has, or will have, the row: what an insert gives for it, the one that the source gave
 * to the row before, or the id itself. null: the source will give it one.
 */
function keyOfRow(
  { plan, upload }: UploadEntity,
  mutation: StagedMutation,
  { operation, values }: Change,
): string | null {
  if (mutation.key !== null || operation !== 'insert') return mutation.key ?? mutation.row;
  const parts = plan.keyColumns.map((name) => values[name]);
  if (parts.every((part) => part !== undefined && part !== null)) return encodeKey(parts as string[]);
  return upload.writeBack.to === 'source' ? null : mutation.row;
}
