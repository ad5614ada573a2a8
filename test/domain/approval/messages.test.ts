/** What people send, well and badly formed. */
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { parseDecision, withoutValues } from '../../../src/domain/approval/decision-message.ts';
import { APPROVAL_MESSAGES, parseApprovalMessage } from '../../../src/domain/approval/messages.ts';
import { anna, opened } from './kit.ts';

const conflict = {
  clash: { kind: 'fields', fields: ['salary', 'job_id'] },
  proposed: ['salary', 'job_id', 'phone_number'],
  round: 2,
} as const;

describe('decisions without their values', () => {
  test('have the names of the fields, and what is wrong with the values', () => {
    const input = { decision: 'merged', round: 2, fields: { salary: '7654321', job_id: 1 }, comment: 'x' };
    const hidden = withoutValues(input);
    expect(hidden).toEqual({ input: { ...input, fields: { salary: null, job_id: null } }, problem: null });
    expect(parseDecision(hidden?.input, conflict)).toMatchObject({ decision: 'merged' });
    expect(withoutValues({ fields: { salary: 0.1234567890123456 } })?.problem).toContain('fields.salary');
  });

  test('are what they were where there are none', () => {
    for (const input of [null, 'x', { decision: 'client' }, { fields: ['1'] }, { fields: 'x' }])
      expect(withoutValues(input)).toBeNull();
  });

  test('nobody says where values are but the store', () => {
    const input = { decision: 'merged', round: 2, fields: { salary: '1', job_id: '2' }, valuesIn: 'x' };
    expect(parseDecision(input, conflict)).toMatchObject({ code: 'malformed' });
  });
});

describe('decisions', () => {
  test.each([
    [{ decision: 'client', round: 2 }],
    [{ decision: 'server', round: 2, comment: 'she moved' }],
    [{ decision: 'merged', round: 2, fields: { salary: '5100.50', job_id: null } }],
    [{ decision: 'merged', round: 2, fields: { salary: 5100.5, job_id: 'IT', phone_number: '12' } }],
    [{ decision: 'merged', round: 2, fields: { salary: -0.001, job_id: { a: [1, true, null] } } }],
  ])('%j is one', (input) => {
    expect(parseDecision(input, conflict)).toEqual(input);
  });

  test.each([
    [null, 'must be an object'],
    ['client', 'Expected {"decision":"client","round":1,"comment":"why"}'],
    [{}, 'decision must be "client", "server" or "merged"'],
    [{ decision: 'yes', round: 2 }, 'decision must be'],
    [{ decision: 'client' }, 'round must be the number of the round that you saw'],
    [{ decision: 'client', round: '2' }, 'round must be the number'],
    [{ decision: 'client', round: 1.5 }, 'round must be the number'],
    [{ decision: 'client', round: 2, coment: 'x' }, 'coment'],
    [{ decision: 'client', round: 2, comment: 5 }, 'comment must be a text'],
    [{ decision: 'client', round: 2, comment: 'x'.repeat(2_001) }, 'at most 2000 characters'],
    [{ decision: 'client', round: 2, fields: {} }, 'goes with "decision":"merged" only'],
    [{ decision: 'merged', round: 2 }, 'missing: salary, job_id'],
    [{ decision: 'merged', round: 2, fields: { salary: '1' } }, 'missing: job_id'],
    [{ decision: 'merged', round: 2, fields: ['1'] }, 'fields must be an object'],
    [
      { decision: 'merged', round: 2, fields: { salary: '1', job_id: '2', phone_numbr: '3' } },
      'fields.phone_numbr is not part of this conflict: did you mean phone_number?',
    ],
    [
      {
        decision: 'merged',
        round: 2,
        fields: { salary: 12_345_678_901_234_567_890n.toString(), job_id: 1e21 },
      },
      'fields.job_id has more digits than a JSON number keeps: write it in quotes',
    ],
    [
      { decision: 'merged', round: 2, fields: { salary: 0.1234567890123456, job_id: '' } },
      'write it in quotes',
    ],
    [{ decision: 'merged', round: 2, fields: { salary: [[1e300]], job_id: '' } }, 'write it in quotes'],
    [
      { decision: 'merged', round: 2, fields: { salary: 'x'.repeat(200_001), job_id: '' } },
      'more than 200000',
    ],
    [{ decision: 'merged', round: 2, fields: { salary: nested(100), job_id: '' } }, 'nested too deep'],
  ])('%# is none: %s', (input, message) => {
    expect(parseDecision(input, conflict)).toEqual({
      code: 'malformed',
      message: expect.stringContaining(message as string),
    });
  });

  test.each([
    [1, 'The row changed after round 1: look at it again, then decide with "round":2'],
    [3, 'There is no round 3 yet: the current one is 2'],
  ])('round %d is not the current one', (round, message) => {
    expect(parseDecision({ decision: 'client', round }, conflict)).toEqual({ code: 'wrongRound', message });
  });

  test('where nothing clashes, a merge needs at least one of the fields that would change', () => {
    const approval = { clash: null, proposed: ['salary'], round: 1 };
    const merged = (fields: object) => parseDecision({ decision: 'merged', round: 1, fields }, approval);
    expect(merged({})).toMatchObject({
      message: '"merged" needs "fields": a value for at least one of salary',
    });
    expect(merged({ salary: '5' })).toMatchObject({ fields: { salary: '5' } });
    expect(merged({ email: '5' })).toMatchObject({ message: expect.stringContaining('it has salary') });
    expect(parseDecision({ decision: 'merged', round: 1 }, { ...approval, proposed: [] })).toMatchObject({
      message: 'There are no fields to merge: decide "client" or "server"',
    });
  });

  test('a column named like a part of every object is a column', () => {
    const odd = {
      clash: { kind: 'fields', fields: ['__proto__', 'constructor'] },
      proposed: [],
      round: 1,
    } as const;
    const input = JSON.parse('{"decision":"merged","round":1,"fields":{"__proto__":"a","constructor":"b"}}');
    const parsed = parseDecision(input, odd);
    expect(JSON.stringify(parsed)).toContain('"__proto__":"a","constructor":"b"');
    expect(parseDecision({ ...input, fields: {} }, odd)).toMatchObject({
      message: expect.stringContaining('missing: __proto__, constructor'),
    });
  });

  test('depth is bounded, whatever was sent', () => {
    const fields = { salary: nested(100_000), job_id: '' };
    expect(parseDecision({ decision: 'merged', round: 2, fields }, conflict)).toMatchObject({
      message: 'fields.salary is nested too deep',
    });
  });

  test('a refusal never repeats a value', () => {
    const input = { decision: 'client', round: 2, fields: { salary: 'S3CRET' }, comment: ['S3CRET'] };
    expect(JSON.stringify(parseDecision(input, conflict))).not.toContain('S3CRET');
  });
});

describe('messages', () => {
  const parse = (message: (typeof APPROVAL_MESSAGES)[number], input: unknown) =>
    parseApprovalMessage(message, { input, who: anna }, opened());

  test.each([
    [
      'decide',
      { decision: 'client', round: 1 },
      { kind: 'decide', decision: { decision: 'client', round: 1 } },
    ],
    ['assign', { to: ' carla ' }, { kind: 'assign', to: 'carla' }],
    ['assign', { to: 'carla', comment: 'yours' }, { kind: 'assign', to: 'carla', comment: 'yours' }],
    ['comment', { text: 'I ask' }, { kind: 'comment', text: 'I ask' }],
    ['withdraw', undefined, { kind: 'withdraw' }],
    ['withdraw', null, { kind: 'withdraw' }],
    ['withdraw', { reason: 'no' }, { kind: 'withdraw', reason: 'no' }],
  ] as const)('%s %j', (message, input, event) => {
    expect(parse(message, input)).toEqual({ ...event, who: anna });
  });

  test.each([
    ['assign', {}, 'Expected {"to":"name"}: to must be a text'],
    ['assign', { to: '  ' }, 'to must not be empty'],
    ['assign', { to: 'x'.repeat(201) }, 'at most 200 characters'],
    ['comment', 'hello', 'Expected {"text":"what you want to say"}'],
    ['withdraw', { because: 'no' }, 'because'],
  ] as const)('%s %j is refused', (message, input, text) => {
    expect(parse(message, input)).toEqual({ code: 'malformed', message: expect.stringContaining(text) });
  });

  test('nothing that can be sent throws', () => {
    const nearly = fc.record(
      {
        decision: fc.anything(),
        round: fc.anything(),
        fields: fc.anything(),
        to: fc.anything(),
        text: fc.anything(),
      },
      { requiredKeys: [] },
    );
    fc.assert(
      fc.property(
        fc.constantFrom(...APPROVAL_MESSAGES),
        fc.oneof(fc.anything(), fc.jsonValue(), nearly),
        (message, input) => {
          const parsed = parse(message, input);
          expect('code' in parsed ? parsed.code : parsed.kind).toMatch(
            /^(malformed|wrongRound|decide|assign|comment|withdraw)$/,
          );
        },
      ),
      { numRuns: 500 },
    );
    const hostile = new Proxy(
      {},
      {
        get: () => {
          throw new Error('no');
        },
      },
    );
    expect(parse('comment', hostile)).toMatchObject({ code: 'malformed' });
  });
});

function nested(depth: number): unknown {
  let value: unknown = 1;
  for (let i = 0; i < depth; i++) value = [value];
  return value;
}
