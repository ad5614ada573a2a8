import { expect, test } from 'vitest';
import { decideChange } from '../../../src/domain/upload/decide.ts';
import type { Change, RowNow } from '../../../src/domain/upload/decision.ts';
import type { UploadSpec } from '../../../src/domain/upload/upload-spec.ts';
import { verdictOf } from '../../../src/domain/upload/verdict.ts';
import { COLUMNS, change, context, ROW, row, spec } from './kit.ts';

const NAME: Partial<Change> = { baseImage: ROW, values: { name: 'Eva' } };
const BOTH: Partial<Change> = { baseImage: ROW, values: { name: 'Eva', phone: '9' } };
const LATER = row({ name: 'Ida' }, { name: [10, 150] });
const no = { name: 'no', decide: () => ({ kind: 'reject' as const, reason: 'No', notice: 'Ask HR' }) };

type Case = {
  name: string;
  change: Partial<Change>;
  now: RowNow;
  spec?: Partial<UploadSpec>;
  heldBy?: string;
  expected: object;
};

test.each<Case>([
  {
    name: 'written',
    change: NAME,
    now: row(),
    expected: { status: 'applied', fields: [], problem: null, decidedBy: [] },
  },
  {
    name: 'there already',
    change: NAME,
    now: row({ name: 'Eva' }),
    expected: { status: 'applied', fields: [] },
  },
  {
    name: 'beside others',
    change: NAME,
    now: row({ notes: 'x' }),
    expected: { status: 'merged', fields: [] },
  },
  {
    name: 'in part',
    change: BOTH,
    now: LATER,
    expected: { status: 'merged', fields: ['name'], decidedBy: ['lastWriteWins'] },
  },
  {
    name: 'not at all',
    change: NAME,
    now: LATER,
    expected: { status: 'conflict', fields: ['name'], decidedBy: ['lastWriteWins'] },
  },
  {
    name: 'contained in what others merged',
    change: { baseImage: ROW, values: { tags: '["a", "b", "c"]' } },
    now: row({ tags: '["a", "b", "c", "d"]' }),
    spec: { policy: 'merge', merge: { tags: { kind: 'array' } } },
    expected: { status: 'merged', fields: ['tags'] },
  },
  {
    name: 'for a human',
    change: BOTH,
    now: LATER,
    spec: { policy: 'manual' },
    expected: { status: 'pending_approval', fields: ['name'], heldBy: null },
  },
  {
    name: 'for the human of another conflict',
    change: BOTH,
    now: LATER,
    heldBy: 'c1',
    expected: { status: 'pending_approval', fields: [], heldBy: 'c1' },
  },
  {
    name: 'rejected',
    change: NAME,
    now: row(),
    spec: { rules: [no] },
    expected: {
      status: 'rejected',
      fields: [],
      problem: { code: 'RULE_REJECTED', message: 'No' },
      notices: ['Ask HR'],
    },
  },
  {
    name: 'a policy that it may not choose',
    change: { ...NAME, policy: 'clientWins' },
    now: LATER,
    expected: { status: 'conflict', policyIgnored: 'clientWins' },
  },
])('$name', ({ change: parts, now, spec: upload, heldBy, expected }) => {
  const decision = decideChange({
    spec: spec(upload),
    columns: COLUMNS,
    change: change(parts),
    now,
    context: context(),
    ...(heldBy === undefined ? {} : { heldBy }),
  });
  expect(verdictOf(decision)).toMatchObject(expected);
});
