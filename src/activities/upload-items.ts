/** Staged mutations as items of work: their entities, what they ask for, and the keys of their rows. */
import { SyncError } from '../domain/errors.ts';
import { encodeKey } from '../domain/keys.ts';
import type { Change } from '../domain/upload/decision.ts';
import { clockNode } from '../store/clock-node.ts';
import type { StagedMutation } from '../store/mutations.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import { prepareChanges } from './prepare-change.ts';
import { type UploadEntity, uploadEntity } from './upload-entity.ts';
import type { Item, UploadWork } from './upload-work.ts';

export async function workOf(
  deps: ActivityDeps,
  of: { readonly entity: string; readonly id: string },
  context: ActivityContext,
): Promise<UploadWork> {
  const entity = await uploadEntity(deps, of, context);
  if (entity === null) throw new SyncError('CONFIG_UNKNOWN', { message: `${of.entity} takes no changes` });
  return { deps, context, entity, id: of.id, node: await clockNode(deps.store.pool) };
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

/**
 * The key under which the mirror has, or will have, the row: what an insert gives for it, the one that the source gave
 * to the row before, or the id itself. null: the source will give it one.
 */
export function keyOfRow(
  { plan, upload }: UploadEntity,
  mutation: StagedMutation,
  { operation, values }: Change,
): string | null {
  if (mutation.key !== null || operation !== 'insert') return mutation.key ?? mutation.row;
  const parts = plan.keyColumns.map((name) => values[name]);
  if (parts.every((part) => part !== undefined && part !== null)) return encodeKey(parts as string[]);
  return upload.writeBack.to === 'source' ? null : mutation.row;
}
