/**
 * The one function that decides a change to a row: merge what does not clash, then the policies of what does, then
 * business rules, then a human. Pure: the row is read, and the decision carried out, under the row's lock.
 */
import { changeClock, clocksOfConfirmed, isLater } from './clocks.ts';
import { clockOfWhole, type SettleInput } from './decide-input.ts';
import type { Clocks, Decision } from './decision.ts';
import { type Planned, plan } from './plan.ts';
import { defaultPolicy } from './policies.ts';
import { type Rejected, type Settled, settle } from './settle.ts';

export type DecideInput = SettleInput & {
  /** The conflict that holds the row. */
  readonly heldBy?: string;
};

export function decideChange(input: DecideInput): Decision {
  const { spec, change, heldBy } = input;
  const notes = { policyIgnored: defaultPolicy(spec, change.policy).ignored };
  if (heldBy !== undefined) return { notes, kind: 'wait', heldBy };
  return { notes, ...decide(input) };
}

function decide(input: SettleInput): Settled {
  const planned = plan(input);
  switch (planned.kind) {
    case 'nothing':
      return { kind: 'same', clocks: confirmedClocks(planned, input) };
    case 'invalid':
      return invalid(planned.message);
    case 'serverWins': {
      const { clash, by } = planned;
      const outcomes = [{ fields: clash.fields, took: 'server' as const, by }];
      return { kind: 'serverWins', clash, clocks: {}, outcomes, effects: [] };
    }
    case 'plan':
      return settle(planned.plan, input);
  }
}

export function invalid(message: string): Rejected {
  return { kind: 'reject', code: 'CHANGE_INVALID', message, cause: null, rule: null, effects: [] };
}

/** The later of two clocks for what both sides did, so that no third change passes between them. */
function confirmedClocks(
  { gone, confirmed }: Extract<Planned, { kind: 'nothing' }>,
  input: SettleInput,
): Clocks {
  const { change, now } = input;
  if (now.state === 'row') return clocksOfConfirmed(confirmed, change, now.row);
  if (!gone || now.state === 'unknown' || !isLater(changeClock(change), now.hlc)) return {};
  return clockOfWhole(input);
}
