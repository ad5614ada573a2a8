/** `upload` as it is written, and what is wrong with it. */
import { expect, test } from 'vitest';
import { changed, EMPLOYEES, parsed, refusal } from './configs.ts';

const UPLOAD = `${EMPLOYEES}.upload`;
const written = (more: object) =>
  changed({
    [`${EMPLOYEES}.columns`]: { id: {}, salary: {}, note: { local: true } },
    [UPLOAD]: { writeBack: 'source', writable: ['salary'], ...more },
  });
const uploadOf = (more: object) => parsed(written(more)).pipelines.hr?.entities.employees?.upload;

const RULE = { name: 'once', decide: () => ({ kind: 'accept' }) };

test('one statement or a list of them', () => {
  const one = uploadOf({ afterApply: { sql: 'SELECT f($1)' } });
  expect(one?.afterApply).toMatchObject([{ sql: 'SELECT f($1)', per: null, later: false }]);
  const two = uploadOf({
    afterApply: [{ sql: 'SELECT f($1)' }, { sql: 'SELECT g($1)', per: 'salary', later: true }],
  });
  expect(two?.afterApply).toMatchObject([{ per: null }, { per: ['salary'], later: true }]);
  const [corrected] = uploadOf({ afterApply: { sql: 'SELECT corrected($1)' } })?.afterApply ?? [];
  expect(corrected?.id).toBe(one?.afterApply?.[0]?.id);
  const same = uploadOf({ afterApply: [{ sql: 'SELECT f($1)' }, { sql: 'SELECT f($1)' }] })?.afterApply;
  expect(new Set([...(same ?? []), ...(two?.afterApply ?? [])].map(({ id }) => id)).size).toBe(3);
  expect(uploadOf({})?.afterApply).toBeUndefined();
});

test.each([
  [{ afterApply: { sql: 'COMMIT' } }, 'no statement that can follow a change'],
  [{ afterApply: { sql: 'SELECT f($2)' } }, '$2'],
  [{ afterApply: [{ sql: 'SELECT f($1, $2)', per: ['salary'] }] }, 'there is 1 value'],
  [{ afterApply: { sql: 'SELECT f($1)', per: 'celery' } }, '"celery"'],
  [{ fields: { salary: { policy: 'merge' } } }, 'does not say how its values merge'],
  [
    { fields: { salary: { policy: 'manual' } }, groups: [{ fields: ['salary', 'note'] }] },
    'has a policy for salary, which is decided with a group',
  ],
  [
    { fields: { note: { merge: 'text' } }, groups: [{ fields: ['salary', 'note'] }] },
    'has a policy for note, which is decided with a group',
  ],
  [{ groups: [{ fields: ['salary', 'note'], policy: 'merge' }] }, 'nothing says how a group merges'],
  [{ groups: [{ fields: ['salary'] }] }, 'is a group of one column'],
  [{ groups: [{ fields: ['salary', 'note'] }, { fields: ['note', 'id'] }] }, 'has note in two groups'],
  [{ rules: [RULE, RULE] }, 'has two rules called once'],
  [{ writable: ['celery'] }, '"celery"'],
  [{ writeBack: 'mirror', writable: ['salary'] }, 'names salary, which the source owns'],
  [{ captureMirrorEdits: 'yes' }, 'must be true or false'],
  [{ writeBack: 'mirror', writable: ['note'], captureMirrorEdits: true }, 'has nothing to capture'],
])('%j is refused, with what to write', (more, says) => {
  expect(refusal(written(more))).toContain(says);
});

test('what people do in the mirror is captured only where it is said', () => {
  expect(uploadOf({ captureMirrorEdits: true })?.captureMirrorEdits).toBe(true);
  expect(uploadOf({ captureMirrorEdits: false })?.captureMirrorEdits).toBeUndefined();
});
