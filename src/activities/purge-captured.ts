/** The end of what a source's log of changes was kept for. No run depends on it: what is left, the next run deletes. */
import type { CapturePurge, ChangeCapture } from '../connectors/contract.ts';
import type { EntityPlan } from '../domain/entity.ts';
import { captureRule } from '../domain/fill.ts';
import { subtractMs } from '../domain/instants.ts';
import type { EntityRef } from '../domain/run.ts';
import { readCaptureFloor } from '../store/capture-floor.ts';
import { noteEntity } from '../store/entity-notes.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import { withSource } from './source-access.ts';

/** So that a store that was restored from a backup of yesterday still finds what came after it. */
const KEPT_MS = 24 * 3_600_000;
/** Each portion is one short transaction at the source. */
const ENTRIES_A_PORTION = 10_000;
const PORTIONS_A_RUN = 20;

export async function purgeCaptured(
  deps: ActivityDeps,
  { ref, plan }: { readonly ref: EntityRef; readonly plan: EntityPlan },
  { signal }: ActivityContext,
): Promise<void> {
  if (!plan.spec.capture) return;
  const db = deps.store.pool;
  const floor = await readCaptureFloor(db, { entities: capturing(deps), rule: captureRule(plan) });
  if (floor === null) return;
  try {
    const left = await withSource(deps, { ref, signal }, async ({ capture }) =>
      capture === undefined ? 'all' : purge(capture, { plan, before: subtractMs(floor, KEPT_MS), signal }),
    );
    if (left === 'refused') await noteEntity(db, ref, { degraded: [KEPT_FOR_EVER] });
  } catch (error) {
    deps.logger.warn(
      { correlationId: ref.runId, entity: ref.entity, err: error },
      'old entries of the log of changes were not deleted; the next run tries again',
    );
  }
}

const KEPT_FOR_EVER = {
  code: 'CAPTURE_KEPT',
  message:
    'The login may not delete from the log of changes, which grows for ever: grant DELETE on it, or purge it',
} as const;

/** Several entities may read one table, and follow one log. */
function capturing({ config }: ActivityDeps): string[] {
  return Object.values(config.pipelines)
    .flatMap(({ entities }) => Object.values(entities))
    .flatMap(({ entity, capture }) => (capture ? entity : []));
}

async function purge(
  capture: ChangeCapture,
  { plan, before, signal }: { plan: EntityPlan; before: string; signal: AbortSignal },
): Promise<CapturePurge> {
  for (let portion = 0; portion < PORTIONS_A_RUN; portion++) {
    const left = await capture.purge(plan, { before, limit: ENTRIES_A_PORTION }, signal);
    if (left !== 'more') return left;
  }
  return 'more';
}
