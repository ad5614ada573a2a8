/** Brings the mirror to the plan, and remembers what only a full run can fill. */
import type { EntityPlan } from '../domain/entity.ts';
import type { Db } from '../pg/pool.ts';
import { requireFullRun } from './checkpoints.ts';
import type { MirrorChange } from './mirror-compare.ts';
import { ensureMirror, planMirror } from './mirror-ddl.ts';
import { mirrorTable } from './mirror-target.ts';

export async function bringMirror(
  db: Db,
  plan: EntityPlan,
  options: { readonly onDrift: 'stop' | 'apply' },
): Promise<{ created: boolean; changes: MirrorChange[]; needsFull: boolean }> {
  // Remembered before it is done: after a crash in between, the column would be there, and nothing would fill it.
  const needsFull = onlyFullFills(plan, await planMirror(db, plan), options.onDrift);
  if (needsFull) await requireFullRun(db, plan.spec.entity);
  return { ...(await ensureMirror(db, plan, options)), needsFull };
}

function onlyFullFills(
  plan: EntityPlan,
  changes: readonly MirrorChange[],
  onDrift: 'stop' | 'apply',
): boolean {
  const filled = new Set(plan.loadColumns.map((column) => column.name));
  return changes.some(
    ({ kind, column }) =>
      kind === 'create-table' ||
      (kind === 'add-column' && onDrift === 'apply' && column !== null && filled.has(column)),
  );
}

/** Tombstones count as rows (C15). */
export async function mirrorIsEmpty(db: Db, plan: EntityPlan): Promise<boolean> {
  const { rows } = await db.query<{ empty: boolean }>(
    `SELECT NOT EXISTS (SELECT FROM ${mirrorTable(plan)}) AS empty`,
  );
  return rows[0]?.empty ?? false;
}
