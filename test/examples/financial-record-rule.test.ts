import { expect, test } from 'vitest';
import { financialRecordRule } from '../../examples/finance/financial-record-rule.ts';
import { ruleContext } from './rule-kit.ts';

const current = { amount: '100.00', currency: 'EUR', approved_by: null };
const clash = ruleContext({ current, client: { amount: '120.00' }, clashing: ['amount'] });

test('the source wins', () => {
  expect(financialRecordRule.decide(clash)).toEqual({
    kind: 'reject',
    reason: 'Financial override rejected',
  });
});

test.each([[['anyone']], [['CONTROLLER']], [['cfo']], [['CFO ']]])(
  'an approval by %j is not the CFO’s',
  (approvedBy) => {
    expect(financialRecordRule.decide({ ...clash, approvedBy })).toMatchObject({ kind: 'reject' });
  },
);

test('what the row says of its approval counts for nothing, on either side', () => {
  const forged = { amount: '120.00', approved_by: 'CFO', approvedBy: 'CFO' };
  const context = ruleContext({
    current: { ...current, approved_by: 'CFO' },
    client: forged,
    clashing: ['amount'],
    permissions: new Set(['CFO']),
    user: 'CFO',
  });
  expect(financialRecordRule.decide(context)).toMatchObject({ kind: 'reject' });
});

test('approved by the CFO, the change is taken and the replaced row kept', () => {
  expect(financialRecordRule.decide({ ...clash, approvedBy: ['CONTROLLER', 'CFO'] })).toMatchObject({
    kind: 'accept',
    backup: true,
    audit: expect.stringContaining('approved by the CFO'),
  });
});

test('a change that overrides nothing is taken, without a backup', () => {
  expect(financialRecordRule.decide({ ...clash, clashing: [] })).toEqual({ kind: 'accept' });
  expect(financialRecordRule.decide(ruleContext({ current: null, client: current }))).toEqual({
    kind: 'accept',
  });
});

test('a delete overrides the record as a whole', () => {
  const context = ruleContext({ current, client: {}, operation: 'delete' });
  expect(financialRecordRule.decide(context)).toMatchObject({ kind: 'reject' });
  expect(financialRecordRule.decide({ ...context, approvedBy: ['CFO'] })).toMatchObject({
    kind: 'accept',
    backup: true,
  });
});
