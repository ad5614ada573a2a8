/** When an approval reminds, escalates and expires by itself. */
import type { ApprovalSpec } from '../upload/upload-spec.ts';
import { type ApprovalState, phaseOf } from './approval.ts';

export type Deadline = { readonly atMs: number; readonly which: 'remind' | 'escalate' | 'expire' };

type Deadlines = Pick<ApprovalState, 'remindAtMs' | 'escalateAtMs' | 'expireAtMs'>;

/** A round begins. What was escalated once stays so: its new round is not escalated again. */
export function deadlinesFrom(
  spec: ApprovalSpec,
  now: number,
  isEscalated: 'fresh' | 'escalated',
): Deadlines {
  return {
    remindAtMs: after(now, spec.remindAfterMs),
    escalateAtMs: isEscalated === 'escalated' ? null : after(now, spec.escalateAfterMs),
    expireAtMs: after(now, spec.expireAfterMs),
  };
}

/** Always later than now, so that a deadline that was handled is over. */
export function after(now: number, ms: number | null): number | null {
  return ms === null ? null : now + Math.max(1, ms);
}

export const NO_DEADLINES: Deadlines = { remindAtMs: null, escalateAtMs: null, expireAtMs: null };

/** The next one; of several at one instant the gravest. null: nothing happens by itself. */
export function nextDeadline(state: ApprovalState): Deadline | null {
  if (phaseOf(state) !== 'waiting') return null;
  const all: readonly { readonly atMs: number | null; readonly which: Deadline['which'] }[] = [
    { atMs: state.expireAtMs, which: 'expire' },
    { atMs: state.escalateAtMs, which: 'escalate' },
    { atMs: state.remindAtMs, which: 'remind' },
  ];
  return all.reduce<Deadline | null>(
    (first, { atMs, which }) =>
      atMs === null || (first !== null && first.atMs <= atMs) ? first : { atMs, which },
    null,
  );
}
