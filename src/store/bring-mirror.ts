/** Brings the mirror to the plan, and remembers what only a full run can fill. */
import type { EntityPlan } from '../domain/entity.ts';
import type { Db } from '../pg/pool.ts';
import { requireFullRun } from './checkpoints.ts';
import { ensureMirror, type MirrorChange } from './mirror-ddl.ts';
import { mirrorTable } from './mirror-target.ts';

export async function bringMirror(
  db: Db,
  plan: EntityPlan,
  options: { readonly onDrift: 'stop' | 'apply' },
): Promise<{ created: boolean; changes: MirrorChange[]; needsFull: boolean }> {
  const { created, changes } = await ensureMirror(db, plan, options);
  const filled = new Set(plan.loadColumns.map((column) => column.name));
  const needsFull = changes.some(
    (change) => change.kind === 'add-column' && change.column !== null && filled.has(change.column),
  );
  if (needsFull || created) await requireFullRun(db, plan.spec.entity);
  return { created, changes, needsFull: needsFull || created };
}

/** Tombstones count as rows (C15). */
export async function mirrorIsEmpty(db: Db, plan: EntityPlan): Promise<boolean> {
  const { rows } = await db.query<{ empty: boolean }>(
    `SELECT NOT EXISTS (SELECT FROM ${mirrorTable(plan)}) AS empty`,
  );
  return rows[0]?.empty ?? false;
}
