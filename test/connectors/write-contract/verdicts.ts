import { describe, expect, test } from 'vitest';
import type { Mutation } from '../../../src/connectors/write-contract.ts';
import type { Applied, WriteFixture, WriteTester } from './tester.ts';

export function verdictTests(t: WriteTester): void {
  const { write, change, employee, made, spelled, salaryOf } = t;

  describe('a verdict each', () => {
    test('applied: the row as triggers have left it', async () => {
      const [verdict] = await write(
        employee({
          key: '1',
          values: { salary: '25000.00' },
          base: { salary: '24000.0', name: 'King' },
          origin: 'device-7',
        }),
      );
      expect(verdict).toMatchObject({
        kind: 'applied',
        key: '1',
        row: spelled({
          id: '1',
          name: 'King',
          email: 'king',
          department_id: '10',
          hired: t.fixture.day('2003-06-17'),
          origin: 'device-7',
          version: '2',
        }),
      });
      expect(await salaryOf(1)).toBe(25_000);
    });

    test('applied: a key that the database gives', async () => {
      const verdicts = await write(
        made('employees', { name: 'Greenberg', salary: '12008' }),
        made('departments', { name: 'Finance', code: 'F1' }),
      );
      expect(verdicts).toMatchObject([
        {
          kind: 'applied',
          key: expect.stringMatching(/^1\d{3}$/),
          row: spelled({ name: 'Greenberg', version: '1' }),
        },
        {
          kind: 'applied',
          key: expect.stringMatching(/^\d+$/),
          row: spelled({ name: 'Finance', code: 'F1  ' }),
        },
      ]);
      const key = (verdicts[0] as Applied).key;
      expect(await t.fixture.rows(`SELECT name FROM employees WHERE id = ${key}`)).toEqual([['Greenberg']]);
    });

    test('applied: composite keys with a date, given keys, deletes', async () => {
      const key = `1|${t.fixture.day('2020-01-31')}`;
      expect(await write(made('history', { note: 'first' }, key))).toMatchObject([
        {
          kind: 'applied',
          key,
          row: spelled({ employee_id: '1', started: t.fixture.day('2020-01-31'), note: 'first' }),
        },
      ]);
      const first = { entity: 'history', key, base: { note: 'first' } };
      expect(await write(change({ ...first, values: { note: null } }))).toMatchObject([
        { row: spelled({ note: null }) },
      ]);
      const gone = change({ entity: 'history', key, operation: 'delete', base: { note: null } });
      expect(await write(gone)).toEqual([{ kind: 'applied', key, row: null }]);
      expect(await t.fixture.rows('SELECT note FROM history')).toEqual([]);
    });

    test('conflict: what differs from the base, with the row as it is', async () => {
      const base = { salary: '23999', name: 'King', email: null };
      const clash = employee({ key: '1', values: { salary: '1' }, base });
      const [verdict] = await write(clash);
      expect(verdict).toMatchObject({
        kind: 'conflict',
        key: '1',
        fields: ['salary', 'email'].map(t.fixture.column),
        row: spelled({ email: 'king' }),
      });
      expect(await t.fixture.rows('SELECT version FROM employees WHERE id = 1')).toEqual([['1']]);
      expect(await t.fixture.hasLedgerRow(clash.ledgerKey)).toBe(false);
    });

    test('no conflict where only spelling or the blanks behind padded text differ', async () => {
      const base = { code: 'S1', name: 'Sales' };
      expect(
        await write(change({ entity: 'departments', key: '10', values: { code: 'S2' }, base })),
      ).toMatchObject([{ kind: 'applied', row: spelled({ code: 'S2  ' }) }]);
      const same = { hired: null, department_id: null, salary: '17000.500' };
      expect(await write(employee({ key: '2', values: { hired: '2024-05-01' }, base: same }))).toMatchObject([
        { kind: 'applied' },
      ]);
    });

    test('conflict: an insert whose key exists', async () => {
      const [verdict] = await write(
        made('employees', { name: 'Queen', email: 'king', salary: '24000' }, '1'),
      );
      expect(verdict).toMatchObject({
        kind: 'conflict',
        key: '1',
        fields: [t.fixture.column('name')],
        row: spelled({ name: 'King' }),
      });
    });

    test('gone: an update never becomes an insert, and a delete of nothing says so (C14)', async () => {
      expect(
        await write(
          employee({ key: '99', values: { name: 'x' }, base: { name: 'y' } }),
          employee({ key: '98', operation: 'delete' }),
        ),
      ).toEqual([
        { kind: 'gone', key: '99' },
        { kind: 'gone', key: '98' },
      ]);
      expect(await t.fixture.rows('SELECT id FROM employees ORDER BY id')).toEqual([['1'], ['2']]);
    });

    test.each<[string, (code: WriteFixture['codes']) => string, () => Mutation]>([
      ['a check', (code) => code.check, () => employee({ key: '1', values: { salary: '-1' } })],
      ['a unique value', (code) => code.unique, () => employee({ key: '1', values: { email: 'kochhar' } })],
      ['no parent', (code) => code.noParent, () => employee({ key: '1', values: { department_id: '77' } })],
      [
        'children',
        (code) => code.hasChild,
        () => change({ entity: 'departments', key: '10', operation: 'delete' }),
      ],
      [
        'no value',
        (code) => code.missingOnUpdate ?? code.missing,
        () => employee({ key: '1', values: { name: null } }),
      ],
      ['no value in an insert', (code) => code.missing, () => made('employees', { salary: '1' })],
      ['long text', (code) => code.tooLong, () => employee({ key: '1', values: { name: 'x'.repeat(21) } })],
      [
        'a large number',
        (code) => code.tooLarge,
        () => employee({ key: '1', values: { salary: '1234567' } }),
      ],
      ['its own code', (code) => code.raised, () => employee({ key: '1', values: { name: 'Forbidden' } })],
      ['rounding', () => 'INVALID_VALUE', () => employee({ key: '1', values: { salary: '1.005' } })],
      ['no date', () => 'INVALID_VALUE', () => employee({ key: '1', values: { hired: 'yesterday' } })],
      ['no key', () => 'INVALID_VALUE', () => employee({ key: 'one', values: { name: 'x' } })],
      ['a missing key', () => 'INVALID_VALUE', () => employee({ values: { name: 'x' } })],
      ['a strange column', () => 'UNKNOWN_COLUMN', () => employee({ key: '1', values: { nickname: 'x' } })],
      [
        'a strange base',
        () => 'UNKNOWN_COLUMN',
        () => employee({ key: '1', values: { name: 'x' }, base: { nickname: 'x' } }),
      ],
      ['another key', () => 'KEY_CHANGED', () => employee({ key: '1', values: { id: '3' } })],
    ])('rejected for %s, and nothing of it stays', async (_, code, make) => {
      const bad = make();
      const [before, verdict, after] = await write(
        employee({ key: '2', values: { salary: '1' } }),
        bad,
        employee({ key: '2', values: { hired: '2024-05-01' } }),
      );
      expect(verdict).toMatchObject({ kind: 'rejected', code: code(t.fixture.codes) });
      expect([before, after]).toMatchObject([{ kind: 'applied' }, { kind: 'applied' }]);
      expect(await t.fixture.rows('SELECT name, email FROM employees WHERE id = 1')).toEqual([
        ['King', 'king'],
      ]);
      // Not even its ledger row, so that a corrected one may come with the same key.
      const good = {
        ...bad,
        entity: 'employees',
        operation: 'update',
        key: '1',
        values: {},
        base: null,
      } as const;
      expect(await write(good)).toMatchObject([{ kind: 'applied', key: '1' }]);
    });

    test('rejected: the text that the database’s own code gives, for the device; no other text of it', async () => {
      const verdicts = await write(
        employee({ key: '1', values: { name: 'Forbidden' } }),
        employee({ key: '1', values: { email: 'kochhar' } }),
      );
      expect(verdicts[0]).toEqual({
        kind: 'rejected',
        code: t.fixture.codes.raised,
        message: 'Not this name',
      });
      expect(JSON.stringify(verdicts[1])).not.toContain('kochhar');
    });

    test('duplicate: what was applied before is not applied again', async () => {
      const raise = employee({ key: '1', values: { salary: '25000' }, base: { salary: '24000' } });
      const fay = made('employees', { name: 'Fay' });
      const [, inserted] = await write(raise, fay);
      const { key } = inserted as Applied;
      await t.fixture.run(
        'UPDATE employees SET salary = 30000 WHERE id = 1',
        `DELETE FROM employees WHERE id = ${key}`,
      );
      expect(await write(raise, fay)).toMatchObject([
        { kind: 'duplicate', outcome: { state: 'applied', operation: 'update', key: '1' } },
        { kind: 'duplicate', outcome: { state: 'applied', operation: 'insert', key }, row: null },
      ]);
      expect(await salaryOf(1)).toBe(30_000);
      expect(await t.fixture.rows('SELECT id FROM employees ORDER BY id')).toEqual([['1'], ['2']]);
    });
  });
}
