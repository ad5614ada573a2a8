import { expect, test } from 'vitest';
import { licenseRule } from '../../examples/licenses/license-rule.ts';
import type { RuleContext, Value } from '../../src/index.ts';
import { ruleContext } from './rule-kit.ts';

const outcome = (client: Value, source: Value, more: Partial<RuleContext> = {}) =>
  licenseRule.decide(
    ruleContext({ current: { status: source }, client: { status: client }, clashing: ['status'], ...more }),
  );

test.each([
  ['ACTIVE', 'INACTIVE'],
  ['INACTIVE', 'ACTIVE'],
  // CHAR(10) of the source.
  ['ACTIVE', 'INACTIVE  '],
  ['INACTIVE', 'ACTIVE    '],
])('the device says %s, the source %s: active', (client, source) => {
  expect(outcome(client, source)).toEqual({
    kind: 'use',
    values: { status: 'ACTIVE' },
    audit: 'License status: active beats inactive',
  });
});

test.each([
  ['SUSPENDED', 'EXPIRED'],
  ['ACTIVE', 'SUSPENDED'],
  ['SUSPENDED', 'ACTIVE'],
  ['INACTIVE', 'EXPIRED'],
  [null, 'ACTIVE'],
  ['ACTIVE', null],
  // Not the words that the rule knows.
  ['active', 'INACTIVE'],
])('the device says %s, the source %s: a human decides', (client, source) => {
  expect(outcome(client, source)).toEqual({
    kind: 'approve',
    reason: 'Both sides changed the status of the license',
  });
  expect(outcome(client, source, { approvedBy: ['anyone'] })).toEqual({ kind: 'accept' });
});

test('where only one side changed the status, it is taken', () => {
  expect(outcome('INACTIVE', 'ACTIVE', { clashing: [] })).toEqual({ kind: 'accept' });
  expect(outcome('INACTIVE', 'ACTIVE', { clashing: ['holder'] })).toEqual({ kind: 'accept' });
});

test('a delete, or a row that is gone, has no status to beat', () => {
  expect(
    licenseRule.decide(ruleContext({ current: null, client: { status: 'ACTIVE' }, clashing: ['status'] })),
  ).toEqual({
    kind: 'accept',
  });
  expect(
    licenseRule.decide(ruleContext({ current: { status: 'ACTIVE' }, client: {}, clashing: ['status'] })),
  ).toEqual({
    kind: 'accept',
  });
});
