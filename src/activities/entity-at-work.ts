/** What the data path needs to know of an entity in a run: its plan, and what the run decided when it prepared it. */
import { readHash } from '../domain/config-hash.ts';
import type { EntityPlan } from '../domain/entity.ts';
import { SyncError } from '../domain/errors.ts';
import type { EntityRef, RunMode, SyncPipelineInput } from '../domain/run.ts';
import { readCheckpoint } from '../store/checkpoints.ts';
import { canLoadDirect } from '../store/load-direct.ts';
import { whyFull } from '../store/why-full.ts';
import type { ActivityContext, ActivityDeps } from './deps.ts';
import { describeEntity } from './entity-plan.ts';

export type EntityAtWork = {
  readonly plan: EntityPlan;
  readonly mode: RunMode;
  readonly keyOrder: 'bytes' | 'unproved';
  /** false: rows may be hidden from our login, so nothing is tombstoned (C5). */
  readonly seesAllRows: boolean;
  /** The mirror had no rows at all when the run began: pieces may be copied straight into it. */
  readonly firstLoad: boolean;
  /** The checkpoint when the run began. */
  readonly watermarkFrom: string | null;
  /** Changed rows from before this are late; null: every row may have changed by the configuration, not at the source. */
  readonly lateBelow: string | null;
  /** Bounds of the run's input: a bounded run tombstones nothing and leaves the checkpoint. */
  readonly since: string | null;
  readonly maxRows: number | null;
  /** `read` or key are not those of the checkpoint: missing keys may lie outside the new range (C5). */
  readonly readChanged: boolean;
};

export async function entityAtWork(
  deps: ActivityDeps,
  ref: EntityRef,
  context: ActivityContext,
): Promise<EntityAtWork> {
  const { plan, shape } = await describeEntity(deps, ref, context);
  const { rows } = await deps.store.pool.query<{
    mode: RunMode;
    firstLoad: boolean;
    watermarkFrom: string | null;
    input: SyncPipelineInput;
  }>(
    `SELECT entity.mode, entity.first_load AS "firstLoad", entity.watermark_from AS "watermarkFrom", run.input
       FROM syncline.sync_run_entity AS entity
       JOIN syncline.sync_run AS run ON run.id = entity.run_id
      WHERE entity.run_id = $1 AND entity.entity = $2`,
    [ref.runId, ref.entity],
  );
  const row = rows[0];
  if (row === undefined) {
    throw new SyncError('RUN_NOT_FOUND', { message: `Run ${ref.runId} has no entity ${ref.entity}` });
  }
  const checkpoint = await readCheckpoint(deps.store.pool, ref.entity);
  return {
    plan,
    mode: row.mode,
    keyOrder: shape.keyOrder,
    seesAllRows: shape.seesAllRows,
    firstLoad: row.firstLoad && canLoadDirect(plan),
    watermarkFrom: row.watermarkFrom,
    lateBelow: whyFull(plan, checkpoint) === null ? row.watermarkFrom : null,
    since: row.input.since ?? null,
    maxRows: row.input.maxRows ?? null,
    readChanged: checkpoint !== null && checkpoint.readHash !== readHash(plan.spec),
  };
}
