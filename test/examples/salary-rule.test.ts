import { expect, test } from 'vitest';
import { salaryRule } from '../../examples/hr/salary-rule.ts';
import type { Row, RuleContext, Value } from '../../src/index.ts';
import { ruleContext } from './rule-kit.ts';

const outcome = (before: Value, after: Value, more: Partial<RuleContext> = {}) =>
  salaryRule.decide(ruleContext({ current: { salary: before }, client: { salary: after }, ...more }));

const ACCEPTED = { kind: 'accept' };
const REJECTED = { kind: 'reject', reason: 'Insufficient permissions' };
const APPROVAL = { kind: 'approve', reason: 'A lower salary needs approval' };

test.each([
  ['5000', '5500', ACCEPTED],
  ['5000', '5500.00', ACCEPTED],
  ['5000', '5500.01', REJECTED],
  ['5000', '5499.99', ACCEPTED],
  ['5000.00', '5000', ACCEPTED],
  ['5000', '4999.99', APPROVAL],
  ['5000', null, APPROVAL],
  ['5000', '0', APPROVAL],
  // 10 % of this is more than a double can tell from its neighbours.
  ['33333333.30', '36666666.63', ACCEPTED],
  ['33333333.30', '36666666.64', REJECTED],
  ['9007199254740993', '9907919180215092.3', ACCEPTED],
  ['9007199254740993', '9907919180215092.31', REJECTED],
  // Of nothing, every raise is over 10 %.
  ['0', '0.01', REJECTED],
  [null, '1', REJECTED],
  [null, '0', ACCEPTED],
  ['0', null, ACCEPTED],
  // Where the mirror's type is a small one, rules see numbers.
  [100, 110, ACCEPTED],
  [100, 111, REJECTED],
])('%s → %s: %j', (before, after, expected) => {
  expect(outcome(before, after)).toEqual(expected);
});

test('the permission allows any raise, and no lower salary', () => {
  const permissions = new Set(['SALARY_OVERRIDE']);
  expect(outcome('5000', '50000', { permissions })).toEqual(ACCEPTED);
  expect(outcome(null, '50000', { permissions })).toEqual(ACCEPTED);
  expect(outcome('5000', '4000', { permissions })).toEqual(APPROVAL);
});

test.each([[['anyone']], [['HR_MANAGER']]])(
  'approved by %j, a salary may be lower, not higher',
  (approvedBy) => {
    expect(outcome('5000', '4000', { approvedBy })).toEqual(ACCEPTED);
    expect(outcome('5000', '6000', { approvedBy })).toEqual(REJECTED);
  },
);

test('a new employee’s salary is no raise, and who leaves has none', () => {
  const hired: Row = { salary: '9000' };
  expect(salaryRule.decide(ruleContext({ current: null, client: hired }))).toEqual(ACCEPTED);
  expect(salaryRule.decide(ruleContext({ current: hired, client: {}, operation: 'delete' }))).toEqual(
    ACCEPTED,
  );
});

test('it is asked for salaries only', () => {
  expect(salaryRule.fields).toEqual(['salary']);
});
