/** Where a conflict's approval stands, step by step: what a workflow that was lost goes on from (C10). */
import type { ApprovalEffect, ApprovalState } from '../domain/approval/approval.ts';
import type { Notification } from '../domain/approval/notification.ts';
import type { Db } from '../pg/pool.ts';

export type StoredApproval = {
  readonly state: ApprovalState;
  /** How many steps are recorded. */
  readonly step: number;
};

export type ApprovalStep = StoredApproval & {
  readonly conflictId: string;
  readonly effects: readonly ApprovalEffect[];
  /** What people are to be told of it. */
  readonly notifications: readonly Notification[];
};

/**
 * For an execution that begins: the step is counted, so that one which an earlier execution still has under way comes
 * too late.
 * @returns null before the first step.
 */
export async function takeOverApproval(db: Db, conflictId: string): Promise<StoredApproval | null> {
  const { rows } = await db.query<StoredApproval>(
    `UPDATE syncline.conflict SET step = step + 1 WHERE id = $1 AND approval IS NOT NULL
     RETURNING approval AS state, step`,
    [conflictId],
  );
  return rows[0] ?? null;
}

/**
 * One step: the new state, its lines of history, and what is to be told. Each step counts once, in the caller's
 * transaction, so an activity that is repeated adds nothing.
 * @returns false when the step was recorded before, or the conflict is another execution's by now.
 */
export async function recordStep(db: Db, recorded: ApprovalStep): Promise<boolean> {
  const { conflictId, step, state, effects, notifications } = recorded;
  const { rowCount } = await db.query(
    'UPDATE syncline.conflict SET approval = $3, assigned_to = $4, step = $2 WHERE id = $1 AND step = $2 - 1',
    [conflictId, step, JSON.stringify(state), state.assignedTo],
  );
  if (rowCount !== 1) return false;
  await insertEvents(db, conflictId, effects);
  await db.query(
    `INSERT INTO syncline.notification (id, conflict_id, content)
     SELECT content->>'id', $1, content FROM jsonb_array_elements($2::jsonb) AS content
     ON CONFLICT (id) DO NOTHING`,
    [conflictId, JSON.stringify(notifications)],
  );
  return true;
}

async function insertEvents(db: Db, conflictId: string, effects: readonly ApprovalEffect[]): Promise<void> {
  for (const effect of effects) {
    if (effect.kind !== 'record') continue;
    const { what, round, by, text } = effect;
    await db.query(
      `INSERT INTO syncline.conflict_event (conflict_id, round, event, said_by, detail) VALUES ($1, $2, $3, $4, $5)`,
      [
        conflictId,
        round,
        what,
        by?.name ?? null,
        JSON.stringify({ ...(by && { via: by.via }), ...(text && { text }) }),
      ],
    );
  }
}
