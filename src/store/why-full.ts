/** Whether an entity's next run has to read everything, whatever mode it is started in. */
import { seesChanges } from '../domain/capture.ts';
import { readHash } from '../domain/config-hash.ts';
import type { EntityPlan } from '../domain/entity.ts';
import { fillGaps, fillOf } from '../domain/fill.ts';
import type { Checkpoint } from './checkpoints.ts';

/**
 * An increment builds on a checkpoint; without a fitting one it would leave rows out that nothing reads later.
 * @returns the reason, to read on from "because"; null where an increment does.
 */
export function whyFull(plan: EntityPlan, checkpoint: Checkpoint | null): string | null {
  if (checkpoint === null) return 'there is no checkpoint yet';
  if (checkpoint.needsFull) return 'the mirror changed';
  // Rows that the old `read` left out have not changed, so no increment would show them.
  if (checkpoint.readHash !== readHash(plan.spec)) return 'what the entity reads is configured otherwise now';
  const { needed } = fillGaps(fillOf(plan, null), checkpoint.filledBy);
  if (needed.length > 0) return `rows do not follow the configuration yet (${needed.join(', ')})`;
  return seesChanges(plan.spec) && checkpoint.watermark === null ? 'the last run left no watermark' : null;
}
