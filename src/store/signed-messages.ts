/**
 * What somebody whose identity is known says to a conflict. Temporal proves nobody's name, so the message is kept here,
 * where only the command line and the gateway write, and Temporal carries its id alone. Each is used once.
 */
import { randomUUID } from 'node:crypto';
import type { Who } from '../domain/approval/approval.ts';
import type { ApprovalMessage } from '../domain/approval/messages.ts';
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

export type TakenMessage = Pick<SignedMessage, 'input' | 'who'>;

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
    `UPDATE syncline.signed_message SET used_by = $4, used_at = coalesce(used_at, clock_timestamp())
      WHERE id::text = $1 AND conflict_id = $2 AND message = $3 AND coalesce(used_by, $4) = $4
     RETURNING input, who`,
    [id, conflictId, message, usedBy],
  );
  return rows[0] ?? null;
}
