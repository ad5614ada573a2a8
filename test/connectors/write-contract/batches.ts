import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Mutation, Texts, Verdict } from '../../../src/connectors/write-contract.ts';
import { device, mutation, writeOptions } from '../write-kit.ts';
import { type Applied, kindsOf, type WriteTester } from './tester.ts';

export function batchTests(t: WriteTester): void {
  const { write, employee, made, spelled, salaryOf } = t;

  describe('a batch', () => {
    test('applies mutations of one row in their order', async () => {
      const verdicts = await write(
        employee({ key: '1', values: { salary: '1' }, base: { salary: '24000' } }),
        employee({ key: '1', values: { salary: '2' }, base: { salary: '1' } }),
        employee({ key: '1', operation: 'delete', base: { salary: '2' } }),
        employee({ key: '1', values: { salary: '3' } }),
      );
      expect(kindsOf(verdicts)).toEqual(['applied', 'applied', 'applied', 'gone']);
    });

    test('gives the same verdicts together and one by one', async () => {
      const wave = (): Mutation[] => [
        employee({ key: '1', values: { salary: '1' }, base: { salary: '24000' } }),
        employee({ key: '2', values: { name: 'Other' }, base: { name: 'Wrong' } }),
        employee({ key: '3', values: { salary: '1' } }),
        employee({ key: '4', values: { salary: '-1' } }),
        employee({ key: '5', values: { salary: '2', hired: '2024-02-29' } }),
        employee({ key: '6', values: {} }),
        employee({ key: '7', values: { name: 'Forbidden' } }),
        employee({ key: '8', values: { name: null } }),
        employee({ key: '9', values: { salary: '3' }, base: { email: null, salary: null } }),
      ];
      const rows = [4, 5, 6, 7, 8, 9].map(
        (id) => `INSERT INTO employees (id, name) VALUES (${id}, 'N${id}')`,
      );
      await t.fixture.run(...rows);
      const together = await write(...wave());
      await t.fixture.reset();
      await t.fixture.run(...rows);
      const alone = await write(...wave().map((each, i) => ({ ...each, group: `g${i}` })));
      expect(together).toEqual(alone);
      expect(kindsOf(together)).toEqual([
        'applied',
        'conflict',
        'gone',
        'rejected',
        'applied',
        'applied',
        'rejected',
        'rejected',
        'applied',
      ]);
    });

    test('of inserts with generated keys, some of them bad, and the same again', async () => {
      const names = ['Ann', null, 'Ben', 'x'.repeat(30), 'Cat', 'Dan'];
      const batch = names.map((name) => made('employees', { name, salary: '100' }));
      const verdicts = await write(...batch);
      expect(verdicts.map((verdict) => ('code' in verdict ? verdict.code : verdict.kind))).toEqual([
        'applied',
        t.fixture.codes.missing,
        'applied',
        t.fixture.codes.tooLong,
        'applied',
        'applied',
      ]);
      const stored = await t.fixture.rows('SELECT id, name FROM employees WHERE id > 2 ORDER BY name');
      const applied = verdicts.flatMap((verdict, i) =>
        verdict.kind === 'applied' ? [[verdict.key, names[i]]] : [],
      );
      expect(stored).toEqual(applied);
      const again = await write(...batch);
      expect(kindsOf(again)).toEqual([
        'duplicate',
        'rejected',
        'duplicate',
        'rejected',
        'duplicate',
        'duplicate',
      ]);
      const keys = again.flatMap((verdict) =>
        verdict.kind === 'duplicate' && verdict.outcome.state === 'applied' ? [verdict.outcome.key] : [],
      );
      expect(keys).toEqual(applied.map(([key]) => key));
    });

    test('of a thousand rows', async () => {
      const inserted = await write(
        ...Array.from({ length: 1_000 }, (_, i) =>
          made('employees', { name: `P${i}`, salary: String(i + 1) }),
        ),
      );
      expect(inserted.filter((verdict) => verdict.kind !== 'applied')).toEqual([]);
      const updated = await write(
        ...inserted.map((verdict, i) =>
          employee({
            key: (verdict as Applied).key,
            values: { salary: String(i + 2) },
            base: { name: `P${i}` },
          }),
        ),
      );
      expect(updated.filter((verdict) => verdict.kind !== 'applied')).toEqual([]);
      const [[sum] = []] = await t.fixture.rows('SELECT SUM(salary) FROM employees WHERE id > 2');
      expect(Number(sum)).toBe((1_000 * 1_001) / 2 + 1_000);
    }, 60_000);

    test('of any kind ends as its mutations do one by one', async () => {
      const text = fc.constantFrom('King', 'x', 'Forbidden', 'y'.repeat(21), null);
      const salary = fc.constantFrom('1', '2.5', '24000', '24000.00', '-1', '1.005', '12345678', null);
      const sent = fc.record({
        key: fc.integer({ min: 1, max: 8 }).map(String),
        values: fc.record({ name: text, salary }, { requiredKeys: [] }),
        base: fc.option(
          fc.record(
            { name: text, salary: fc.constantFrom('24000', '1', '2.50', null) },
            { requiredKeys: [] },
          ),
          { nil: null },
        ),
        ledger: fc.integer({ min: 1, max: 8 }),
      });
      // Mutations of one kind side by side may go together.
      const segment = fc.tuple(
        fc.constantFrom('insert', 'update', 'delete'),
        fc.array(sent, { minLength: 1, maxLength: 8 }),
      );
      let runs = 0;
      await fc.assert(
        fc.asyncProperty(fc.array(segment, { minLength: 1, maxLength: 5 }), async (segments) => {
          const batch = (way: string): Mutation[] =>
            segments.flatMap(([operation, list]) =>
              list.map(({ ledger, ...given }) =>
                employee({
                  ...given,
                  // Of one row: the row of a repeat is shown as it is when its wave ends.
                  ledgerKey: `${device}/${runs}/${way}/${given.key}/${ledger}`,
                  operation,
                  ...(operation === 'delete' && { values: {} }),
                }),
              ),
            );
          runs++;
          const state = () => t.fixture.rows('SELECT id, name, salary, version FROM employees ORDER BY id');
          await t.fixture.reset();
          const together = await write(...batch('together'));
          const after = await state();
          await t.fixture.reset();
          const alone: Verdict[] = [];
          for (const each of batch('alone')) alone.push(...(await write(each)));
          expect(together).toEqual(alone);
          expect(after).toEqual(await state());
        }),
        // Hundreds of smaller cases, at a quarter of a second each, would end as a time-out without a word of this one.
        { numRuns: 15, endOnFailure: true },
      );
    }, 120_000);

    test('applies a group all or not at all', async () => {
      const group = 'transfer';
      const verdicts = await write(
        employee({ key: '1', values: { salary: '23000' }, group }),
        employee({ key: '2', values: { salary: '-1' }, group }),
        employee({ key: '1', values: { name: 'Kingston' }, group: 'other' }),
      );
      expect(verdicts).toMatchObject([
        { kind: 'rejected', code: 'GROUP_FAILED' },
        { kind: 'rejected', code: t.fixture.codes.check },
        { kind: 'applied', row: spelled({ name: 'Kingston' }) },
      ]);
      expect(await salaryOf(1)).toBe(24_000);
    });

    test('applies a group over several entities all or not at all; children take the keys of their parents', async () => {
      const department = { ...made('departments', { name: 'Finance' }), group: 'g' };
      const child = (values: Texts, more: Partial<Mutation> = {}) => ({
        ...made('employees', values),
        group: 'g',
        takes: { [t.fixture.column('department_id')]: department.ledgerKey },
        ...more,
      });
      const moved = employee({
        key: '1',
        values: { name: 'Kingston' },
        base: { department_id: '10' },
        group: 'g',
        takes: { [t.fixture.column('department_id')]: department.ledgerKey },
      });
      const bad = await write(department, child({ name: 'Ann' }), child({ name: null }), moved);
      expect(bad.map((verdict) => ('code' in verdict ? verdict.code : verdict.kind))).toEqual([
        'GROUP_FAILED',
        'GROUP_FAILED',
        t.fixture.codes.missing,
        'GROUP_FAILED',
      ]);
      expect(await t.fixture.rows('SELECT id FROM departments')).toEqual([['10']]);
      const removed = t.change({ entity: 'departments', key: '10', operation: 'delete', group: 'g' });
      const group = [department, child({ name: 'Ann' }), child({ name: 'Ben' }), moved, removed];
      const good = await write(...group);
      expect(kindsOf(good)).toEqual(['applied', 'applied', 'applied', 'applied', 'applied']);
      const { key } = good[0] as Applied;
      expect(await t.fixture.rows('SELECT id FROM departments')).toEqual([[key]]);
      const sql = `SELECT name FROM employees WHERE department_id = ${key} ORDER BY name`;
      expect(await t.fixture.rows(sql)).toEqual([['Ann'], ['Ben'], ['Kingston']]);
      expect(kindsOf(await write(...group))).toEqual(Array(5).fill('duplicate'));
      const orphan = { ...child({ name: 'Orphan' }), group: 'other' };
      await expect(write(orphan)).rejects.toMatchObject({ code: 'INTERNAL' });
    });

    test('of nothing is nothing', async () => {
      expect(await write()).toEqual([]);
    });

    test('names an entity that nobody configured, tables that are not there, keys that no ledger holds', async () => {
      await expect(write(mutation({ entity: 'ghosts' }))).rejects.toMatchObject({ code: 'CONFIG_UNKNOWN' });
      const long = employee({ ledgerKey: 'x'.repeat(513) });
      await expect(write(long)).rejects.toMatchObject({ code: 'INTERNAL' });
      const ghosts = { entity: 'ghosts', table: 'NO_SUCH_TABLE', key: ['ID'] };
      await expect(
        t.fixture.target.writeBatch([mutation({ entity: 'ghosts' })], writeOptions([ghosts])),
      ).rejects.toMatchObject({ code: 'SOURCE_QUERY', details: { scope: 'entity' } });
    });
  });
}
