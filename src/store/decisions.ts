/** What a decision leaves in the store, in the transaction that settles its mutation: verdict, history, tasks, holds. */
import { randomBytes } from 'node:crypto';
import type { EntityPlan } from '../domain/entity.ts';
import type { Clash, Effects, FieldTexts, RowNow, WriteOperation } from '../domain/upload/decision.ts';
import type { StoredVerdict } from '../domain/upload/stored-verdict.ts';
import { formatVersion } from '../domain/upload/versions.ts';
import { conflictWorkflowId } from '../domain/upload/workflow-ids.ts';
import { columnsOf, portions } from './in-sets.ts';
import type { LoadSession } from './load-session.ts';
import { type Settled, type StagedMutation, settleMutations } from './mutations.ts';

/** Somebody else settled it meanwhile: nothing of this transaction may stay. */
export class AlreadySettled extends Error {}

/** @throws AlreadySettled when a mutation has a verdict by now, or another worker is writing it. */
export async function settleAll(session: LoadSession, settled: readonly Settled[]): Promise<void> {
  if (!(await settleMutations(session.client, settled))) throw new AlreadySettled();
}

/** @throws AlreadySettled */
export function settle(
  session: LoadSession,
  mutation: StagedMutation,
  verdict: StoredVerdict,
): Promise<void> {
  return settleAll(session, [{ mutation, verdict }]);
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
  readonly notices: readonly string[];
};

/** The mutations wait for a human: each holds its row against other devices (C17). @throws AlreadySettled */
export async function holdMutations(session: LoadSession, all: readonly Held[]): Promise<void> {
  if (all.length === 0) return;
  const opened = all.map((held) => ({ ...held, id: newConflictId(held.mutation) }));
  const { rowCount } = await session.client.query(
    `UPDATE syncline.mutation AS m SET state = 'held', conflict_id = h.id, verdict = h.verdict
       FROM jsonb_to_recordset($1::jsonb) AS h (ordinal bigint, attempt int, id text, verdict jsonb)
      WHERE m.ordinal = h.ordinal AND m.state = 'staged' AND m.attempt = h.attempt`,
    [JSON.stringify(opened.map(heldVerdict))],
  );
  if (rowCount !== all.length) throw new AlreadySettled();
  const lines = opened.map((each) => JSON.stringify(conflictLine(each)));
  for (const some of portions(lines, (line) => line.length)) {
    await session.client.query(
      `INSERT INTO syncline.conflict
         (id, entity, row_id, mutation, device, user_name, clash, base, client, server, server_version, workflow_id)
       SELECT id, entity, row_id, mutation, device, user_name, clash, base, client, server, server_version, workflow_id
         FROM jsonb_to_recordset($1::jsonb)
                AS c (id text, entity text, row_id text, mutation bigint, device text, user_name text, clash jsonb, base jsonb,
                      client jsonb, server jsonb, server_version text, workflow_id text)
        ORDER BY mutation`,
      [`[${some.join(',')}]`],
    );
  }
  await openTasks(
    session,
    opened.map(({ id, mutation: { entity, row } }) => ({
      kind: 'conflict',
      title: `Decide: ${entity} ${row}`,
      entity,
      row,
      conflictId: id,
      cause: `conflict/${id}`,
    })),
  );
}

type Opened = Held & { readonly id: string };

function heldVerdict({ id, mutation: { ordinal, attempt }, clash, reason, notices }: Opened) {
  const verdict: StoredVerdict = {
    status: 'pending_approval',
    conflictId: id,
    message: reason,
    ...(clash !== null && { clashing: clash.fields }),
    ...(notices.length > 0 && { notices }),
  };
  return { ordinal, attempt, id, verdict };
}

function conflictLine(opened: Opened) {
  const { id, mutation, operation, clash, reason, by, role, base, accepted, proposal, draft, row } = opened;
  return {
    id,
    entity: mutation.entity,
    row_id: mutation.row,
    mutation: mutation.ordinal,
    device: mutation.device,
    user_name: mutation.user,
    clash: { operation, clash, reason, by, role, accepted, draft, state: row.state },
    base,
    client: proposal,
    server: row.state === 'row' ? row.row.values : null,
    server_version: versionOf(row),
    workflow_id: conflictWorkflowId(id),
  };
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

export function openTask(session: LoadSession, task: NewTask): Promise<void> {
  return openTasks(session, [task]);
}

async function openTasks(session: LoadSession, tasks: readonly NewTask[]): Promise<void> {
  await session.client.query(
    `INSERT INTO syncline.task (kind, title, entity, row_id, conflict_id, cause)
     SELECT * FROM unnest($1::text[], $2::text[], $3::text[], $4::text[], $5::text[], $6::text[])
     ON CONFLICT (cause) DO NOTHING`,
    columnsOf(tasks, ['kind', 'title', 'entity', 'row', 'conflictId', 'cause']),
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
