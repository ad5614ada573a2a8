import { describe, expect, test } from 'vitest';
import { decideChange } from '../../../src/domain/upload/decide.ts';
import type { Change, Decision, RowNow } from '../../../src/domain/upload/decision.ts';
import type { Policy, UploadSpec } from '../../../src/domain/upload/upload-spec.ts';
import { at, COLUMNS, change, context, ROW, row, seen, spec, tombstone, UNKNOWN } from './kit.ts';

function decide(parts: Partial<Change>, now: RowNow, upload: Partial<UploadSpec> = {}): Decision {
  return decideChange({
    spec: spec(upload),
    columns: COLUMNS,
    change: change(parts),
    now,
    context: context(),
  });
}

const NAME = { baseImage: ROW, values: { name: 'Eva' } };
/** The name was changed here too, at 50 or at 150; the device's clock says 100. */
const EARLIER = row({ name: 'Ida' }, { name: [10, 50] });
const LATER = row({ name: 'Ida' }, { name: [10, 150] });
const SAME_CLOCK = { ...NAME, hlc: at(150, 'srv') };

type Case = {
  name: string;
  change: Partial<Change>;
  now: RowNow;
  spec?: Partial<UploadSpec>;
  expected: object;
};

describe('fields', () => {
  test.each<Case>([
    {
      name: 'only the client changed: applied',
      change: { baseImage: ROW, values: { ...ROW, name: 'Eva' } },
      now: row(),
      expected: {
        kind: 'write',
        operation: 'update',
        values: { name: 'Eva' },
        clocks: { name: at(100) },
        merged: false,
        outcomes: [{ fields: ['name'], took: 'client', by: 'noClash' }],
      },
    },
    {
      name: 'other fields changed here: merged',
      change: NAME,
      now: row({ phone: '2' }),
      expected: { kind: 'write', values: { name: 'Eva' }, merged: true },
    },
    {
      name: 'the value is there already',
      change: NAME,
      now: row({ name: 'Eva' }, { name: [10, 50] }),
      expected: { kind: 'same', clocks: { name: at(100) } },
    },
    {
      name: 'the value is there already, by a later clock',
      change: NAME,
      now: row({ name: 'Eva' }, { name: [10, 150] }),
      expected: { kind: 'same', clocks: {} },
    },
    {
      name: 'one field confirmed, another written',
      change: { baseImage: ROW, values: { name: 'Eva', phone: '9' } },
      now: row({ name: 'Eva' }, { name: [10, 50] }),
      expected: {
        kind: 'write',
        values: { phone: '9' },
        clocks: { name: at(100), phone: at(100) },
        merged: false,
      },
    },
    {
      name: 'a slow clock on the row as it is: the value’s clock does not go back',
      change: { ...NAME, baseImage: { ...ROW, name: 'Ida' } },
      now: LATER,
      expected: { kind: 'write', values: { name: 'Eva' }, clocks: { name: '0000000000960001-srv' } },
    },
    {
      name: 'a column that there is not',
      change: { values: { nickname: 'x' } },
      now: row(),
      expected: { kind: 'reject', code: 'CHANGE_INVALID', message: 'There is no column nickname' },
    },
    {
      name: 'operations for a field that takes none',
      change: { baseImage: ROW, operations: { name: [{ op: 'x' }] } },
      now: row(),
      expected: {
        kind: 'reject',
        code: 'CHANGE_INVALID',
        message: 'name: it takes values only, no operations',
      },
    },
  ])('$name', ({ change, now, spec, expected }) => {
    expect(decide(change, now, spec)).toMatchObject(expected);
  });
});

describe('policies of a clash', () => {
  const client = { kind: 'write', values: { name: 'Eva' }, merged: false };
  const server = { kind: 'serverWins', clash: { kind: 'fields', fields: ['name'] } };
  const manual = {
    kind: 'approve',
    operation: 'update',
    clash: { kind: 'fields', fields: ['name'] },
    proposal: { name: 'Eva' },
    draft: null,
    role: null,
  };
  const noClock = row({ name: 'Ida' }, { name: [10, null] });
  const rowClockOnly = { ...noClock, row: { ...noClock.row, hlc: at(150, 'srv') } };
  const otherFields = row({ name: 'Ida' }, { name: [10, null], '*': [5, 150] });
  test.each<{ policy: Policy; server: string; change: Partial<Change>; now: RowNow; expected: object }>([
    { policy: 'lastWriteWins', server: 'earlier', change: NAME, now: EARLIER, expected: client },
    { policy: 'lastWriteWins', server: 'later', change: NAME, now: LATER, expected: server },
    { policy: 'lastWriteWins', server: 'equal', change: SAME_CLOCK, now: LATER, expected: server },
    { policy: 'lastWriteWins', server: 'without clock', change: NAME, now: noClock, expected: client },
    { policy: 'lastWriteWins', server: 'row clock later', change: NAME, now: rowClockOnly, expected: server },
    { policy: 'lastWriteWins', server: '* later', change: NAME, now: otherFields, expected: server },
    {
      policy: 'lastWriteWins',
      server: 'later than the change, but not than its field',
      change: { ...NAME, fieldHlcs: { name: at(200) } },
      now: LATER,
      expected: client,
    },
    { policy: 'clientWins', server: 'later', change: NAME, now: LATER, expected: client },
    { policy: 'serverWins', server: 'earlier', change: NAME, now: EARLIER, expected: server },
    { policy: 'manual', server: 'earlier', change: NAME, now: EARLIER, expected: manual },
    { policy: 'rules', server: 'earlier', change: NAME, now: EARLIER, expected: manual },
    { policy: 'merge', server: 'earlier', change: NAME, now: EARLIER, expected: manual },
  ])('$policy, server $server', ({ policy, change, now, expected }) => {
    expect(decide(change, now, { policy })).toMatchObject(expected);
    expect(decide(change, now, { policy: 'manual', fieldPolicies: { name: policy } })).toMatchObject(
      expected,
    );
  });

  test('some of the fields to the server: merged', () => {
    const now = row({ name: 'Ida' }, { name: [10, 150] });
    expect(decide({ baseImage: ROW, values: { name: 'Eva', phone: '9' } }, now)).toMatchObject({
      kind: 'write',
      values: { phone: '9' },
      clocks: { phone: at(100) },
      merged: true,
      outcomes: [
        { fields: ['name'], took: 'server', by: 'lastWriteWins' },
        { fields: ['phone'], took: 'client', by: 'noClash' },
      ],
    });
  });

  test('a field left to a human holds the others of the change', () => {
    const change = { baseImage: ROW, values: { name: 'Eva', phone: '9' } };
    const decided = decide(change, LATER, { fieldPolicies: { name: 'manual' } });
    expect(decided).toMatchObject({
      kind: 'approve',
      by: ['manual'],
      clash: { fields: ['name'] },
      proposal: { name: 'Eva', phone: '9' },
    });
  });

  test('fields of one change go to different sides', () => {
    const now = row({ name: 'Ida', phone: '2', notes: 'x' }, { name: [10, 150], phone: [10, 150] });
    const change = { baseImage: ROW, values: { name: 'Eva', phone: '9', notes: 'y' } };
    const fieldPolicies = { phone: 'clientWins', notes: 'serverWins' } as const;
    expect(decide(change, now, { fieldPolicies })).toMatchObject({
      kind: 'write',
      values: { phone: '9' },
      clocks: { phone: '0000000000960001-srv' },
    });
  });

  test('a failing merge goes on to the policy that the configuration names', () => {
    expect(decide(NAME, LATER, { policy: 'merge', onFailedMerge: 'clientWins' })).toMatchObject(client);
    expect(decide(NAME, LATER, { policy: 'merge', onFailedMerge: 'serverWins' })).toMatchObject(server);
  });
});

describe('a policy that the device asks for', () => {
  test.each<{ name: string; spec: Partial<UploadSpec>; kind: string; ignored: Policy | null }>([
    { name: 'may choose', spec: { clientMayChoose: ['clientWins'] }, kind: 'write', ignored: null },
    { name: 'may not', spec: {}, kind: 'serverWins', ignored: 'clientWins' },
    {
      name: 'may choose others',
      spec: { clientMayChoose: ['manual'] },
      kind: 'serverWins',
      ignored: 'clientWins',
    },
    {
      name: 'may choose, but not for a field with its own',
      spec: { clientMayChoose: ['clientWins'], fieldPolicies: { name: 'serverWins' } },
      kind: 'serverWins',
      ignored: null,
    },
  ])('$name', ({ spec, kind, ignored }) => {
    expect(decide({ ...NAME, policy: 'clientWins' }, LATER, spec)).toMatchObject({
      kind,
      notes: { policyIgnored: ignored },
    });
  });
});

describe('groups', () => {
  const groups = [{ fields: ['amount', 'currency'] }];
  const dollars = (ms: number) => row({ currency: 'USD' }, { currency: [10, ms] });
  test.each<Case>([
    {
      name: 'the later client takes the whole group',
      change: { baseImage: ROW, values: { amount: '6' } },
      now: dollars(50),
      spec: { groups },
      expected: {
        kind: 'write',
        values: { amount: '6', currency: 'EUR' },
        clocks: { amount: at(100), currency: at(100) },
      },
    },
    {
      name: 'the later server keeps it',
      change: { baseImage: ROW, values: { amount: '6' } },
      now: dollars(150),
      spec: { groups },
      expected: { kind: 'serverWins', clash: { kind: 'fields', fields: ['amount', 'currency'] } },
    },
    {
      name: 'its own policy',
      change: { baseImage: ROW, values: { amount: '6' } },
      now: dollars(50),
      spec: { groups: [{ fields: ['amount', 'currency'], policy: 'serverWins' }] },
      expected: { kind: 'serverWins' },
    },
    {
      name: 'no client side of a field that the device neither sent nor saw',
      change: { baseVersion: seen(5), values: { amount: '6' } },
      now: dollars(50),
      spec: { groups },
      expected: { kind: 'approve', reason: 'The device did not say what it has in currency' },
    },
    {
      name: 'groups do not merge',
      change: { baseImage: ROW, values: { amount: '6' } },
      now: dollars(50),
      spec: { groups, policy: 'merge', merge: { amount: { kind: 'counter' } } },
      expected: { kind: 'approve', reason: 'Nothing says how amount and currency merges' },
    },
  ])('$name', ({ change, now, spec, expected }) => {
    expect(decide(change, now, spec)).toMatchObject(expected);
  });
});

describe('rows that come and go', () => {
  const remove = { operation: 'delete', baseImage: ROW } as const;
  const phone = (ms: number | null) => row({ phone: '2' }, { phone: [10, ms] });
  const updateDelete = { kind: 'updateDelete', fields: ['name'] };
  const deleteUpdate = { kind: 'deleteUpdate', fields: ['phone'] };
  const kept = { ...ROW, name: 'Eva' };
  test.each<Case>([
    {
      name: 'insert',
      change: { operation: 'insert', values: { id: '7', name: 'Eva' } },
      now: UNKNOWN,
      expected: {
        kind: 'write',
        operation: 'insert',
        values: { id: '7', name: 'Eva' },
        clocks: { '*': at(100) },
        merged: false,
      },
    },
    {
      name: 'insert over a delete',
      change: { operation: 'insert', values: { id: '7', name: 'Eva' } },
      now: tombstone(150),
      expected: { kind: 'write', operation: 'revive', clocks: { '*': '0000000000960001-srv' } },
    },
    {
      name: 'create and create: last writer wins, field by field',
      change: { operation: 'insert', values: { id: '7', name: 'Eva', phone: '9' } },
      now: row({}, { '*': [10, 50], phone: [11, 150] }),
      expected: {
        kind: 'write',
        operation: 'update',
        values: { name: 'Eva' },
        merged: true,
        clocks: { id: at(100), name: at(100) },
      },
    },
    {
      name: 'create and create: manual',
      change: { operation: 'insert', values: { id: '7', name: 'Eva' } },
      now: row(),
      spec: { policy: 'manual' },
      expected: { kind: 'approve', operation: 'update', clash: { kind: 'createCreate', fields: ['name'] } },
    },
    {
      name: 'delete',
      change: remove,
      now: row({}, { phone: [10, 150] }),
      expected: {
        kind: 'write',
        operation: 'delete',
        values: {},
        clocks: { '*': '0000000000960001-srv' },
        merged: false,
      },
    },
    {
      name: 'delete after an earlier update',
      change: remove,
      now: phone(50),
      expected: { kind: 'write', operation: 'delete', clocks: { '*': at(100) } },
    },
    {
      name: 'delete before a later update',
      change: remove,
      now: phone(150),
      expected: {
        kind: 'serverWins',
        clash: deleteUpdate,
        outcomes: [{ fields: ['phone'], took: 'server', by: 'lastWriteWins' }],
      },
    },
    {
      name: 'delete and update: manual',
      change: remove,
      now: phone(50),
      spec: { policy: 'manual' },
      expected: { kind: 'approve', operation: 'delete', clash: deleteUpdate, proposal: {} },
    },
    {
      name: 'delete twice, the later clock stays',
      change: remove,
      now: tombstone(50),
      expected: { kind: 'same', clocks: { '*': at(100) } },
    },
    { name: 'delete twice', change: remove, now: tombstone(150), expected: { kind: 'same', clocks: {} } },
    { name: 'delete of nothing', change: remove, now: UNKNOWN, expected: { kind: 'same', clocks: {} } },
    {
      name: 'update after an earlier delete',
      change: NAME,
      now: tombstone(50),
      expected: { kind: 'write', operation: 'revive', values: kept, clocks: { '*': at(100) } },
    },
    {
      name: 'update before a later delete',
      change: NAME,
      now: tombstone(150),
      expected: { kind: 'serverWins', clash: updateDelete },
    },
    {
      name: 'a delete without clock is not undone',
      change: NAME,
      now: tombstone(),
      expected: { kind: 'serverWins', clash: updateDelete },
    },
    {
      name: 'unless the policy says so',
      change: NAME,
      now: tombstone(),
      spec: { policy: 'clientWins' },
      expected: { kind: 'write', operation: 'revive', values: kept },
    },
    {
      name: 'update and delete: merge',
      change: NAME,
      now: tombstone(50),
      spec: { policy: 'merge' },
      expected: { kind: 'approve' },
    },
    {
      name: 'update and delete: the policy after a merge',
      change: NAME,
      now: tombstone(50),
      spec: { policy: 'merge', onFailedMerge: 'serverWins' },
      expected: { kind: 'serverWins' },
    },
  ])('$name', ({ change, now, spec, expected }) => {
    expect(decide(change, now, spec)).toMatchObject(expected);
  });

  test.each<{ policy: Policy; kind: string }>([
    { policy: 'lastWriteWins', kind: 'serverWins' },
    { policy: 'serverWins', kind: 'serverWins' },
    { policy: 'clientWins', kind: 'approve' },
    { policy: 'merge', kind: 'approve' },
    { policy: 'rules', kind: 'approve' },
    { policy: 'manual', kind: 'approve' },
  ])('C14: no policy inserts what nobody knows any more: $policy', ({ policy, kind }) => {
    expect(decide(NAME, UNKNOWN, { policy })).toMatchObject({ kind, clash: updateDelete });
  });
});

test('a held row waits, whatever the change', () => {
  const held = { spec: spec(), columns: COLUMNS, change: change(NAME), now: row(), context: context() };
  expect(decideChange({ ...held, heldBy: 'c1' })).toEqual({
    notes: { policyIgnored: null },
    kind: 'wait',
    heldBy: 'c1',
  });
});
