/** What a decision leaves in the store, in the transaction that settles its mutation: verdict, history, tasks, holds. */
import { randomBytes } from 'node:crypto';
import type { EntityPlan } from '../domain/entity.ts';
import type { Clash, Effects, FieldTexts, RowNow, WriteOperation } from '../domain/upload/decision.ts';
import type { StoredVerdict } from '../domain/upload/stored-verdict.ts';
import { formatVersion } from '../domain/upload/versions.ts';
import { conflictWorkflowId } from '../domain/upload/workflow-ids.ts';
import type { LoadSession } from './load-session.ts';
import { type StagedMutation, settleMutation } from './mutations.ts';

/** Somebody else settled it meanwhile: nothing of this transaction may stay. */
export class AlreadySettled extends Error {}

/** @throws AlreadySettled when the mutation has a verdict by now, or another worker is writing it. */
export async function settle(
  session: LoadSession,
  mutation: StagedMutation,
  verdict: StoredVerdict,
): Promise<void> {
  if (!(await settleMutation(session.client, mutation, verdict))) throw new AlreadySettled();
}

export type Held = {
  readonly plan: EntityPlan;
  readonly mutation: StagedMutation;
  readonly operation: WriteOperation;
  readonly clash: Clash | null;
  readonly reason: string;
  /** Policies and rules that leave it to a human. */
  readonly by: readonly string[];
  readonly role: string | null;
  /** What the device saw; null when it did not say. */
  readonly base: FieldTexts | null;
  /** Fields of an earlier change that it got accepted from the same base: compared with instead of the base (C11). */
  readonly accepted: FieldTexts;
  /** What taking the device's side would write. */
  readonly proposal: FieldTexts;
  readonly draft: FieldTexts | null;
  readonly row: RowNow;
};

/**
 * The mutation waits for a human: it holds its row against other devices (C17).
 * @returns the conflict's id. @throws AlreadySettled
 */
export async function holdMutation(
  session: LoadSession,
  held: Held,
  notices: readonly string[],
): Promise<string> {
  const { mutation, operation, clash, reason, by, role, base, accepted, proposal, draft, row } = held;
  const id = newConflictId(mutation);
  const verdict: StoredVerdict = {
    status: 'pending_approval',
    conflictId: id,
    message: reason,
    ...(clash !== null && { clashing: clash.fields }),
    ...(notices.length > 0 && { notices }),
  };
  const { rowCount } = await session.client.query(
    `UPDATE syncline.mutation SET state = 'held', conflict_id = $2, verdict = $3
      WHERE ordinal = $1 AND state = 'staged' AND attempt = $4`,
    [mutation.ordinal, id, JSON.stringify(verdict), mutation.attempt],
  );
  if (rowCount !== 1) throw new AlreadySettled();
  await session.client.query(
    `INSERT INTO syncline.conflict
       (id, entity, row_id, mutation, device, user_name, clash, base, client, server, server_version, workflow_id)
     VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`,
    [
      id,
      mutation.entity,
      mutation.row,
      mutation.ordinal,
      mutation.device,
      mutation.user,
      JSON.stringify({ operation, clash, reason, by, role, accepted, draft, state: row.state }),
      base === null ? null : JSON.stringify(base),
      JSON.stringify(proposal),
      row.state === 'row' ? JSON.stringify(row.row.values) : null,
      versionOf(row),
      conflictWorkflowId(id),
    ],
  );
  await openTask(session, {
    kind: 'conflict',
    title: `Decide: ${mutation.entity} ${mutation.row}`,
    entity: mutation.entity,
    row: mutation.row,
    conflictId: id,
    cause: `conflict/${id}`,
  });
  return id;
}

/** Of this store alone: another store may use the same Temporal, where conflicts are workflows by this id. */
function newConflictId({ ordinal }: Pick<StagedMutation, 'ordinal'>): string {
  return `${ordinal}-${randomBytes(3).toString('hex')}`;
}

export function versionOf(row: RowNow): string | null {
  if (row.state === 'unknown') return null;
  return formatVersion(row.state === 'row' ? row.row.version : row.version);
}

export type NewTask = {
  readonly kind: string;
  readonly title: string;
  readonly entity: string;
  readonly row: string;
  readonly conflictId: string | null;
  readonly cause: string;
};

export async function openTask(session: LoadSession, task: NewTask): Promise<void> {
  await session.client.query(
    `INSERT INTO syncline.task (kind, title, entity, row_id, conflict_id, cause)
     VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT (cause) DO NOTHING`,
    [task.kind, task.title, task.entity, task.row, task.conflictId, task.cause],
  );
}

export type EffectsOf = {
  readonly mutation: Pick<StagedMutation, 'entity' | 'row' | 'device' | 'id'>;
  readonly key: string;
  /** The row before the change. */
  readonly row: RowNow;
  readonly effects: Effects;
  /** `upload/<device>/<mutation>` or `conflict/<id>/<round>`: however often the work is repeated, its effects are there once. */
  readonly cause: string;
};

/** Tasks and backups that rules asked for. Their audit notes stand in the line of the change log. */
export async function carryOut(session: LoadSession, done: EffectsOf): Promise<void> {
  const { mutation, key, row, effects, cause } = done;
  for (const { rule, task, backup } of effects) {
    if (task !== undefined) {
      await openTask(session, {
        ...task,
        entity: mutation.entity,
        row: mutation.row,
        conflictId: null,
        cause: `${cause}/${rule}`,
      });
    }
    if (backup && row.state === 'row') {
      await session.client.query(
        `INSERT INTO syncline.backup (entity, row_id, key, row_before, rule, cause) VALUES ($1, $2, $3, $4, $5, $6)
         ON CONFLICT (cause) DO NOTHING`,
        [mutation.entity, mutation.row, key, JSON.stringify(row.row.values), rule, `${cause}/${rule}`],
      );
    }
  }
}

export function noticesOf(effects: Effects): string[] {
  return effects.flatMap(({ notice }) => (notice === undefined ? [] : [notice]));
}
