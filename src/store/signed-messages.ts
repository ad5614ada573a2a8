/**
 * What somebody whose identity is known says to a conflict. Temporal proves nobody's name, so the message is kept here,
 * where only the command line and the gateway write, and Temporal carries its id alone. Each is used once.
 */
import { randomUUID } from 'node:crypto';
import type { Who } from '../domain/approval/approval.ts';
import type { ApprovalMessage } from '../domain/approval/messages.ts';
import type { Json } from '../domain/merge/json.ts';
import type { Db } from '../pg/pool.ts';

export type SignedMessage = {
  readonly conflictId: string;
  readonly message: ApprovalMessage;
  /** As `parseApprovalMessage` takes it. */
  readonly input: unknown;
  readonly who: Who;
};

/** @returns its id, which the conflict is sent as `{"signed":"<id>"}`. */
export async function signMessage(db: Db, signed: SignedMessage): Promise<string> {
  const { conflictId, message, input, who } = signed;
  const id = randomUUID();
  await db.query(
    `INSERT INTO syncline.signed_message (id, conflict_id, message, input, who) VALUES ($1, $2, $3, $4, $5)`,
    [id, conflictId, message, JSON.stringify(input ?? null), JSON.stringify(who)],
  );
  return id;
}

export type TakenMessage = Pick<SignedMessage, 'input' | 'who'> & {
  /** Id of the message that said the same fields first: of somebody who heard no answer, that is an earlier one. */
  readonly valuesIn: string;
};

/**
 * Marks it as used by `usedBy`, who may ask again.
 * @returns null: there is none of this id for this conflict and message, or somebody else used it.
 */
export async function takeSigned(
  db: Db,
  asked: Pick<SignedMessage, 'conflictId' | 'message'> & { readonly id: string; readonly usedBy: string },
): Promise<TakenMessage | null> {
  const { id, conflictId, message, usedBy } = asked;
  const { rows } = await db.query<TakenMessage>(
    `UPDATE syncline.signed_message AS m SET used_by = $4, used_at = coalesce(used_at, clock_timestamp())
      WHERE id::text = $1 AND conflict_id = $2 AND message = $3 AND coalesce(used_by, $4) = $4
     RETURNING input, who,
               (SELECT same.id::text FROM syncline.signed_message AS same
                 WHERE same.conflict_id = m.conflict_id AND same.message = m.message AND same.who = m.who
                   AND same.input->'fields' IS NOT DISTINCT FROM m.input->'fields'
                   AND (same.used_by IS NOT NULL OR same.id = m.id)
                 ORDER BY same.used_at NULLS LAST, same.id LIMIT 1) AS "valuesIn"`,
    [id, conflictId, message, usedBy],
  );
  return rows[0] ?? null;
}

/** Of a signed decision of this conflict. @returns null when there is none of this id. */
export async function readSignedFields(
  db: Db,
  { id, conflictId }: { readonly id: string; readonly conflictId: string },
): Promise<Readonly<Record<string, Json>> | null> {
  const { rows } = await db.query<{ fields: Readonly<Record<string, Json>> | null }>(
    `SELECT input->'fields' AS fields FROM syncline.signed_message
      WHERE id::text = $1 AND conflict_id = $2 AND message = 'decide'`,
    [id, conflictId],
  );
  return rows[0]?.fields ?? null;
}
