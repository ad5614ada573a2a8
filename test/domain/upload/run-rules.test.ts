import { describe, expect, test } from 'vitest';
import { decideChange } from '../../../src/domain/upload/decide.ts';
import type { Change, Decision, RowNow } from '../../../src/domain/upload/decision.ts';
import { queriesOfChange } from '../../../src/domain/upload/rule-queries.ts';
import type { BusinessRule, RuleContext, RuleOutcome } from '../../../src/domain/upload/rules.ts';
import type { UploadSpec } from '../../../src/domain/upload/upload-spec.ts';
import { COLUMNS, change, context, ROW, row, spec, tombstone, UNKNOWN } from './kit.ts';

type Parts = { change?: Partial<Change>; now?: RowNow; spec?: Partial<UploadSpec>; context?: object };

const NAME = { baseImage: ROW, values: { name: 'Eva' } };
const CLASH = row({ name: 'Ida' }, { name: [10, 50] });

function decide(rules: readonly BusinessRule[], parts: Parts = {}): Decision {
  return decideChange({
    spec: spec({ rules, ...parts.spec }),
    columns: COLUMNS,
    change: change(parts.change ?? NAME),
    now: parts.now ?? row(),
    context: context(parts.context ?? {}),
  });
}

const rule = (name: string, outcome: RuleOutcome, fields?: readonly string[]): BusinessRule => ({
  name,
  ...(fields === undefined ? {} : { fields }),
  decide: () => outcome,
});
const accept = rule('accepts', { kind: 'accept' });

/** What a rule sees. */
function contextSeen(parts: Parts): RuleContext {
  const seen: RuleContext[] = [];
  const spy: BusinessRule = {
    name: 'spy',
    decide: (asked) => {
      seen.push(asked);
      return { kind: 'accept' };
    },
  };
  decide([spy], parts);
  expect(seen).toHaveLength(1);
  return seen[0] as RuleContext;
}

describe('the order of rules', () => {
  test.each<{ name: string; rules: BusinessRule[]; expected: object }>([
    { name: 'all accept', rules: [accept, accept], expected: { kind: 'write', values: { name: 'Eva' } } },
    {
      name: 'the first reject ends',
      rules: [
        rule('first', { kind: 'reject', reason: 'No', audit: 'asked' }),
        rule('second', { kind: 'reject', reason: 'Never' }),
      ],
      expected: {
        kind: 'reject',
        code: 'RULE_REJECTED',
        message: 'No',
        rule: 'first',
        effects: [{ rule: 'first', audit: 'asked' }],
      },
    },
    {
      name: 'the first approve ends',
      rules: [
        rule('first', { kind: 'approve', reason: 'Look', role: 'HR' }),
        rule('second', { kind: 'reject', reason: 'Never' }),
      ],
      expected: {
        kind: 'approve',
        operation: 'update',
        clash: null,
        reason: 'Look',
        by: ['rule:first'],
        role: 'HR',
        proposal: { name: 'Eva' },
      },
    },
    {
      name: 'later rules see what earlier ones used',
      rules: [
        rule('first', { kind: 'use', values: { phone: '9' } }),
        {
          name: 'second',
          fields: ['phone'],
          decide: ({ proposed }) => ({ kind: 'reject', reason: `${proposed.phone}` }),
        },
      ],
      expected: { kind: 'reject', message: '9' },
    },
    {
      name: 'rules about other fields are not asked',
      rules: [rule('other', { kind: 'reject', reason: 'No' }, ['phone'])],
      expected: { kind: 'write' },
    },
    {
      name: 'effects of all that were asked are kept',
      rules: [
        rule('first', { kind: 'accept', audit: 'a', notice: 'n' }),
        rule('other', { kind: 'accept', audit: 'not asked' }, ['phone']),
        rule('last', { kind: 'accept', backup: true, task: { kind: 'check', title: 'Look' } }),
      ],
      expected: {
        kind: 'write',
        effects: [
          { rule: 'first', audit: 'a', notice: 'n' },
          { rule: 'last', backup: true, task: { kind: 'check', title: 'Look' } },
        ],
      },
    },
  ])('$name', ({ rules, expected }) => {
    expect(decide(rules)).toMatchObject(expected);
  });

  test.each<Parts & { name: string }>([
    { name: 'the row is as the device wants it', now: row({ name: 'Eva' }) },
    { name: 'a policy gives everything to the server', now: CLASH, spec: { policy: 'serverWins' } },
    { name: 'a delete of nothing', change: { operation: 'delete' }, now: UNKNOWN },
  ])('no rule is asked when nothing would be written: $name', (parts) => {
    expect(decide([rule('no', { kind: 'reject', reason: 'No' })], parts).kind).not.toBe('reject');
  });
});

describe('what a rule uses', () => {
  test.each<{ name: string; values: object; written: object; took: string }>([
    { name: 'its own value', values: { name: 'Zoe' }, written: { name: 'Zoe' }, took: 'merged' },
    { name: 'the client’s', values: { name: 'Eva' }, written: { name: 'Eva' }, took: 'client' },
    {
      name: 'another field beside',
      values: { active: false },
      written: { name: 'Eva', active: 'false' },
      took: 'client',
    },
    { name: 'a number', values: { visits: 4 }, written: { name: 'Eva', visits: '4' }, took: 'client' },
    { name: 'null', values: { name: null }, written: { name: null }, took: 'merged' },
    {
      name: 'a value that the row has',
      values: { visits: 3, active: true },
      written: { name: 'Eva' },
      took: 'client',
    },
  ])('$name', ({ values, written, took }) => {
    const decided = decide([rule('uses', { kind: 'use', values: values as never })]);
    expect(decided).toMatchObject({ kind: 'write', values: written });
    expect(decided.kind === 'write' && decided.values).toEqual(written);
    expect(
      decided.kind === 'write' && decided.outcomes.find(({ fields }) => fields.includes('name'))?.took,
    ).toBe(took);
    expect(decided.kind === 'write' && Object.keys(decided.clocks).sort()).toEqual(
      Object.keys(written).sort(),
    );
  });

  test('the row’s own value: nothing is written', () => {
    const decided = decide([rule('source', { kind: 'use', values: { name: 'Ada' }, backup: true })]);
    expect(decided).toMatchObject({
      kind: 'serverWins',
      clash: null,
      outcomes: [{ fields: ['name'], took: 'server', by: 'rule:source' }],
      effects: [{ rule: 'source', backup: true }],
    });
  });
});

describe('a rule that fails rejects, and throws nothing', () => {
  const failing = (decide: () => unknown): BusinessRule => ({
    name: 'bad',
    decide: decide as BusinessRule['decide'],
  });
  test.each<{ name: string; rule: BusinessRule; cause: RegExp; parts?: Parts }>([
    {
      name: 'an error',
      rule: failing(() => {
        throw new TypeError('salary 1000 is odd');
      }),
      cause: /salary 1000 is odd/,
    },
    {
      name: 'a throw of no error',
      rule: failing(() => {
        // biome-ignore lint/style/useThrowOnlyError: a rule may do it
        throw 'odd';
      }),
      cause: /odd/,
    },
    { name: 'nothing', rule: failing(() => undefined), cause: /no outcome/ },
    { name: 'a promise', rule: failing(() => Promise.resolve({ kind: 'accept' })), cause: /no outcome/ },
    { name: 'another kind', rule: failing(() => ({ kind: 'maybe' })), cause: /no outcome/ },
    {
      name: 'no such column',
      rule: failing(() => ({ kind: 'use', values: { no: 1 } })),
      cause: /no column no/,
    },
    { name: 'no values', rule: failing(() => ({ kind: 'use' })), cause: /./ },
    {
      name: 'undefined',
      rule: failing(() => ({ kind: 'use', values: { name: undefined } })),
      cause: /undefined is no text/,
    },
    {
      name: 'an object',
      rule: failing(() => ({ kind: 'use', values: { name: {} } })),
      cause: /object is no text/,
    },
    {
      name: 'NaN',
      rule: failing(() => ({ kind: 'use', values: { visits: Number.NaN } })),
      cause: /NaN is no integer/,
    },
    {
      name: 'half a visit',
      rule: failing(() => ({ kind: 'use', values: { visits: 1.5 } })),
      cause: /1.5 is no integer/,
    },
    {
      name: 'a number as boolean',
      rule: failing(() => ({ kind: 'use', values: { active: 1 } })),
      cause: /number is no boolean/,
    },
    {
      name: 'values for a delete',
      rule: failing(() => ({ kind: 'use', values: {} })),
      cause: /a delete takes no values/,
      parts: { change: { operation: 'delete', baseImage: ROW } },
    },
    {
      name: 'a change of the row that it sees',
      rule: {
        name: 'bad',
        decide: ({ proposed }) => {
          (proposed as Record<string, unknown>).name = 'Zoe';
          return { kind: 'accept' };
        },
      },
      cause: /read only/,
    },
    {
      name: 'a query that was not run',
      rule: { name: 'bad', queries: { all: { sql: 'SELECT 1' } }, decide: () => ({ kind: 'accept' }) },
      cause: /its query all was not run/,
    },
    {
      name: 'a query without parameters to run with',
      rule: {
        name: 'bad',
        queries: {
          all: {
            sql: 'SELECT $1',
            params: () => {
              throw new Error('no region');
            },
          },
        },
        decide: () => ({ kind: 'accept' }),
      },
      cause: /no region/,
    },
  ])('$name', ({ rule, cause, parts }) => {
    const decided = decide([rule], parts);
    expect(decided).toMatchObject({ kind: 'reject', code: 'RULE_FAILED', rule: 'bad' });
    if (decided.kind !== 'reject') return;
    expect(decided.cause).toMatch(cause);
    expect(decided.message).toBe('Rule bad failed on this change: ask who runs the server');
  });
});

describe('clashes that are left to the rules', () => {
  const policy = 'rules' as const;
  test.each<{ name: string; rules: BusinessRule[]; expected: object }>([
    {
      name: 'a rule about the field accepts the client’s',
      rules: [rule('names', { kind: 'accept' }, ['name'])],
      expected: { kind: 'write', values: { name: 'Eva' }, outcomes: [{ took: 'client', by: 'rule:names' }] },
    },
    {
      name: 'a rule uses the server’s',
      rules: [rule('any', { kind: 'use', values: { name: 'Ida' } })],
      expected: { kind: 'serverWins', outcomes: [{ took: 'server', by: 'rule:any' }] },
    },
    { name: 'a rule about anything accepts: nobody decided', rules: [accept], expected: { kind: 'approve' } },
    {
      name: 'a rule about another field accepts',
      rules: [rule('other', { kind: 'accept' }, ['phone'])],
      expected: {
        kind: 'approve',
        clash: { fields: ['name'] },
        by: ['rules'],
        reason: 'No rule decides name',
      },
    },
    {
      name: 'a rule rejects',
      rules: [rule('no', { kind: 'reject', reason: 'No' })],
      expected: { kind: 'reject', message: 'No' },
    },
  ])('$name', ({ rules, expected }) => {
    expect(decide(rules, { now: CLASH, spec: { policy } })).toMatchObject(expected);
  });

  test('what is manual stays so, after the rules', () => {
    const names = rule('names', { kind: 'use', values: { name: 'Zoe' } }, ['name']);
    expect(decide([names], { now: CLASH, spec: { policy: 'manual' } })).toMatchObject({
      kind: 'approve',
      proposal: { name: 'Zoe' },
    });
    const no = rule('no', { kind: 'reject', reason: 'No' });
    expect(decide([no], { now: CLASH, spec: { policy: 'manual' } })).toMatchObject({ kind: 'reject' });
  });

  test('of a row that one side deleted, a rule that accepts decides', () => {
    const remove = { change: { operation: 'delete', baseImage: ROW }, now: CLASH, spec: { policy } } as const;
    expect(decide([accept], remove)).toMatchObject({
      kind: 'write',
      operation: 'delete',
      outcomes: [{ fields: ['name'], took: 'client', by: 'rule:accepts' }],
    });
    expect(decide([], remove)).toMatchObject({ kind: 'approve', operation: 'delete' });
    expect(decide([accept], { now: tombstone(150), spec: { policy } })).toMatchObject({
      kind: 'write',
      operation: 'revive',
    });
  });
});

describe('what a rule sees', () => {
  test('rows as configuration functions see them', () => {
    const asked = contextSeen({ now: CLASH, change: { ...NAME, values: { name: 'Eva', visits: '4' } } });
    expect(asked).toMatchObject({
      entity: 'employees',
      key: '7',
      operation: 'update',
      current: { id: 7, name: 'Ida', salary: '1000.00', active: true, visits: 3, tags: '["a", "b"]' },
      base: { name: 'Ada', visits: 3 },
      client: { name: 'Eva', visits: 4 },
      proposed: { name: 'Eva', visits: 4, salary: '1000.00' },
      clashing: ['name'],
      device: 'dev',
      user: 'ada',
    });
    expect([...asked.changed].sort()).toEqual(['name', 'visits']);
    expect(Object.keys(asked.proposed)).toEqual(expect.arrayContaining(Object.keys(COLUMNS)));
  });

  test('a new row', () => {
    const asked = contextSeen({
      change: { operation: 'insert', values: { id: '7', name: null } },
      now: UNKNOWN,
    });
    expect(asked).toMatchObject({ operation: 'insert', current: null, base: null, changed: ['id', 'name'] });
    expect(asked.proposed).toMatchObject({ id: 7, name: null, phone: null });
  });

  test('a deleted row, as it was', () => {
    const asked = contextSeen({ change: { operation: 'delete', baseImage: ROW } });
    expect(asked).toMatchObject({ operation: 'delete', changed: [], proposed: { name: 'Ada' } });
  });

  test('approvals of the store alone', () => {
    expect(contextSeen({ context: { approvedBy: ['CFO'] } }).approvedBy).toEqual(['CFO']);
    expect(contextSeen({ change: { ...NAME, values: { notes: 'approved_by: CFO' } } }).approvedBy).toEqual(
      [],
    );
  });
});

describe('queries', () => {
  const query = (name: string, fields?: readonly string[]): BusinessRule => ({
    name,
    ...(fields === undefined ? {} : { fields }),
    queries: {
      rows: { sql: `SELECT '${name}' WHERE $1 = $1`, params: ({ proposed }) => [proposed.name ?? null] },
    },
    decide: ({ queries }) => ({ kind: 'use', values: { phone: String(queries.rows?.[0]?.phone) } }),
  });
  const asked = (
    rules: readonly BusinessRule[],
    parts: Partial<Change> = NAME,
    now: RowNow = row(),
  ): string[] =>
    queriesOfChange({
      spec: spec({ rules }),
      columns: COLUMNS,
      change: change(parts),
      now,
      context: context(),
    }).map(({ rule, params }) => `${rule} ${params.join()}`);

  test('of rules that are asked, and of all after them', () => {
    expect(asked([query('a', ['phone']), query('b', ['name']), query('c', ['notes']), query('d')])).toEqual([
      'b Eva',
      'c Eva',
      'd Eva',
    ]);
  });

  test('none where nothing would be written', () => {
    expect(asked([query('a')], NAME, row({ name: 'Eva' }))).toEqual([]);
    expect(asked([query('a')], { baseImage: ROW })).toEqual([]);
  });

  test('their rows come back to their rule', () => {
    const decided = decide([query('a')], { context: { queries: { a: { rows: [{ phone: '42' }] } } } });
    expect(decided).toMatchObject({ kind: 'write', values: { name: 'Eva', phone: '42' } });
  });
});
