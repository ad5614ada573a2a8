import { expect, test } from 'vitest';
import { judgeReceived, type Received } from '../../../src/domain/access/judge-push.ts';
import { EVERYTHING } from '../../../src/domain/access/scope.ts';

const SCOPE = { ...EVERYTHING, partitions: { region: ['CA', 'US'] } };
const CHANGE: Received = { operation: 'update', values: { title: 'x' }, isKnown: true };

test.each<[string, Partial<Received>, unknown]>([
  ['a row in sight', {}, null],
  ['an update of what is not in sight', { isKnown: false }, { status: 'conflict', clashing: ['title'] }],
  ['a delete of what is not in sight', { isKnown: false, operation: 'delete' }, { status: 'applied' }],
  ['a move to an own partition', { values: { region: 'CA' } }, null],
  ['a move out of sight', { values: { region: 'MX' } }, { status: 'rejected', code: 'NOT_ALLOWED' }],
  ['a move to no partition', { values: { region: null } }, { status: 'rejected', code: 'NOT_ALLOWED' }],
  ['a new row', { operation: 'insert', values: { region: 'US' }, isKnown: false }, null],
  [
    'a new row of nobody’s',
    { operation: 'insert', isKnown: false },
    { status: 'rejected', code: 'NOT_ALLOWED' },
  ],
])('%s', (_, change, verdict) => {
  const judged = judgeReceived(SCOPE, { ...CHANGE, ...change });
  if (verdict === null) expect(judged).toBeNull();
  else expect(judged).toMatchObject(verdict as object);
  expect(judgeReceived(EVERYTHING, { ...CHANGE, ...change })).toBeNull();
});
