import { describe, expect, test } from 'vitest';
import { decideChange } from '../../../src/domain/upload/decide.ts';
import type { Change, Decision, RowNow } from '../../../src/domain/upload/decision.ts';
import type { UploadSpec } from '../../../src/domain/upload/upload-spec.ts';
import { COLUMNS, change, context, ROW, row, seen, spec, tombstone, UNKNOWN } from './kit.ts';

const MERGES: Partial<UploadSpec> = {
  policy: 'merge',
  merge: {
    notes: { kind: 'text' },
    visits: { kind: 'counter' },
    salary: { kind: 'counter' },
    tags: { kind: 'array' },
  },
};

function decide(parts: Partial<Change>, now: RowNow, upload: Partial<UploadSpec> = {}): Decision {
  return decideChange({
    spec: spec({ ...MERGES, ...upload }),
    columns: COLUMNS,
    change: change(parts),
    now,
    context: context(),
  });
}

const add = (by: number) => ({ visits: [{ op: 'add', by }] });

type Case = {
  name: string;
  change: Partial<Change>;
  now: RowNow;
  spec?: Partial<UploadSpec>;
  expected: object;
};

describe('both sides in one value', () => {
  test.each<Case>([
    {
      name: 'text',
      change: { baseImage: ROW, values: { notes: 'ONE two three' } },
      now: row({ notes: 'one two THREE' }, { notes: [10, 50] }),
      expected: { notes: 'ONE two THREE' },
    },
    {
      name: 'a list in jsonb',
      change: { baseImage: ROW, values: { tags: '["a", "b", "c"]' } },
      now: row({ tags: '["b"]' }),
      expected: { tags: '["b","c"]' },
    },
    {
      name: 'a counter, both the same way',
      change: { baseImage: ROW, values: { visits: '4' } },
      now: row({ visits: '4' }),
      expected: { visits: '5' },
    },
    {
      name: 'a counter of decimals',
      change: { baseImage: ROW, values: { salary: '1000.10' } },
      now: row({ salary: '1000.20' }),
      expected: { salary: '1000.30' },
    },
    {
      name: 'operations of a counter that nobody knows the base of',
      change: { baseVersion: seen(5), operations: add(2) },
      now: row({ visits: '10' }, { visits: [10, 50] }),
      expected: { visits: '12' },
    },
    {
      name: 'operations of a text',
      change: { baseImage: ROW, operations: { notes: [{ op: 'insert', text: 'zero ' }] } },
      now: row({ notes: 'one two three four' }),
      expected: { notes: 'zero one two three four' },
    },
  ])('$name', ({ change, now, spec, expected }) => {
    const decided = decide(change, now, spec);
    expect(decided).toMatchObject({
      kind: 'write',
      merged: true,
      outcomes: [{ took: 'merged', by: 'merge' }],
    });
    expect(decided).toHaveProperty('values', expected);
  });

  test('operations on what nobody else changed are the device’s own', () => {
    const decided = decide({ baseVersion: seen(20), operations: add(-1) }, row());
    expect(decided).toMatchObject({ kind: 'write', values: { visits: '2' }, merged: false });
    expect(decide({ baseVersion: seen(20), operations: add(0) }, row())).toMatchObject({ kind: 'same' });
  });

  test('operations mean a value where the policy is another', () => {
    const now = row({ visits: '10' }, { visits: [10, 50] });
    const upload = { policy: 'lastWriteWins' } as const;
    expect(decide({ baseImage: ROW, operations: add(1) }, now, upload)).toMatchObject({
      kind: 'write',
      values: { visits: '4' },
    });
    expect(decide({ baseVersion: seen(5), operations: add(1) }, now, upload)).toMatchObject({
      kind: 'approve',
      reason: 'The device did not say what it has in visits',
    });
  });

  test('operations complete a row that comes back, and cannot make a new one', () => {
    const operations = add(1);
    expect(decide({ baseImage: ROW, operations }, tombstone(50), { policy: 'clientWins' })).toMatchObject({
      kind: 'write',
      operation: 'revive',
      values: { ...ROW, visits: '4' },
    });
    expect(decide({ operation: 'insert', values: { id: '7' }, operations }, UNKNOWN)).toMatchObject({
      kind: 'reject',
      code: 'CHANGE_INVALID',
      message: 'visits: operations need the value that they change',
    });
  });
});

describe('what does not merge', () => {
  test('goes to a human, with the draft', () => {
    const both = { baseImage: ROW, values: { notes: 'one 2 three', phone: '9' } };
    const decided = decide(both, row({ notes: 'one TWO three' }));
    expect(decided).toMatchObject({
      kind: 'approve',
      clash: { kind: 'fields', fields: ['notes'] },
      proposal: { notes: 'one 2 three', phone: '9' },
    });
    const draft = decided.kind === 'approve' ? decided.draft?.notes : null;
    expect(draft).toContain('2');
    expect(draft).toContain('TWO');
    expect(decided).toHaveProperty('reason', expect.stringMatching(/^notes: /));
  });

  test.each<Omit<Case, 'expected'> & { reason: RegExp }>([
    {
      name: 'a number with more digits than can be kept',
      change: { baseImage: ROW, values: { tags: '["a", 12345678901234567890]' } },
      now: row({ tags: '["b"]' }),
      reason: /^tags: it holds no JSON, or a number with more digits/,
    },
    {
      name: 'a field without a merge',
      change: { baseImage: ROW, values: { name: 'Eva' } },
      now: row({ name: 'Ida' }),
      reason: /^Nothing says how name merges$/,
    },
    {
      name: 'a list in a column of text',
      change: { baseImage: ROW, values: { name: '["x"]' } },
      now: row({ name: '["y"]' }),
      spec: { merge: { name: { kind: 'array' } } },
      reason: /^name: /,
    },
    {
      name: 'a text without a base',
      change: { baseVersion: seen(5), values: { notes: 'x' } },
      now: row({}, { notes: [10, 50] }),
      reason: /^notes: /,
    },
  ])('$name', ({ change, now, spec, reason }) => {
    const decided = decide(change, now, spec);
    expect(decided.kind).toBe('approve');
    expect(decided).toHaveProperty('reason', expect.stringMatching(reason));
  });

  test.each<{ name: string; operations: Change['operations'] }>([
    { name: 'an operation of another kind', operations: { visits: [{ op: 'insert', text: 'x' }] } },
    { name: 'no operation', operations: { notes: [null] } },
    { name: 'a position beyond the text', operations: { notes: [{ op: 'delete', count: 1_000 }] } },
  ])('operations that cannot be applied are refused: $name', ({ operations }) => {
    expect(decide({ baseImage: ROW, operations }, row())).toMatchObject({
      kind: 'reject',
      code: 'CHANGE_INVALID',
    });
  });
});
