import { describe, expect, test } from 'vitest';
import type { WriteTester } from './tester.ts';

export function lockTests(t: WriteTester): void {
  const { write, employee, options } = t;

  describe('locks of others', () => {
    test('a row that is let go in time is written; one that is not holds up nobody else', async () => {
      const other = await t.fixture.lockEmployee(1);
      const [locked, free] = await t.fixture.target.writeBatch(
        [employee({ key: '1', values: { salary: '1' } }), employee({ key: '2', values: { salary: '2' } })],
        options({ lockWaitMs: 0, lockTries: 2 }),
      );
      expect(locked).toEqual({ kind: 'busy', code: t.fixture.codes.locked });
      expect(free).toMatchObject({ kind: 'applied' });
      const waiting = write(employee({ key: '1', values: { salary: '3' } }));
      await other.rollback();
      expect(await waiting).toMatchObject([{ kind: 'applied' }]);
    });

    test('the same mutation at the same time is applied once', async () => {
      for (let salary = 1; salary <= 5; salary++) {
        const twice = employee({ key: '1', values: { salary: String(salary) } });
        const verdicts = (await Promise.all([write(twice), write(twice)])).flat();
        expect(verdicts.map(({ kind }) => kind).sort()).toEqual(['applied', 'duplicate']);
      }
      expect(await t.fixture.rows('SELECT version FROM employees WHERE id = 1')).toEqual([['6']]);
    });

    test('two batches that lock rows in opposite order both get through', async () => {
      const both = (keys: string[], salary: string) =>
        t.fixture.target.writeBatch(
          keys.map((key) => employee({ key, values: { salary }, group: key })),
          options({ lockWaitMs: 5_000, lockTries: 10 }),
        );
      for (let round = 0; round < 3; round++) {
        const verdicts = (await Promise.all([both(['1', '2'], '10'), both(['2', '1'], '20')])).flat();
        expect(verdicts.map(({ kind }) => kind)).toEqual(['applied', 'applied', 'applied', 'applied']);
      }
      expect(await t.fixture.rows('SELECT version FROM employees ORDER BY id')).toEqual([['7'], ['7']]);
    }, 60_000);

    test('what depends on a locked row waits with it', async () => {
      const other = await t.fixture.lockEmployee(1);
      const verdicts = await t.fixture.target.writeBatch(
        [
          employee({ key: '1', values: { salary: '1' } }),
          employee({ key: '1', values: { salary: '2' }, base: { salary: '1' } }),
          employee({ key: '2', values: { salary: '3' } }),
        ],
        options({ lockWaitMs: 0, lockTries: 1 }),
      );
      expect(verdicts.map(({ kind }) => kind)).toEqual(['busy', 'busy', 'applied']);
      await other.rollback();
    });
  });
}
