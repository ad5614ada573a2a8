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
 * One step: the new state, its lines of history, and what is to be told. Each step counts once, in one statement, so an
 * activity that is repeated adds nothing.
 * @returns false when the step was recorded before, or the conflict is another execution's by now.
 */
export async function recordStep(db: Db, recorded: ApprovalStep): Promise<boolean> {
  const { conflictId, step, state, effects, notifications } = recorded;
  const { rows } = await db.query<{ recorded: boolean }>(
    `WITH taken AS (
       UPDATE syncline.conflict SET approval = $3, assigned_to = $4, step = $2 WHERE id = $1 AND step = $2 - 1
       RETURNING id),
     events AS (
       INSERT INTO syncline.conflict_event (conflict_id, round, event, said_by, detail)
       SELECT taken.id, line.round, line.event, line.said_by, line.detail
         FROM taken, ROWS FROM (jsonb_to_recordset($5::jsonb) AS (round int, event text, said_by text, detail jsonb))
                       WITH ORDINALITY AS line (round, event, said_by, detail, place)
        ORDER BY place),
     notifications AS (
       INSERT INTO syncline.notification (id, conflict_id, content)
       SELECT content->>'id', taken.id, content FROM taken, jsonb_array_elements($6::jsonb) AS content
       ON CONFLICT (id) DO NOTHING)
     SELECT EXISTS (SELECT FROM taken) AS recorded`,
    [
      conflictId,
      step,
      JSON.stringify(state),
      state.assignedTo,
      JSON.stringify(effects.flatMap(eventLine)),
      JSON.stringify(notifications),
    ],
  );
  return rows[0]?.recorded === true;
}

function eventLine(effect: ApprovalEffect) {
  if (effect.kind !== 'record') return [];
  const { what, round, by, text } = effect;
  return [
    {
      round,
      event: what,
      said_by: by?.name ?? null,
      detail: { ...(by && { via: by.via }), ...(text && { text }) },
    },
  ];
}
