import { describe, expect, test } from 'vitest';
import type { WriteOptions } from '../../../src/connectors/write-contract.ts';
import { writeOptions } from '../write-kit.ts';
import type { Applied, WriteTester } from './tester.ts';

export function procedureTests(t: WriteTester): void {
  const { employee, made, spelled } = t;

  describe('procedures', () => {
    const call = (): WriteOptions => writeOptions([t.fixture.called]);

    test('write in the ledger’s transaction', async () => {
      const raise = employee({
        key: '1',
        values: { salary: '25000.5', hired: '2004-01-02' },
        base: { salary: '24000' },
      });
      expect(await t.fixture.target.writeBatch([raise], call())).toMatchObject([
        {
          kind: 'applied',
          key: '1',
          row: spelled({
            hired: t.fixture.day('2004-01-02'),
            origin: `update:${['salary', 'hired'].map(t.fixture.column).join(',')}`,
          }),
        },
      ]);
      expect(await t.fixture.target.writeBatch([raise], call())).toMatchObject([{ kind: 'duplicate' }]);
      const stale = employee({ key: '1', values: { salary: '1' }, base: { salary: '24000' } });
      expect(await t.fixture.target.writeBatch([stale], call())).toMatchObject([
        { kind: 'conflict', fields: [t.fixture.column('salary')] },
      ]);
    });

    test('give the key of what they insert, and delete', async () => {
      const [verdict] = await t.fixture.target.writeBatch(
        [made('employees', { name: 'Made', salary: '5' })],
        call(),
      );
      const origin = `insert:${['name', 'salary'].map(t.fixture.column).join(',')}`;
      expect(verdict).toMatchObject({ kind: 'applied', row: spelled({ name: 'Made', origin }) });
      const { key } = verdict as Applied;
      expect(await t.fixture.target.writeBatch([employee({ key, operation: 'delete' })], call())).toEqual([
        { kind: 'applied', key, row: null },
      ]);
    });

    test('refuse with a text of their own, and keep nothing of it', async () => {
      const verdicts = await t.fixture.target.writeBatch(
        [
          employee({ key: '1', values: { salary: '99999' } }),
          employee({ key: '2', values: { salary: '18000' } }),
        ],
        call(),
      );
      expect(verdicts).toMatchObject([
        { kind: 'rejected', code: t.fixture.codes.called, message: 'Insufficient permissions' },
        { kind: 'applied' },
      ]);
      expect(await t.fixture.rows('SELECT version FROM employees WHERE id = 1')).toEqual([['1']]);
    });

    test('that do not exist fail the batch', async () => {
      const called = { ...t.fixture.called, call: `${t.fixture.called.call}_NOT` };
      const batch = [employee({ key: '1', values: { salary: '1' } })];
      await expect(t.fixture.target.writeBatch(batch, writeOptions([called]))).rejects.toMatchObject({
        code: 'SOURCE_QUERY',
      });
    });
  });
}
