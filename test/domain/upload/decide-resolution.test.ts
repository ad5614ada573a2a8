import { describe, expect, test } from 'vitest';
import { decideChange } from '../../../src/domain/upload/decide.ts';
import { decideResolution } from '../../../src/domain/upload/decide-resolution.ts';
import type { Change, RowNow } from '../../../src/domain/upload/decision.ts';
import type { HumanDecision, OpenConflict, Resolution } from '../../../src/domain/upload/resolution.ts';
import { queriesOfResolution } from '../../../src/domain/upload/rule-queries.ts';
import type { BusinessRule } from '../../../src/domain/upload/rules.ts';
import type { UploadSpec } from '../../../src/domain/upload/upload-spec.ts';
import { at, COLUMNS, change, context, ROW, row, spec, tombstone, UNKNOWN } from './kit.ts';

type Conflict = { change: Partial<Change>; opened: RowNow; spec?: Partial<UploadSpec> };
type Now = {
  now?: RowNow;
  rules?: readonly BusinessRule[];
  approvedBy?: readonly string[];
  askedRole?: string;
};

const GROUPS = [{ fields: ['amount', 'currency'] }];

/** The conflict that decideChange opens, and what a human's decision of it comes to later. */
function resolve(
  waiting: Conflict,
  decision: HumanDecision,
  { now, rules = [], approvedBy = ['anyone'], askedRole }: Now = {},
): Resolution {
  const input = {
    columns: COLUMNS,
    change: change(waiting.change),
    context: context(),
    spec: spec({ policy: 'manual', groups: GROUPS, ...waiting.spec }),
  };
  const first = decideChange({ ...input, now: waiting.opened });
  if (first.kind !== 'approve') throw new Error(`No conflict but ${first.kind}`);
  const { operation, clash, proposal } = first;
  const conflict: OpenConflict = { operation, clash, proposal, snapshot: waiting.opened };
  const later = {
    ...input,
    spec: { ...input.spec, rules },
    now: now ?? waiting.opened,
    context: { ...input.context, approvedBy },
    askedRole: askedRole ?? null,
  };
  return decideResolution({ ...later, conflict, decision, decidedAt: at(900, 'srv') });
}

const CLIENT = { decision: 'client' } as const;
const SERVER = { decision: 'server' } as const;
const IDA = row({ name: 'Ida' }, { name: [10, 150] });
/** The name clashes; the phone does not. */
const NAME: Conflict = { change: { baseImage: ROW, values: { name: 'Eva', phone: '9' } }, opened: IDA };
const DELETE: Conflict = { change: { operation: 'delete', baseImage: ROW }, opened: IDA };
const REVIVE: Conflict = { change: { baseImage: ROW, values: { name: 'Eva' } }, opened: tombstone(150) };
const AMOUNT: Conflict = {
  change: { baseImage: ROW, values: { amount: '6' } },
  opened: row({ amount: '7' }),
};

type Case = { name: string; conflict: Conflict; decision: HumanDecision; expected: object };

describe('what was decided is written', () => {
  test.each<Case>([
    {
      name: 'client',
      conflict: NAME,
      decision: CLIENT,
      expected: {
        kind: 'write',
        operation: 'update',
        values: { name: 'Eva', phone: '9' },
        clocks: { name: at(900, 'srv'), phone: at(900, 'srv') },
        merged: false,
        outcomes: [{ fields: ['name', 'phone'], took: 'client', by: 'approval' }],
      },
    },
    {
      name: 'server',
      conflict: NAME,
      decision: SERVER,
      expected: { kind: 'serverWins', clocks: { name: at(900, 'srv') } },
    },
    {
      name: 'merged',
      conflict: NAME,
      decision: { decision: 'merged', fields: { name: 'Zoe' } },
      expected: { kind: 'write', values: { name: 'Zoe', phone: '9' }, merged: true },
    },
    {
      name: 'merged, with another field',
      conflict: NAME,
      decision: { decision: 'merged', fields: { name: 'Zoe', notes: 'agreed' } },
      expected: { kind: 'write', values: { name: 'Zoe', phone: '9', notes: 'agreed' } },
    },
    {
      name: 'merged to what the row has',
      conflict: { ...NAME, change: { baseImage: ROW, values: { name: 'Eva' } } },
      decision: { decision: 'merged', fields: { name: 'Ida' } },
      expected: { kind: 'serverWins', clocks: { name: at(900, 'srv') } },
    },
    {
      name: 'delete',
      conflict: DELETE,
      decision: CLIENT,
      expected: { kind: 'write', operation: 'delete', values: {} },
    },
    { name: 'no delete', conflict: DELETE, decision: SERVER, expected: { kind: 'serverWins' } },
    {
      name: 'no delete, but other values',
      conflict: DELETE,
      decision: { decision: 'merged', fields: { phone: '5' } },
      expected: { kind: 'write', operation: 'update', values: { phone: '5' }, merged: true },
    },
    {
      name: 'revived',
      conflict: REVIVE,
      decision: CLIENT,
      expected: {
        kind: 'write',
        operation: 'revive',
        values: { ...ROW, name: 'Eva' },
        clocks: { '*': at(900, 'srv') },
      },
    },
    {
      name: 'revived with other values',
      conflict: REVIVE,
      decision: { decision: 'merged', fields: { name: 'Zoe' } },
      expected: { kind: 'write', operation: 'revive', values: { ...ROW, name: 'Zoe' } },
    },
    {
      name: 'left deleted',
      conflict: REVIVE,
      decision: SERVER,
      expected: { kind: 'serverWins', clocks: { '*': at(900, 'srv') } },
    },
    {
      name: 'C14: only a human inserts what nobody knows any more',
      conflict: { ...REVIVE, opened: UNKNOWN },
      decision: CLIENT,
      expected: { kind: 'write', operation: 'insert', values: { ...ROW, name: 'Eva' } },
    },
  ])('$name', ({ conflict, decision, expected }) => {
    const resolution = resolve(conflict, decision);
    expect(resolution).toMatchObject(expected);
    const { values } = expected as { values?: object };
    if (values !== undefined) expect(resolution).toHaveProperty('values', values);
  });
});

describe('a decision that is none', () => {
  test.each<Omit<Case, 'expected'> & { message: string }>([
    {
      name: 'a clashing field is missing',
      conflict: NAME,
      decision: { decision: 'merged', fields: { phone: '1' } },
      message: 'fields lacks name: give a value for every clashing field',
    },
    {
      name: 'a field that there is not',
      conflict: NAME,
      decision: { decision: 'merged', fields: { name: 'Zoe', nickname: 'Z' } },
      message: 'fields names nickname, which this conflict cannot write',
    },
    {
      name: 'a field that no device may write',
      conflict: NAME,
      decision: { decision: 'merged', fields: { name: 'Zoe', id: '8' } },
      message: 'fields names id, which this conflict cannot write',
    },
    {
      name: 'no values at all',
      conflict: DELETE,
      decision: { decision: 'merged', fields: {} },
      message: 'fields is empty: give the values to write',
    },
  ])('$name', ({ conflict, decision, message }) => {
    expect(resolve(conflict, decision)).toMatchObject({ kind: 'reject', code: 'CHANGE_INVALID', message });
  });
});

describe('C17: the row moved', () => {
  test.each<{ name: string; conflict: Conflict; now: RowNow; expected: object }>([
    {
      name: 'the clashing field',
      conflict: NAME,
      now: row({ name: 'Mia' }, { name: [11, 160] }),
      expected: {
        moved: ['name'],
        conflict: {
          operation: 'update',
          clash: { kind: 'fields', fields: ['name'] },
          proposal: { name: 'Eva', phone: '9' },
        },
      },
    },
    {
      name: 'a field of the proposal, which clashes now too',
      conflict: NAME,
      now: row({ name: 'Ida', phone: '3' }),
      expected: { moved: ['phone'], conflict: { clash: { fields: ['name', 'phone'] } } },
    },
    {
      name: 'the other field of a group',
      conflict: AMOUNT,
      now: row({ amount: '7', currency: 'USD' }),
      expected: {
        moved: ['currency'],
        conflict: { clash: { fields: ['amount', 'currency'] }, proposal: { amount: '6', currency: 'EUR' } },
      },
    },
    {
      name: 'back to what the device saw: nothing clashes any more',
      conflict: NAME,
      now: row(),
      expected: { moved: ['name'], conflict: { clash: null, proposal: { name: 'Eva', phone: '9' } } },
    },
    {
      name: 'deleted',
      conflict: NAME,
      now: tombstone(),
      expected: {
        conflict: {
          operation: 'revive',
          clash: { kind: 'updateDelete' },
          proposal: { ...ROW, name: 'Eva', phone: '9' },
        },
      },
    },
    {
      name: 'any field, where the device wants to delete',
      conflict: DELETE,
      now: row({ name: 'Ida', notes: 'x' }, { name: [10, 150], notes: [11, 160] }),
      expected: {
        moved: ['notes'],
        conflict: { operation: 'delete', clash: { kind: 'deleteUpdate', fields: ['name', 'notes'] } },
      },
    },
    {
      name: 'back from the dead',
      conflict: REVIVE,
      now: row({ name: 'Ida' }, { '*': [21, 160] }),
      expected: {
        conflict: {
          operation: 'update',
          clash: { kind: 'fields', fields: ['name'] },
          proposal: { name: 'Eva' },
        },
      },
    },
    {
      name: 'back, and deleted again',
      conflict: REVIVE,
      now: { state: 'tombstone', version: { incarnation: 1, xid: '30' }, hlc: null },
      expected: { conflict: { operation: 'revive' } },
    },
  ])('$name', ({ conflict, now, expected }) => {
    for (const decision of [CLIENT, SERVER]) {
      const resolution = resolve(conflict, decision, { now });
      expect(resolution).toMatchObject({ kind: 'reopen', ...expected });
      expect(resolution).toHaveProperty('conflict.snapshot', now);
    }
  });

  test('into what the device wants: nothing is left to decide', () => {
    const now = row({ name: 'Eva', phone: '9' });
    expect(resolve(NAME, SERVER, { now })).toMatchObject({ kind: 'same' });
    expect(resolve(DELETE, CLIENT, { now: tombstone() })).toMatchObject({ kind: 'same' });
  });

  test.each<{ name: string; now: RowNow }>([
    { name: 'a field that is not at stake', now: row({ name: 'Ida', notes: 'x' }) },
    { name: 'the version alone', now: row({ name: 'Ida' }, { name: [19, 160] }) },
  ])('but not where it matters: $name', ({ now }) => {
    expect(resolve(NAME, CLIENT, { now })).toMatchObject({
      kind: 'write',
      values: { name: 'Eva', phone: '9' },
    });
  });
});

describe('business rules', () => {
  const rule = (decide: BusinessRule['decide']): BusinessRule => ({ name: 'rule', fields: ['name'], decide });

  test('may still refuse', () => {
    const rules = [rule(({ proposed }) => ({ kind: 'reject', reason: `Not ${proposed.name}` }))];
    expect(resolve(NAME, CLIENT, { rules })).toMatchObject({
      kind: 'reject',
      code: 'RULE_REJECTED',
      message: 'Not Eva',
    });
    expect(resolve(NAME, SERVER, { rules })).toMatchObject({ kind: 'serverWins' });
  });

  test('are not asked for another approval, and change nothing of what was decided', () => {
    const rules = [
      rule(() => ({ kind: 'approve', reason: 'Look', audit: 'looked' })),
      rule(() => ({ kind: 'use', values: { name: 'Zoe' }, backup: true })),
    ];
    expect(resolve(NAME, CLIENT, { rules })).toMatchObject({
      kind: 'write',
      values: { name: 'Eva', phone: '9' },
      effects: [
        { rule: 'rule', audit: 'looked' },
        { rule: 'rule', backup: true },
      ],
    });
  });

  describe('that name a role', () => {
    const asks = (role?: string) =>
      rule(() => ({ kind: 'approve', reason: 'Look', ...(role !== undefined && { role }) }));
    const rules = [asks(), asks('HR'), asks('CFO')];

    test.each<{ approvedBy: string[]; askedRole?: string; refused: string | null }>([
      { approvedBy: ['HR', 'CFO'], refused: null },
      { approvedBy: ['HR'], refused: 'CFO' },
      { approvedBy: ['CFO'], refused: 'HR' },
      { approvedBy: ['anyone'], refused: 'HR' },
      // It was escalated: whoever may decide stands for the role that was asked for, and for no other.
      { approvedBy: ['CFO', 'BOSS'], askedRole: 'HR', refused: null },
      { approvedBy: ['BOSS'], askedRole: 'HR', refused: 'CFO' },
    ])('$approvedBy instead of $askedRole', ({ approvedBy, askedRole, refused }) => {
      const resolution = resolve(NAME, CLIENT, { rules, approvedBy, ...(askedRole && { askedRole }) });
      if (refused === null) expect(resolution).toMatchObject({ kind: 'write', values: { name: 'Eva' } });
      else {
        expect(resolution).toMatchObject({
          kind: 'reject',
          code: 'RULE_REJECTED',
          message: `Look: somebody with role ${refused} has to decide`,
        });
      }
    });

    test('and values that somebody typed are approved like those of a device', () => {
      const merged = { decision: 'merged', fields: { name: 'Zoe' } } as const;
      expect(resolve(NAME, merged, { rules })).toMatchObject({ kind: 'reject' });
    });

    test('time approves nothing: the server’s side stays', () => {
      expect(resolve(NAME, CLIENT, { rules: [asks()], approvedBy: [] })).toMatchObject({
        kind: 'serverWins',
      });
      expect(resolve(NAME, CLIENT, { rules, approvedBy: [], askedRole: 'HR' })).toMatchObject({
        kind: 'serverWins',
      });
      expect(resolve(NAME, CLIENT, { approvedBy: [] })).toMatchObject({ kind: 'write' });
    });
  });

  test('that fail refuse', () => {
    const rules = [rule(() => undefined as never)];
    expect(resolve(NAME, CLIENT, { rules })).toMatchObject({ kind: 'reject', code: 'RULE_FAILED' });
  });

  test('have their queries', () => {
    const rules: BusinessRule[] = [
      {
        name: 'rule',
        fields: ['name'],
        queries: { all: { sql: 'SELECT $1', params: ({ proposed }) => [proposed.name ?? null] } },
        decide: () => ({ kind: 'accept' }),
      },
    ];
    const input = {
      spec: spec({ rules }),
      columns: COLUMNS,
      change: change(NAME.change),
      now: NAME.opened,
      context: context(),
      conflict: {
        operation: 'update' as const,
        clash: { kind: 'fields' as const, fields: ['name'] },
        proposal: { name: 'Eva' },
        snapshot: NAME.opened,
      },
      decidedAt: at(900),
      askedRole: null,
    };
    expect(
      queriesOfResolution({ ...input, decision: { decision: 'merged', fields: { name: 'Zoe' } } }),
    ).toEqual([{ rule: 'rule', query: 'all', sql: 'SELECT $1', params: ['Zoe'] }]);
    expect(queriesOfResolution({ ...input, decision: SERVER })).toEqual([]);
  });
});
