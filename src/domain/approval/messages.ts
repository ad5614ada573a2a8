/**
 * What people send to a conflict, as it comes in: unknown. A message becomes an event or a refusal, never an exception,
 * since one in a signal's handler would be tried again for ever.
 */
import { z } from 'zod';
import {
  type ApprovalEvent,
  type ApprovalEventKind,
  type ApprovalState,
  type Refusal,
  refusal,
  type Who,
} from './approval.ts';
import { MAX_COMMENT, malformed, parseDecision } from './decision-message.ts';

export const APPROVAL_MESSAGES = [
  'decide',
  'assign',
  'comment',
  'withdraw',
] as const satisfies readonly ApprovalEventKind[];
export type ApprovalMessage = (typeof APPROVAL_MESSAGES)[number];

const text = z
  .string('must be a text')
  .trim()
  .min(1, 'must not be empty')
  .max(MAX_COMMENT, `has at most ${MAX_COMMENT} characters`);
const name = text.max(200, 'has at most 200 characters');

const assign = z.strictObject({ to: name, comment: text.optional() });
const comment = z.strictObject({ text });
const withdraw = z.strictObject({ reason: text.optional() }).nullish();

type Sent = { readonly input: unknown; readonly who: Who };
type Parsed = ApprovalEvent | Refusal;

const PARSERS: { readonly [M in ApprovalMessage]: (sent: Sent, state: ApprovalState) => Parsed } = {
  decide: ({ input, who }, state) => {
    const decision = parseDecision(input, { ...state.conflict, round: state.round });
    return 'code' in decision ? decision : { kind: 'decide', decision, who };
  },
  assign: ({ input, who }) => {
    const { data, error } = assign.safeParse(input);
    if (error !== undefined) return malformed('{"to":"name"}', error);
    return { kind: 'assign', to: data.to, ...(data.comment !== undefined && { comment: data.comment }), who };
  },
  comment: ({ input, who }) => {
    const { data, error } = comment.safeParse(input);
    return error === undefined
      ? { kind: 'comment', text: data.text, who }
      : malformed('{"text":"what you want to say"}', error);
  },
  withdraw: ({ input, who }) => {
    const { data, error } = withdraw.safeParse(input);
    if (error !== undefined) return malformed('{"reason":"why"} or nothing', error);
    return { kind: 'withdraw', ...(data?.reason !== undefined && { reason: data.reason }), who };
  },
};

/** @returns an event for `reduceApproval`, or why there is none (it has a `code`). */
export function parseApprovalMessage(
  message: ApprovalMessage,
  sent: Sent,
  state: ApprovalState,
): ApprovalEvent | Refusal {
  try {
    return PARSERS[message](sent, state);
  } catch {
    // A getter or a proxy that throws: nothing that JSON could bring.
    return refusal('malformed', `The input of ${message} cannot be read`);
  }
}
