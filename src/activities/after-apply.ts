/** `afterApply` of an entity: the user's SQL in the transaction that settles changes, or once they are decided. */
import { SyncError } from '../domain/errors.ts';
import { type AfterApplySpec, affectedGroups } from '../domain/upload/after-apply.ts';
import {
  enqueueGroups,
  forgetGroup,
  forgetUnknown,
  nextGroup,
  type PendingGroup,
  pendingGroup,
  postponeGroup,
  runGroup,
} from '../store/after-apply.ts';
import { openTask } from '../store/decisions.ts';
import { inUploadTransaction, type LoadSession } from '../store/load-session.ts';
import { keepsOwnRows } from '../store/made-here.ts';
import { readRows } from '../store/upload-rows.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import type { UploadWork } from './upload-work.ts';

/** The sweep goes on where a call ends. */
const TIME_BOX_MS = 30_000;

/**
 * At the end of a transaction that wrote rows, once for each group that they concern. Where the source has the change
 * already, a statement that fails cannot undo it: it is tried again later, and people hear of it.
 * @throws SyncError AFTER_APPLY_FAILED where the change is the mirror's alone: then nothing of it stays.
 */
export async function settleAfterApply({ entity }: UploadWork, session: LoadSession): Promise<void> {
  const { plan, upload } = entity;
  const steps = upload.afterApply ?? [];
  if (steps.length === 0 || session.affected.length === 0) return;
  const keys = session.affected.map(({ key }) => key);
  const now = await readRows(session.client, plan, { keys, lock: 'none' });
  const rows = session.affected.map(({ key, before }) => {
    const found = now.get(key);
    return { key, before, after: found?.state === 'row' ? found.row.values : null };
  });
  const groups = affectedGroups(steps, rows, plan.keyColumns.length);
  await enqueueGroups(
    session,
    groups.map((group) => pendingGroup(plan.spec.entity, group)),
  );
  for (const group of groups.filter(({ step }) => !step.later)) {
    const problem = await runOne(session, group.step, pendingGroup(plan.spec.entity, group));
    if (problem !== null && keepsOwnRows(plan)) {
      throw new SyncError('AFTER_APPLY_FAILED', {
        message: `What follows a change of ${plan.spec.entity} fails: ${problem}`,
      });
    }
  }
}

/** @returns why it failed. */
async function runOne(
  session: LoadSession,
  step: AfterApplySpec,
  group: PendingGroup,
): Promise<string | null> {
  const problem = await runGroup(session, step, group.values);
  if (problem === null) {
    await forgetGroup(session, group);
    return null;
  }
  await postponeGroup(session, group, problem);
  const { entity, values } = group;
  await openTask(session, {
    kind: 'afterApply',
    title: `afterApply of ${entity} fails, and is tried again: ${problem}`,
    entity,
    row: values.join('|'),
    conflictId: null,
    cause: `after-apply/${entity}/${step.id}`,
  });
  return problem;
}

/** What is due of the configuration's entities, group by group, each in a transaction of its own. */
export async function runAfterApply(deps: ActivityDeps, context: ActivityContext): Promise<void> {
  const steps = stepsOf(deps);
  if (steps.length === 0) return;
  const { signal } = context;
  const endsAtMs = Date.now() + TIME_BOX_MS;
  for (let more = true; more && Date.now() < endsAtMs; ) {
    signal.throwIfAborted();
    more = await inUploadTransaction(deps.store, { name: 'after apply', signal }, (session) =>
      runNext(session, steps),
    );
    context.heartbeat();
  }
}

type KnownStep = { readonly entity: string; readonly step: string; readonly spec: AfterApplySpec };

/** @returns false when none is due. */
async function runNext(session: LoadSession, steps: readonly KnownStep[]): Promise<boolean> {
  const group = await nextGroup(session, steps);
  if (group === null) {
    await forgetUnknown(session, steps);
    return false;
  }
  const known = steps.find(({ entity, step }) => entity === group.entity && step === group.step);
  await runOne(session, (known as KnownStep).spec, group);
  return true;
}

function stepsOf({ config }: ActivityDeps): KnownStep[] {
  const entities = Object.values(config.pipelines).flatMap(({ entities: all }) => Object.values(all));
  return entities.flatMap(({ entity, upload }) =>
    (upload?.afterApply ?? []).map((spec) => ({ entity, step: spec.id, spec })),
  );
}
