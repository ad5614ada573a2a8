/**
 * What every write target must do, whatever its database. A kind passes it by a file of its own that calls
 * `writeTargetContract` with a way to make the tables, to look into them and to get into a mutation's way.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import { never } from './kit.ts';
import { batchTests } from './write-contract/batches.ts';
import { lockTests } from './write-contract/locks.ts';
import { procedureTests } from './write-contract/procedures.ts';
import { testerOf, type WriteFixture } from './write-contract/tester.ts';
import { verdictTests } from './write-contract/verdicts.ts';

export function writeTargetContract(kind: string, open: () => Promise<WriteFixture>): void {
  describe(`write contract: ${kind}`, () => {
    let fixture: WriteFixture;
    beforeAll(async () => {
      fixture = await open();
    }, 60_000);
    afterAll(() => fixture?.close());
    beforeEach(() => fixture.reset());
    const t = testerOf(() => fixture);
    const { write, employee, made } = t;

    verdictTests(t);
    batchTests(t);
    lockTests(t);
    procedureTests(t);

    test('deferred constraints are the fault of the row that breaks them, though COMMIT finds out', async () => {
      const verdicts = await write(
        made('notes', { parent: null }, '1'),
        made('notes', { parent: '99' }, '2'),
        made('notes', { parent: '1' }, '3'),
        made('notes', { parent: '3' }, '4'),
      );
      expect(verdicts).toMatchObject([
        { kind: 'applied' },
        { kind: 'rejected', code: fixture.codes.noParent },
        { kind: 'applied' },
        { kind: 'applied' },
      ]);
      expect(await fixture.rows('SELECT id FROM notes ORDER BY id')).toEqual([['1'], ['3'], ['4']]);
    });

    test('entities come in the order of their foreign keys', async () => {
      const { departments, employees, history } = fixture.entities;
      expect(await fixture.target.entityOrder([history, employees, departments], never)).toEqual([
        'history',
        'departments',
        'employees',
      ]);
    });

    test('what is missing for writing is found without writing', async () => {
      const { departments, employees } = fixture.entities;
      const operations = ['insert', 'update', 'delete'] as const;
      const before = await fixture.rows('SELECT id FROM departments ORDER BY id');
      expect(
        await fixture.target.findProblems(
          [
            { ...departments, operations },
            { ...employees, operations },
            { ...employees, entity: 'lost', table: 'no_such_table', operations },
          ],
          never,
        ),
      ).toMatchObject([{ entity: 'lost', problem: expect.stringContaining('no_such_table') }]);
      expect(await fixture.rows('SELECT id FROM departments ORDER BY id')).toEqual(before);
    });

    describe('the ledger', () => {
      test('giving up on a mutation keeps it from ever being applied', async () => {
        const late = employee({ key: '1', values: { salary: '1' } });
        expect(await fixture.target.settle(late.ledgerKey, never)).toEqual({ state: 'aborted' });
        expect(await fixture.target.settle(late.ledgerKey, never)).toEqual({ state: 'aborted' });
        expect(await write(late)).toEqual([{ kind: 'duplicate', outcome: { state: 'aborted' }, row: null }]);
        const done = employee({ key: '1', values: { salary: '2' } });
        await write(done);
        const outcome = { state: 'applied', operation: 'update', key: '1' };
        expect(await fixture.target.settle(done.ledgerKey, never)).toEqual(outcome);
      });

      test('forgets what is older than it is told to keep', async () => {
        const old = employee({ key: '1', values: { salary: '1' } });
        const young = employee({ key: '1', values: { salary: '2' } });
        await write(old, young);
        await fixture.age(old.ledgerKey, 40);
        expect(await fixture.target.purgeLedger(30, never)).toBe(1);
        expect(await fixture.hasLedgerRow(old.ledgerKey)).toBe(false);
        expect(await fixture.hasLedgerRow(young.ledgerKey)).toBe(true);
      });
    });
  });
}
