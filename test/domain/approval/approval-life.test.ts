/** What is to be done about events, and what holds whatever happens in whatever order. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { ApprovalEffect, ApprovalEvent, ApprovalState } from '../../../src/domain/approval/approval.ts';
import { phaseOf } from '../../../src/domain/approval/approval.ts';
import { nextDeadline } from '../../../src/domain/approval/deadlines.ts';
import { openApproval, reduceApproval } from '../../../src/domain/approval/reduce-approval.ts';
import {
  afterEvents,
  anna,
  approvalSpec,
  ben,
  conflictFacts,
  DAY,
  decide,
  HOUR,
  opened,
  reopen,
  START,
} from './kit.ts';

const deadline: ApprovalEvent = { kind: 'deadline' };
const resolvers = { kind: 'resolvers', resolvers: 'anyone' };
const director = { kind: 'role', role: 'DIRECTOR' };

function recipients(effects: readonly ApprovalEffect[]) {
  return effects.flatMap((effect) => (effect.kind === 'notify' ? [[effect.about, effect.to]] : []));
}

describe('effects', () => {
  test('those who may decide are told of a conflict, and why they are asked', () => {
    const given = { conflict: conflictFacts(), spec: approvalSpec(), role: null };
    expect(openApproval(given, START).effects).toEqual([
      { kind: 'record', what: 'proposed', round: 1, by: null, text: 'Both sides changed the salary' },
      { kind: 'notify', about: 'proposed', round: 1, to: [resolvers] },
    ]);
  });

  test('a role that a rule requires takes the place of the resolvers', () => {
    expect(opened({ role: 'CFO' }).spec.resolvers).toEqual({ role: 'CFO' });
  });

  test('a decision is applied with who took it', () => {
    const { effects } = reduceApproval(opened(), decide({ who: ben }), START + HOUR);
    const by = { name: 'ben', via: 'http' };
    expect(effects).toEqual([
      { kind: 'record', what: 'decided', round: 1, by, text: null },
      {
        kind: 'apply',
        decided: { decision: 'client', round: 1, by, atMs: START + HOUR, approvedBy: ['HR_MANAGER'] },
      },
    ]);
  });

  test('taking the server’s side approves nothing', () => {
    const { state } = reduceApproval(opened(), decide({ who: ben, decision: 'server' }), START);
    expect(state.decided?.approvedBy).toEqual([]);
  });

  test('what is applied closes, tells who asked, and forgets the values', () => {
    const merged: ApprovalEvent = {
      kind: 'decide',
      decision: { decision: 'merged', round: 1, fields: { salary: '5100', job_id: 'IT' } },
      who: anna,
    };
    const decided = afterEvents(opened(), [merged, START]);
    expect(decided.decided?.fields).toEqual({ salary: '5100', job_id: 'IT' });
    const { state, effects } = reduceApproval(decided, { kind: 'applied', round: 1 }, START);
    expect(JSON.stringify(state)).not.toContain('5100');
    expect(effects.at(-1)).toEqual({ kind: 'close', outcome: 'applied' });
    expect(recipients(effects)).toEqual([['applied', [{ kind: 'requester' }]]]);
  });

  test('a decision that is sent again is heard as decided; another one, or another’s, is refused', () => {
    const merged = (fields: Record<string, string>, who = anna): ApprovalEvent => ({
      kind: 'decide',
      decision: { decision: 'merged', round: 1, fields },
      who,
    });
    const decided = afterEvents(opened(), [merged({ salary: '5100', job_id: 'IT' }), START]);
    const refusalOf = (event: ApprovalEvent) => reduceApproval(decided, event, START + HOUR).refusal?.code;
    expect(refusalOf(merged({ job_id: 'IT', salary: '5100' }))).toBeUndefined();
    expect(refusalOf(merged({ salary: '5200', job_id: 'IT' }))).toBe('alreadyDecided');
    // A claimed name over a signal is not the one that signed in.
    const signedIn = { ...anna, via: 'http' } as const;
    expect(refusalOf(merged({ salary: '5100', job_id: 'IT' }, signedIn))).toBe('alreadyDecided');
  });

  test('time decides as the policy says', () => {
    const late = START + 400 * DAY;
    const { effects } = reduceApproval(opened({ spec: { onExpire: 'client' } }), deadline, late);
    expect(effects.at(-1)).toEqual({
      kind: 'apply',
      decided: { decision: 'client', round: 1, by: null, atMs: late, approvedBy: [] },
    });
  });

  test('an assigned conflict is the business of that person, and of the role that it is escalated to', () => {
    const assigned = afterEvents(opened(), [{ kind: 'assign', to: 'carla', who: anna }, START]);
    const reminded = reduceApproval(assigned, deadline, START + 2 * DAY);
    expect(recipients(reminded.effects)).toEqual([['reminded', [{ kind: 'person', name: 'carla' }]]]);
    const escalated = reduceApproval(reminded.state, deadline, START + 7 * DAY);
    expect(recipients(escalated.effects)).toEqual([
      ['escalated', [{ kind: 'person', name: 'carla' }, director]],
    ]);
  });

  test('a refused write says why in the next round', () => {
    const decided = afterEvents(opened(), [decide(), START]);
    const event = {
      ...reopen(),
      because: 'refused',
      message: 'salary is over the maximum of the job',
    } as const;
    const { state, effects } = reduceApproval(decided, event, START + HOUR);
    expect(state).toMatchObject({
      round: 2,
      roundSinceMs: START + HOUR,
      decided: null,
      conflict: { clash: { fields: ['salary'] } },
    });
    expect(effects[0]).toMatchObject({ what: 'reopened', text: 'salary is over the maximum of the job' });
  });
});

describe('deadlines', () => {
  /** Handles every deadline at its instant, as a workflow does. */
  function untilDecided(state: ApprovalState): [string, number][] {
    const seen: [string, number][] = [];
    for (
      let now = state, next = nextDeadline(now);
      next !== null && seen.length < 100;
      next = nextDeadline(now)
    ) {
      seen.push([next.which, (next.atMs - START) / DAY]);
      now = reduceApproval(now, deadline, next.atMs).state;
    }
    return seen;
  }

  test('reminders, an escalation, and the end of a month', () => {
    expect(untilDecided(opened({ spec: { remindAfterMs: 3 * DAY, expireAfterMs: 14 * DAY } }))).toEqual([
      ['remind', 3],
      ['remind', 6],
      ['escalate', 7],
      ['remind', 10],
      ['remind', 13],
      ['expire', 14],
    ]);
  });

  test('of several at one instant the gravest', () => {
    const spec = { remindAfterMs: DAY, escalateAfterMs: DAY, expireAfterMs: DAY };
    expect(untilDecided(opened({ spec }))).toEqual([['expire', 1]]);
    expect(untilDecided(opened({ spec: { ...spec, expireAfterMs: null, remindAfterMs: null } }))).toEqual([
      ['escalate', 1],
    ]);
  });

  test('without a policy it waits without end', () => {
    const state = opened({ spec: { remindAfterMs: null, escalateAfterMs: null, expireAfterMs: null } });
    expect(nextDeadline(state)).toBeNull();
    expect(reduceApproval(state, deadline, START + 10_000 * DAY).state).toEqual(state);
  });

  test('a worker that was down for a month and a half handles all at once', () => {
    const state = afterEvents(opened({ spec: { expireAfterMs: null } }), [deadline, START + 45 * DAY]);
    expect(state.status).toBe('escalated');
    expect(nextDeadline(state)).toEqual({ which: 'remind', atMs: START + 47 * DAY });
  });

  test('a new round has time of its own, and is not escalated twice', () => {
    const escalated = afterEvents(opened(), [deadline, START + 7 * DAY]);
    const again = afterEvents(escalated, [decide(), START + 8 * DAY], [reopen(), START + 9 * DAY]);
    expect(again).toMatchObject({
      status: 'escalated',
      remindAtMs: START + 11 * DAY,
      escalateAtMs: null,
      expireAtMs: START + 39 * DAY,
    });
  });

  test('a reminder without a pause does not spin', () => {
    const state = opened({ spec: { remindAfterMs: 0 } });
    const { state: next } = reduceApproval(state, deadline, START + 1);
    expect(nextDeadline(next)?.atMs).toBeGreaterThan(START + 1);
  });
});

const who = fc.constantFrom(anna, ben, { ...ben, name: 'emil', user: 'emil', roles: ['DIRECTOR'] });
const round = fc.integer({ min: 1, max: 4 });
const event: fc.Arbitrary<ApprovalEvent> = fc.oneof(
  fc.record({ kind: fc.constant('assign' as const), to: fc.constantFrom('carla', 'ben'), who }),
  fc.record({ kind: fc.constant('comment' as const), text: fc.string({ minLength: 1 }), who }),
  fc.record({
    kind: fc.constant('decide' as const),
    decision: fc.oneof(
      fc.record({ decision: fc.constantFrom('client' as const, 'server' as const), round }),
      fc.record({
        decision: fc.constant('merged' as const),
        round,
        fields: fc.dictionary(fc.constantFrom('salary', 'job_id', 'x'), fc.constantFrom(null, '1')),
      }),
    ),
    who,
  }),
  fc.record({ kind: fc.constant('withdraw' as const), who }),
  fc.record({ kind: fc.constant('deadline' as const) }),
  fc.record({ kind: fc.constant('applied' as const), round }),
  round.map(reopen),
);
const spec = fc.record({
  resolvers: fc.constantFrom('anyone' as const, 'author' as const, { role: 'HR_MANAGER' }),
  remindAfterMs: fc.option(fc.integer({ min: 0, max: 9 * DAY })),
  escalateAfterMs: fc.option(fc.integer({ min: 0, max: 30 * DAY })),
  escalateTo: fc.constantFrom(null, 'DIRECTOR'),
  expireAfterMs: fc.option(fc.integer({ min: 0, max: 90 * DAY })),
  onExpire: fc.constantFrom('server' as const, 'client' as const),
});
const story = fc.array(fc.tuple(event, fc.integer({ min: 0, max: 5 * DAY })), { maxLength: 60 });

/** The phase each effect may come from. */
function checkStep(before: ApprovalState, next: ApprovalState, effects: readonly ApprovalEffect[]): void {
  expect(next.round - before.round).toBeGreaterThanOrEqual(0);
  expect(next.round - before.round).toBeLessThanOrEqual(1);
  if (phaseOf(before) === 'closed') {
    expect(next).toEqual(before);
    expect(effects).toEqual([]);
  }
  expect(phaseOf(next) === 'waiting').toBe(next.decided === null && next.status !== 'withdrawn');
  expect(effects.some(({ kind }) => kind === 'close')).toBe(
    phaseOf(before) !== 'closed' && phaseOf(next) === 'closed',
  );
  expect(effects.some(({ kind }) => kind === 'apply')).toBe(
    phaseOf(before) === 'waiting' && phaseOf(next) === 'applying',
  );
  expect(JSON.parse(JSON.stringify(next))).toEqual(next);
}

test('whatever happens: one decision per round, closed stays closed, no deadline stays behind', () => {
  fc.assert(
    fc.property(spec, story, (policy, events) => {
      let state = opened({ spec: policy });
      let now = START;
      const applied: number[] = [];
      for (const [happening, pause] of events) {
        now += pause;
        const { state: next, effects, refusal } = reduceApproval(state, happening, now);
        checkStep(state, next, effects);
        if (refusal !== null) expect([next, effects]).toEqual([state, []]);
        const due = nextDeadline(next);
        if (happening.kind === 'deadline' && due !== null) expect(due.atMs).toBeGreaterThan(now);
        applied.push(...effects.flatMap((effect) => (effect.kind === 'apply' ? [effect.decided.round] : [])));
        // As it comes back after the workflow continued as new.
        state = JSON.parse(JSON.stringify(next)) as ApprovalState;
      }
      expect(applied).toEqual([...new Set(applied)].sort((a, b) => a - b));
    }),
    { numRuns: 500 },
  );
});
