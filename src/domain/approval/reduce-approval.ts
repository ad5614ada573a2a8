/**
 * The life of a conflict that waits for a human, as a pure function: what an event makes of it, and what is to be done.
 * Deterministic, so that it runs inside a workflow; the store asks it again before it believes a decision.
 */
import type { ApprovalSpec } from '../upload/upload-spec.ts';
import {
  type ApprovalEffect,
  type ApprovalEvent,
  type ApprovalEventKind,
  type ApprovalPhase,
  type ApprovalState,
  type ConflictFacts,
  phaseOf,
  type Reduced,
  type RefusalCode,
  refusal,
} from './approval.ts';
import { deadlinesFrom } from './deadlines.ts';
import { HANDLERS, isRepeated, notify, record, resolversOf } from './handle-event.ts';

/** @param role - that a business rule requires of the approver; takes the place of the entity's `resolvers`. */
export function openApproval(
  { conflict, spec, role }: { conflict: ConflictFacts; spec: ApprovalSpec; role: string | null },
  now: number,
): { readonly state: ApprovalState; readonly effects: readonly ApprovalEffect[] } {
  const policy = role === null ? spec : { ...spec, resolvers: { role } };
  const state: ApprovalState = {
    conflict,
    spec: policy,
    status: 'proposed',
    round: 1,
    openedAtMs: now,
    roundSinceMs: now,
    assignedTo: null,
    escalatedAtMs: null,
    reminders: 0,
    comments: 0,
    ...deadlinesFrom(policy, now, 'fresh'),
    decided: null,
  };
  const effects = [
    record(state, { what: 'proposed', text: conflict.reason }),
    notify(state, 'proposed', resolversOf(state)),
  ];
  return { state, effects };
}

/** What happens to an event in a phase: it is handled, passes without a trace, or is refused. */
type Answer = 'handle' | 'ignore' | RefusalCode;

/** A late timer and a second answer of the same write are no mistakes of anybody's. */
const ANSWERS: { readonly [K in ApprovalEventKind]: Readonly<Record<ApprovalPhase, Answer>> } = {
  assign: { waiting: 'handle', applying: 'alreadyDecided', closed: 'closed' },
  comment: { waiting: 'handle', applying: 'handle', closed: 'closed' },
  decide: { waiting: 'handle', applying: 'alreadyDecided', closed: 'closed' },
  withdraw: { waiting: 'handle', applying: 'alreadyDecided', closed: 'closed' },
  deadline: { waiting: 'handle', applying: 'ignore', closed: 'ignore' },
  applied: { waiting: 'notDecided', applying: 'handle', closed: 'ignore' },
  reopen: { waiting: 'notDecided', applying: 'handle', closed: 'closed' },
};

export function reduceApproval(state: ApprovalState, event: ApprovalEvent, now: number): Reduced {
  const answer = ANSWERS[event.kind][phaseOf(state)];
  if (answer === 'handle') return HANDLERS[event.kind](state, event as never, now);
  if (answer === 'ignore' || isRepeated(state, event)) return { state, effects: [], refusal: null };
  return { state, effects: [], refusal: refusal(answer, MESSAGES[answer](state)) };
}

const MESSAGES: { readonly [C in RefusalCode]: (state: ApprovalState) => string } = {
  malformed: () => 'This cannot be read',
  notAllowed: () => 'This is not allowed',
  wrongRound: ({ round }) => `The current round is ${round}`,
  alreadyDecided: (state) => `Round ${state.round} is decided already (${wayOf(state)}) and is being applied`,
  notDecided: ({ round }) => `Nothing is decided in round ${round}`,
  closed: (state) => `This conflict is closed: ${wayOf(state)}`,
};

function wayOf({ decided, status }: ApprovalState): string {
  if (status === 'withdrawn' || decided === null) return 'the change was withdrawn';
  return `${decided.decision}, by ${decided.by === null ? 'the policy for expired approvals' : decided.by.name}`;
}
