/** Approvals for tests: a conflict on a salary, people, and a policy of days. */
import type {
  ApprovalEvent,
  ApprovalState,
  ConflictFacts,
  Who,
} from '../../../src/domain/approval/approval.ts';
import { openApproval, reduceApproval } from '../../../src/domain/approval/reduce-approval.ts';
import type { ApprovalSpec } from '../../../src/domain/upload/upload-spec.ts';

export const HOUR = 3_600_000;
export const DAY = 24 * HOUR;
/** 2026-01-05, a Monday. */
export const START = Date.UTC(2026, 0, 5, 8);

export const anna: Who = { name: 'anna', roles: [], via: 'signal' };
export const ben: Who = { name: 'ben', user: 'ben', roles: ['HR_MANAGER'], via: 'http' };

export function conflictFacts(changes: Partial<ConflictFacts> = {}): ConflictFacts {
  return {
    id: '42',
    entity: 'employees',
    key: '4711',
    clash: { kind: 'fields', fields: ['salary', 'job_id'] },
    proposed: ['salary', 'job_id', 'phone_number'],
    reason: 'Both sides changed the salary',
    device: 'tablet-7',
    deviceUser: 'dora',
    author: 'emil',
    ...changes,
  };
}

export function approvalSpec(changes: Partial<ApprovalSpec> = {}): ApprovalSpec {
  return {
    resolvers: 'anyone',
    remindAfterMs: 2 * DAY,
    escalateAfterMs: 7 * DAY,
    escalateTo: 'DIRECTOR',
    expireAfterMs: 30 * DAY,
    onExpire: 'server',
    ...changes,
  };
}

export function opened(
  changes: { conflict?: Partial<ConflictFacts>; spec?: Partial<ApprovalSpec>; role?: string } = {},
): ApprovalState {
  const given = {
    conflict: conflictFacts(changes.conflict),
    spec: approvalSpec(changes.spec),
    role: changes.role ?? null,
  };
  return openApproval(given, START).state;
}

/** @throws Error when one of the events is refused: the story is not the one that the test means. */
export function afterEvents(
  state: ApprovalState,
  ...story: readonly (readonly [ApprovalEvent, number])[]
): ApprovalState {
  return story.reduce((before, [event, now]) => {
    const { state: next, refusal } = reduceApproval(before, event, now);
    if (refusal !== null) throw new Error(`${event.kind}: ${refusal.message}`);
    return next;
  }, state);
}

export const decide = (
  changes: { round?: number; who?: Who; decision?: 'client' | 'server' } = {},
): ApprovalEvent => ({
  kind: 'decide',
  decision: { decision: changes.decision ?? 'client', round: changes.round ?? 1 },
  who: changes.who ?? anna,
});

export const reopen = (round = 1): ApprovalEvent => ({
  kind: 'reopen',
  round,
  because: 'rowMoved',
  clash: { kind: 'fields', fields: ['salary'] },
  proposed: ['salary', 'job_id'],
});
