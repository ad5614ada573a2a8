import { expect, test } from 'vitest';
import { accept, reject, requireApproval, use } from '../../../src/index.ts';

test.each([
  [accept(), { kind: 'accept' }],
  [accept({ audit: 'counted', backup: true }), { kind: 'accept', audit: 'counted', backup: true }],
  [reject('No'), { kind: 'reject', reason: 'No' }],
  [reject('No', { notice: 'Ask first' }), { kind: 'reject', reason: 'No', notice: 'Ask first' }],
  [use({ quantity: '5' }), { kind: 'use', values: { quantity: '5' } }],
  [
    use({ quantity: null }, { reason: 'Nearer' }),
    { kind: 'use', values: { quantity: null }, reason: 'Nearer' },
  ],
  [requireApproval('Why'), { kind: 'approve', reason: 'Why' }],
  [
    requireApproval('Why', { role: 'CFO', task: { kind: 'look', title: 'Look' } }),
    { kind: 'approve', reason: 'Why', role: 'CFO', task: { kind: 'look', title: 'Look' } },
  ],
])('%# answers %j', (outcome, expected) => {
  expect(outcome).toEqual(expected);
});
