/** Every state of an approval × every event: what it becomes, or why the event is refused. */
import { describe, expect, test } from 'vitest';
import {
  APPROVAL_STATUSES,
  type ApprovalEvent,
  type ApprovalState,
} from '../../../src/domain/approval/approval.ts';
import { reduceApproval } from '../../../src/domain/approval/reduce-approval.ts';
import { afterEvents, anna, ben, DAY, decide, HOUR, opened, reopen, START } from './kit.ts';

const assign: ApprovalEvent = { kind: 'assign', to: 'carla', who: ben };
const deadline: ApprovalEvent = { kind: 'deadline' };

const STATES: Readonly<Record<string, ApprovalState>> = {
  proposed: opened(),
  assigned: afterEvents(opened(), [assign, START]),
  escalated: afterEvents(opened(), [deadline, START + 7 * DAY]),
  // In its second round.
  reopened: afterEvents(opened(), [decide(), START], [reopen(), START]),
  decided: afterEvents(opened(), [decide(), START]),
  expired: afterEvents(opened(), [deadline, START + 30 * DAY]),
  applied: afterEvents(opened(), [decide(), START], [{ kind: 'applied', round: 1 }, START]),
  withdrawn: afterEvents(opened(), [{ kind: 'withdraw', who: anna }, START]),
};

const MERGED: ApprovalEvent = {
  kind: 'decide',
  decision: { decision: 'merged', round: 1, fields: { salary: '5100', job_id: 'IT_PROG' } },
  who: anna,
};

/** With the instant at which they happen. */
const EVENTS: Readonly<Record<string, readonly [ApprovalEvent, number]>> = {
  assign: [assign, START + HOUR],
  comment: [{ kind: 'comment', text: 'I ask her', who: anna }, START + HOUR],
  'client, round 1': [decide(), START + HOUR],
  'client, round 2': [decide({ round: 2 }), START + HOUR],
  'client, round 1, by another': [decide({ who: ben }), START + HOUR],
  'server, round 1': [decide({ decision: 'server' }), START + HOUR],
  'merged, round 1': [MERGED, START + HOUR],
  'merged without a clashing field': [
    { ...MERGED, decision: { decision: 'merged', round: 1, fields: { job_id: 'IT' } } },
    START + HOUR,
  ],
  withdraw: [{ kind: 'withdraw', reason: 'typed wrongly', who: anna }, START + HOUR],
  'an hour passes': [deadline, START + HOUR],
  'two days pass': [deadline, START + 2 * DAY],
  'a week passes': [deadline, START + 7 * DAY],
  '30 days pass': [deadline, START + 30 * DAY],
  'a year passes': [deadline, START + 365 * DAY],
  'applied, round 1': [{ kind: 'applied', round: 1 }, START + HOUR],
  'applied, round 2': [{ kind: 'applied', round: 2 }, START + HOUR],
  'reopen, round 1': [reopen(1), START + HOUR],
  'reopen, round 2': [reopen(2), START + HOUR],
};

/**
 * Per event and state: the status after it, `=` when nothing at all happens, `+` when only counts and deadlines move,
 * or `!` and the code of the refusal.
 */
const TABLE = `
                                | proposed    | assigned    | escalated   | reopened    | decided         | expired         | applied | withdrawn
assign                          | assigned    | +           | +           | assigned    | !alreadyDecided | !alreadyDecided | !closed | !closed
comment                         | +           | +           | +           | +           | +               | +               | !closed | !closed
client, round 1                 | decided     | decided     | decided     | !wrongRound | =               | !alreadyDecided | =       | !closed
client, round 2                 | !wrongRound | !wrongRound | !wrongRound | decided     | !alreadyDecided | !alreadyDecided | !closed | !closed
client, round 1, by another     | decided     | decided     | decided     | !wrongRound | !alreadyDecided | !alreadyDecided | !closed | !closed
server, round 1                 | decided     | decided     | decided     | !wrongRound | !alreadyDecided | !alreadyDecided | !closed | !closed
merged, round 1                 | decided     | decided     | decided     | !wrongRound | !alreadyDecided | !alreadyDecided | !closed | !closed
merged without a clashing field | !malformed  | !malformed  | !malformed  | !wrongRound | !alreadyDecided | !alreadyDecided | !closed | !closed
withdraw                        | withdrawn   | withdrawn   | withdrawn   | withdrawn   | !alreadyDecided | !alreadyDecided | !closed | !closed
an hour passes                  | =           | =           | =           | =           | =               | =               | =       | =
two days pass                   | +           | +           | =           | +           | =               | =               | =       | =
a week passes                   | escalated   | escalated   | =           | escalated   | =               | =               | =       | =
30 days pass                    | expired     | expired     | expired     | expired     | =               | =               | =       | =
a year passes                   | expired     | expired     | expired     | expired     | =               | =               | =       | =
applied, round 1                | !notDecided | !notDecided | !notDecided | !notDecided | applied         | applied         | =       | =
applied, round 2                | !notDecided | !notDecided | !notDecided | !notDecided | !wrongRound     | !wrongRound     | =       | =
reopen, round 1                 | !notDecided | !notDecided | !notDecided | !notDecided | proposed        | proposed        | !closed | !closed
reopen, round 2                 | !notDecided | !notDecided | !notDecided | !notDecided | !wrongRound     | !wrongRound     | !closed | !closed
`;

const [head = [], ...rows] = TABLE.trim()
  .split('\n')
  .map((line) => line.split('|').map((cell) => cell.trim()));
const cells = rows.flatMap(([event = '', ...row]) =>
  row.map((expected, index) => [head.slice(-row.length)[index] as string, event, expected] as const),
);

describe('every state × every event', () => {
  test('the table is complete', () => {
    const pairs = Object.keys(EVENTS).flatMap((event) => Object.keys(STATES).map((state) => [state, event]));
    expect(cells.map(([state, event]) => [state, event])).toEqual(pairs);
    const kinds = new Set(Object.values(EVENTS).map(([event]) => event.kind));
    expect([...kinds].sort()).toEqual([
      'applied',
      'assign',
      'comment',
      'deadline',
      'decide',
      'reopen',
      'withdraw',
    ]);
    expect(new Set(Object.values(STATES).map(({ status }) => status))).toEqual(new Set(APPROVAL_STATUSES));
  });

  test.each(cells)('%s, %s: %s', (name, eventName, expected) => {
    const state = STATES[name] as ApprovalState;
    const [event, now] = EVENTS[eventName] as readonly [ApprovalEvent, number];
    const { state: next, effects, refusal } = reduceApproval(state, event, now);
    if (expected.startsWith('!')) {
      expect(refusal?.code).toBe(expected.slice(1));
      expect(refusal?.message).toMatch(/\w{3}/);
    } else {
      expect(refusal).toBeNull();
    }
    if (expected.startsWith('!') || expected === '=') {
      expect(next).toEqual(state);
      expect(effects).toEqual([]);
      return;
    }
    expect(next).not.toEqual(state);
    expect(next.status).toBe(expected === '+' ? state.status : expected);
    // What happened can be read later.
    expect(effects[0]).toMatchObject({ kind: 'record' });
  });
});
