/** What follows from how an entity's increments find changes: by a column, by the source's log, or not at all. */
import type { EntitySpec } from './entity.ts';
import { SyncError } from './errors.ts';
import type { SourceShape } from './source-shape.ts';

/** false: only full runs read the entity. */
export function seesChanges({ changedAt, capture }: Pick<EntitySpec, 'changedAt' | 'capture'>): boolean {
  return capture || changedAt !== null;
}

/** @throws SyncError CONFIG_INVALID where the source's kind keeps no log of changes. */
export function refuseUncapturable(spec: EntitySpec, shape: Pick<SourceShape, 'capture'>): void {
  if (!spec.capture || shape.capture !== undefined) return;
  throw new SyncError('CONFIG_INVALID', {
    message: `Entity ${spec.entity} has \`capture\`, which sources of its kind cannot do`,
    remedy: 'Remove `capture`, and name a column with the time of the last change in `changedAt`.',
  });
}

/** true: some changes go by unlogged. */
export function isBroken({ capture }: Pick<SourceShape, 'capture'>): boolean {
  return capture !== undefined && capture.problems.length > 0;
}

/**
 * A log with gaps would let an increment pass changes by, unseen.
 * @throws SyncError CAPTURE_BROKEN
 */
export function refuseBrokenCapture({ entity }: EntitySpec, shape: Pick<SourceShape, 'capture'>): void {
  const { capture } = shape;
  if (capture === undefined || !isBroken(shape)) return;
  throw new SyncError('CAPTURE_BROKEN', {
    message: `Changes of ${entity} are not all logged: ${capture.problems.join('; ')}`,
    remedy: capture.remedy,
  });
}
