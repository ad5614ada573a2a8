/** What each event does to an approval in a phase where it counts; `reduceApproval` decides whether it does. */
import type {
  ApprovalEffect,
  ApprovalEvent,
  ApprovalEventKind,
  ApprovalState,
  ApprovalStatus,
  Decided,
  Occurrence,
  Recipient,
  Reduced,
  Refusal,
  Who,
} from './approval.ts';
import { after, deadlinesFrom, NO_DEADLINES } from './deadlines.ts';
import { whyNotFields, wrongRound } from './decision-message.ts';
import { type DecidableConflict, mayDecide, mayWithdraw } from './may-decide.ts';

type Of<K extends ApprovalEventKind> = Extract<ApprovalEvent, { kind: K }>;

export const HANDLERS: {
  readonly [K in ApprovalEventKind]: (state: ApprovalState, event: Of<K>, now: number) => Reduced;
} = { assign, comment, decide, withdraw, deadline, applied, reopen };

function assign(state: ApprovalState, event: Of<'assign'>, now: number): Reduced {
  const assigned = { ...state, assignedTo: event.to };
  return done(
    { ...assigned, status: waitingStatus(assigned), remindAtMs: after(now, state.spec.remindAfterMs) },
    [
      record(state, { what: 'assigned', who: event.who, text: event.comment ?? null }),
      notify(state, 'assigned', [{ kind: 'person', name: event.to }]),
    ],
  );
}

function comment(state: ApprovalState, event: Of<'comment'>): Reduced {
  return done({ ...state, comments: state.comments + 1 }, [
    record(state, { what: 'commented', who: event.who, text: event.text }),
  ]);
}

function decide(state: ApprovalState, { decision, who }: Of<'decide'>, now: number): Reduced {
  if (decision.round !== state.round) return refused(state, wrongRound(decision.round, state.round));
  const problem = whyNotFields({ decision: decision.decision, fields: decision.fields }, state.conflict);
  if (problem !== null) return refused(state, { code: 'malformed', message: problem });
  const permission = mayDecide(state.spec.resolvers, who, decidable(state));
  if (!permission.allowed) return refused(state, permission.refusal);
  const decided: Decided = {
    ...decision,
    by: signed(who),
    atMs: now,
    approvedBy: decision.decision === 'server' ? [] : permission.approvedBy,
  };
  return done({ ...state, ...NO_DEADLINES, status: 'decided', decided }, [
    record(state, { what: 'decided', who, text: decision.comment ?? null }),
    { kind: 'apply', decided },
  ]);
}

function withdraw(state: ApprovalState, { who, reason }: Of<'withdraw'>): Reduced {
  const permission = mayWithdraw(state.spec.resolvers, who, decidable(state));
  if (!permission.allowed) return refused(state, permission.refusal);
  return done({ ...state, ...NO_DEADLINES, status: 'withdrawn' }, [
    record(state, { what: 'withdrawn', who, text: reason ?? null }),
    notify(state, 'withdrawn', [...resolversOf(state), { kind: 'requester' }]),
    { kind: 'close', outcome: 'withdrawn' },
  ]);
}

/** Of all that is due only the gravest happens: who is told that it expired needs no reminder of it. */
function deadline(state: ApprovalState, _: Of<'deadline'>, now: number): Reduced {
  const isDue = (atMs: number | null) => atMs !== null && atMs <= now;
  if (isDue(state.expireAtMs)) return expire(state, now);
  if (isDue(state.escalateAtMs)) return escalate(state, now);
  if (!isDue(state.remindAtMs)) return done(state, []);
  const remindAtMs = after(now, state.spec.remindAfterMs);
  return done({ ...state, reminders: state.reminders + 1, remindAtMs }, [
    record(state, { what: 'reminded' }),
    notify(state, 'reminded', resolversOf(state)),
  ]);
}

function escalate(state: ApprovalState, now: number): Reduced {
  const escalated: ApprovalState = {
    ...state,
    status: 'escalated',
    escalatedAtMs: now,
    escalateAtMs: null,
    remindAtMs: after(now, state.spec.remindAfterMs),
  };
  return done(escalated, [
    record(state, { what: 'escalated' }),
    notify(state, 'escalated', resolversOf(escalated)),
  ]);
}

function expire(state: ApprovalState, now: number): Reduced {
  const decided: Decided = {
    decision: state.spec.onExpire,
    round: state.round,
    by: null,
    atMs: now,
    approvedBy: [],
  };
  return done({ ...state, ...NO_DEADLINES, status: 'expired', decided }, [
    record(state, { what: 'expired' }),
    notify(state, 'expired', resolversOf(state)),
    { kind: 'apply', decided },
  ]);
}

/** Values are not needed any more, so they leave the state. */
function applied(state: ApprovalState, event: Of<'applied'>): Reduced {
  if (event.round !== state.round) return refused(state, wrongRound(event.round, state.round));
  return done({ ...state, status: 'applied', decided: withoutFields(state.decided) }, [
    record(state, { what: 'applied' }),
    notify(state, 'applied', [...assignee(state), { kind: 'requester' }]),
    { kind: 'close', outcome: 'applied' },
  ]);
}

/** The next round begins with the row as it is by now, and with time of its own. */
function reopen(state: ApprovalState, event: Of<'reopen'>, now: number): Reduced {
  if (event.round !== state.round) return refused(state, wrongRound(event.round, state.round));
  const reopened: ApprovalState = {
    ...state,
    conflict: { ...state.conflict, clash: event.clash, proposed: event.proposed },
    status: waitingStatus(state),
    round: state.round + 1,
    roundSinceMs: now,
    ...deadlinesFrom(state.spec, now, state.escalatedAtMs === null ? 'fresh' : 'escalated'),
    decided: null,
  };
  return done(reopened, [
    record(reopened, { what: 'reopened', text: event.message ?? REOPENED[event.because] }),
    notify(reopened, 'reopened', resolversOf(reopened)),
  ]);
}

const REOPENED = {
  rowMoved: 'The row changed before the decision was applied',
  refused: 'What was decided cannot be written',
} as const;

/** The same decision once more, by the same person: a retry of whoever heard no answer. */
export function isRepeated({ decided }: ApprovalState, event: ApprovalEvent): boolean {
  if (event.kind !== 'decide' || decided === null || decided.by === null) return false;
  const { decision, who } = event;
  return (
    decided.decision === decision.decision &&
    decided.round === decision.round &&
    decided.by.name === who.name &&
    decided.by.via === who.via &&
    decided.valuesIn === decision.valuesIn &&
    fieldsText(decided.fields) === fieldsText(decision.fields)
  );
}

function fieldsText(fields: Decided['fields']): string {
  return JSON.stringify(Object.entries(fields ?? {}).sort(([a], [b]) => (a < b ? -1 : 1)));
}

function withoutFields(decided: Decided | null): Decided | null {
  if (decided === null) return null;
  const { fields: _, valuesIn: __, ...rest } = decided;
  return rest;
}

function waitingStatus({ escalatedAtMs, assignedTo }: ApprovalState): ApprovalStatus {
  if (escalatedAtMs !== null) return 'escalated';
  return assignedTo === null ? 'proposed' : 'assigned';
}

export function decidable(state: ApprovalState): DecidableConflict {
  return { ...state.conflict, escalatedTo: state.escalatedAtMs === null ? null : state.spec.escalateTo };
}

/** Who is told while it waits: the one it is assigned to or all who may decide, and from its escalation on that role. */
export function resolversOf(state: ApprovalState): Recipient[] {
  const { escalatedTo } = decidable(state);
  const first = assignee(state);
  return [
    ...(first.length > 0 ? first : [{ kind: 'resolvers', resolvers: state.spec.resolvers } as const]),
    ...(escalatedTo === null ? [] : [{ kind: 'role', role: escalatedTo } as const]),
  ];
}

function assignee({ assignedTo }: ApprovalState): Recipient[] {
  return assignedTo === null ? [] : [{ kind: 'person', name: assignedTo }];
}

export function record(
  { round }: ApprovalState,
  { what, who, text }: { what: Occurrence; who?: Who; text?: string | null },
): ApprovalEffect {
  return { kind: 'record', what, round, by: who === undefined ? null : signed(who), text: text ?? null };
}

export function notify(
  { round }: ApprovalState,
  about: Occurrence,
  to: readonly Recipient[],
): ApprovalEffect {
  return { kind: 'notify', about, round, to };
}

function signed({ name, via }: Who): Pick<Who, 'name' | 'via'> {
  return { name, via };
}

function done(state: ApprovalState, effects: readonly ApprovalEffect[]): Reduced {
  return { state, effects, refusal: null };
}

function refused(state: ApprovalState, refusal: Refusal): Reduced {
  return { state, effects: [], refusal };
}
