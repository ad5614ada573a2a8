/** What an upload concerns: the pipelines that have its entities, and groups that no transaction can apply as one. */
import type { UploadPart, UploadRef } from '../domain/upload/upload-run.ts';
import { uploadWorkflowId } from '../domain/upload/workflow-ids.ts';
import { type GroupFacts, groupMembers, listGroups } from '../store/groups.ts';
import { rejectStaged } from '../store/mutations.ts';
import { entitiesOf, rejectUnknown } from '../store/upload-parts.ts';
import { readUpload } from '../store/uploads.ts';
import { endUnwritten } from './apply-in-mirror.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import { findUpload } from './upload-entity.ts';
import { workOf } from './upload-items.ts';

/** They are written in one transaction of the source. */
const MOST_MEMBERS = 100;

export async function planUpload(
  deps: ActivityDeps,
  input: UploadRef,
  context: ActivityContext,
): Promise<{ parts: readonly UploadPart[] }> {
  const { pool } = deps.store;
  await readUpload(pool, input);
  for (const group of await listGroups(pool, input)) {
    const why = whyNotOne(deps, group);
    if (why !== null) await rejectGroup(deps, { ...input, group: group.name, why }, context);
  }
  const parts = new Map<string, UploadPart>();
  for (const entity of await entitiesOf(pool, input)) {
    const found = findUpload(deps, entity);
    if (found === null) {
      await rejectUnknown(pool, { ...input, entity });
      continue;
    }
    const { pipeline, taskQueue } = found.pipeline;
    parts.set(pipeline, { pipeline, taskQueue });
  }
  return { parts: [...parts.values()] };
}

/** null: nothing stands against one transaction for all of it. */
function whyNotOne(deps: ActivityDeps, group: GroupFacts): string | null {
  const { entities, unreadable, repeats, isRest, members } = group;
  if (unreadable) return 'One of its changes cannot be read';
  if (isRest) return 'Some of its changes were sent before: send it whole, each change with an id of its own';
  if (repeats) return 'It changes a row twice: name each row once';
  if (members > MOST_MEMBERS) return `It has more than ${MOST_MEMBERS} changes`;
  // Of one entity that takes no changes each change says so by itself.
  if (entities.length < 2) return null;
  const found = entities.map((entity) => ({ entity, upload: findUpload(deps, entity) }));
  const unknown = found.find(({ upload }) => upload === null);
  if (unknown !== undefined) return `There is no entity ${unknown.entity} that takes changes`;
  const places = new Set(
    found.map(({ upload }) =>
      upload?.upload.writeBack.to === 'source' ? `source ${upload.pipeline.source}` : 'the mirror',
    ),
  );
  if (places.size < 2) return null;
  return `Its changes are written to ${[...places].sort().join(' and ')}: a group is of one source, or of mirrors alone`;
}

async function rejectGroup(
  deps: ActivityDeps,
  { device, key, group, why }: UploadRef & { readonly group: string; readonly why: string },
  context: ActivityContext,
): Promise<void> {
  const message = `Group ${group} is not applied. ${why}`;
  const verdict = { status: 'rejected', code: 'GROUP_INVALID', message } as const;
  const { pool } = deps.store;
  const members = await groupMembers(pool, { device, key, group });
  // C9: who was told to wait hears of it by the row.
  for (const mutation of members) {
    if (!mutation.told || findUpload(deps, mutation.entity) === null) continue;
    const work = await workOf(deps, { entity: mutation.entity, id: uploadWorkflowId(device, key) }, context);
    await endUnwritten(work, { mutation }, verdict);
  }
  await rejectStaged(
    pool,
    members.map(({ ordinal }) => ordinal),
    verdict,
  );
}
