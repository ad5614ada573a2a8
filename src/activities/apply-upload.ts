/** An upload's mutations of one pipeline, wave by wave, until each has a verdict. */
import type { UploadRef } from '../domain/upload/upload-run.ts';
import { uploadWorkflowId } from '../domain/upload/workflow-ids.ts';
import { countStaged, nextMutations, parkBehind, parkHeld, type StagedMutation } from '../store/mutations.ts';
import { runAfterApply } from './after-apply.ts';
import { applyGroups } from './apply-groups.ts';
import { applyInMirror, rejectItem } from './apply-in-mirror.ts';
import { applyInSource } from './apply-in-source.ts';
import { type ActivityContext, type ActivityDeps, pipelineByName } from './deps.ts';
import { entityOrder } from './entity-order.ts';
import { prepareChanges } from './prepare-change.ts';
import { type Left, rejectCycles } from './reference-cycles.ts';
import type { ApplyResult } from './upload-contract.ts';
import { keyOfRow, workOf } from './upload-items.ts';
import type { Item, UploadWork } from './upload-work.ts';
import { whileBeating } from './while-beating.ts';

/** Mutations that are read, written and settled together: each wave asks some fifty questions, however many they are. */
const WAVE = 500;

export async function applyUpload(
  deps: ActivityDeps,
  input: UploadRef & { pipeline: string; timeBoxMs: number },
  context: ActivityContext,
): Promise<ApplyResult> {
  return whileBeating(context, async () => {
    const endsAtMs = Date.now() + input.timeBoxMs;
    const pipeline = pipelineByName(deps, input.pipeline);
    const order = await entityOrder(deps, Object.values(pipeline.entities), context);
    const entities = Object.keys(pipeline.entities);
    const id = uploadWorkflowId(input.device, input.key);
    let decided = 0;
    // They do not stand in the way of those behind them; whatever is decided may let them go on.
    let waiting: Left[] = [];
    let ofGroups: readonly Left[] = [];
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
        const { settled, left } = await applyGroups(deps, { ...input, entities, id }, context);
        ofGroups = left;
        decided += settled;
        isProgress ||= settled > 0;
        if (settled === 0 && (waiting.length === 0 || !isProgress)) break;
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
    const cut = await rejectCycles(deps, { waiting: [...waiting, ...ofGroups], id }, context);
    const open = await countStaged(deps.store.pool, { ...input, entities });
    if (open === 0) await runAfterApply(deps, context);
    return { done: open === 0, waiting: open > 0 && cut === 0, decided: decided + cut };
  });
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

function reject(
  work: UploadWork,
  mutation: StagedMutation,
  verdict: { code?: string; message?: string },
): Promise<void> {
  const { code = 'MUTATION_INVALID', message = '' } = verdict;
  return rejectItem(work, { mutation }, { code, message });
}
