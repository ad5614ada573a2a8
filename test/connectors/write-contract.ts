/**
 * What every write target must do, whatever its database. A kind passes it by a file of its own that calls
 * `writeTargetContract` with a way to make the tables, to look into them and to get into a mutation's way.
 */
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest';
import type {
  Mutation,
  Texts,
  Verdict,
  WriteEntity,
  WriteOptions,
  WriteTarget,
} from '../../src/connectors/write-contract.ts';
import { never } from './kit.ts';
import { insertOf, mutation, writeOptions } from './write-kit.ts';

/** Names of columns in the tests; a kind spells them in its own way. */
export type WriteFixture = {
  readonly target: WriteTarget;
  /**
   * `departments`: id (whole number, the key, given by the database where it is left out), name (text of at most 30, not
   * NULL), code (four characters, padded). `employees`: id (whole number, the key, from a sequence), name (text of at
   * most 20, not NULL), salary (8 digits, 2 behind the point, above 0), email (text, unique), department_id (refers to
   * departments), hired (a day, or a time without zone), origin (text: the origin column), version (1; a trigger counts
   * it up at each UPDATE, and refuses the name Forbidden with the text 'Not this name'). `history`: employee_id and
   * started (whole number and the type of hired; both are the key), note (text). `notes`: id (whole number, the key),
   * parent (refers to notes, checked by COMMIT).
   */
  readonly entities: Readonly<Record<'departments' | 'employees' | 'history' | 'notes', WriteEntity>>;
  /** `employees` again, written by a procedure that refuses salaries above 50000: 'Insufficient permissions'. */
  readonly called: WriteEntity;
  /** The same text in the kind's spelling of names. */
  column(name: string): string;
  /** As verdicts give the day, in columns of the type of `hired`. */
  day(day: string): string;
  /** Codes of verdicts, as the kind's database calls them. */
  readonly codes: Readonly<
    Record<
      'check' | 'unique' | 'noParent' | 'hasChild' | 'missing' | 'tooLong' | 'tooLarge' | 'raised',
      string
    >
  > & { readonly missingOnUpdate?: string; readonly called: string; readonly locked: string };
  /** Empties all tables; then department 10, and the employees 1 and 2. */
  reset(): Promise<void>;
  /** SQL that every kind understands, on the tables' owner's session, committed. */
  run(...statements: string[]): Promise<void>;
  rows(sql: string): Promise<(string | null)[][]>;
  /** Updates the employee and leaves the transaction open. */
  lockEmployee(id: number): Promise<{ rollback(): Promise<void> }>;
  /** Makes a ledger row older. */
  age(ledgerKey: string, days: number): Promise<void>;
  hasLedgerRow(ledgerKey: string): Promise<boolean>;
  close(): Promise<void>;
};

type Applied = Extract<Verdict, { kind: 'applied' }>;

export function writeTargetContract(kind: string, open: () => Promise<WriteFixture>): void {
  describe(`write contract: ${kind}`, () => {
    let fixture: WriteFixture;
    beforeAll(async () => {
      fixture = await open();
    }, 60_000);
    afterAll(() => fixture?.close());
    beforeEach(() => fixture.reset());

    const spelled = <T extends Texts | null | undefined>(texts: T): T =>
      (texts
        ? Object.fromEntries(Object.entries(texts).map(([name, value]) => [fixture.column(name), value]))
        : texts) as T;
    const options = (more: Partial<WriteOptions> = {}): WriteOptions =>
      writeOptions(Object.values(fixture.entities), more);
    const write = (...mutations: Mutation[]): Promise<readonly Verdict[]> =>
      fixture.target.writeBatch(mutations, options());
    const change = (given: Parameters<typeof mutation>[0]): Mutation =>
      mutation({ ...given, values: spelled(given.values ?? {}), base: spelled(given.base ?? null) });
    const employee = (given: Partial<Mutation>): Mutation => change({ entity: 'employees', ...given });
    const made = (entity: string, values: Texts, key: string | null = null): Mutation =>
      insertOf(entity, spelled(values), key);
    const salaryOf = async (id: number): Promise<number> =>
      Number((await fixture.rows(`SELECT salary FROM employees WHERE id = ${id}`))[0]?.[0]);
    const kindsOf = (verdicts: readonly Verdict[]): string[] => verdicts.map((verdict) => verdict.kind);
    const parts = { get: () => ({ fixture, spelled, options, write, change, employee, made }) };

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
            hired: fixture.day('2003-06-17'),
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
        expect(await fixture.rows(`SELECT name FROM employees WHERE id = ${key}`)).toEqual([['Greenberg']]);
      });

      test('applied: composite keys with a date, given keys, deletes', async () => {
        const key = `1|${fixture.day('2020-01-31')}`;
        expect(await write(made('history', { note: 'first' }, key))).toMatchObject([
          {
            kind: 'applied',
            key,
            row: spelled({ employee_id: '1', started: fixture.day('2020-01-31'), note: 'first' }),
          },
        ]);
        const first = { entity: 'history', key, base: { note: 'first' } };
        expect(await write(change({ ...first, values: { note: null } }))).toMatchObject([
          { row: spelled({ note: null }) },
        ]);
        const gone = change({ entity: 'history', key, operation: 'delete', base: { note: null } });
        expect(await write(gone)).toEqual([{ kind: 'applied', key, row: null }]);
        expect(await fixture.rows('SELECT note FROM history')).toEqual([]);
      });

      test('conflict: what differs from the base, with the row as it is', async () => {
        const base = { salary: '23999', name: 'King', email: null };
        const clash = employee({ key: '1', values: { salary: '1' }, base });
        const [verdict] = await write(clash);
        expect(verdict).toMatchObject({
          kind: 'conflict',
          key: '1',
          fields: ['salary', 'email'].map(fixture.column),
          row: spelled({ email: 'king' }),
        });
        expect(await fixture.rows('SELECT version FROM employees WHERE id = 1')).toEqual([['1']]);
        expect(await fixture.hasLedgerRow(clash.ledgerKey)).toBe(false);
      });

      test('no conflict where only spelling or the blanks behind padded text differ', async () => {
        const base = { code: 'S1', name: 'Sales' };
        expect(
          await write(change({ entity: 'departments', key: '10', values: { code: 'S2' }, base })),
        ).toMatchObject([{ kind: 'applied', row: spelled({ code: 'S2  ' }) }]);
        const same = { hired: null, department_id: null, salary: '17000.500' };
        expect(
          await write(employee({ key: '2', values: { hired: '2024-05-01' }, base: same })),
        ).toMatchObject([{ kind: 'applied' }]);
      });

      test('conflict: an insert whose key exists', async () => {
        const [verdict] = await write(
          made('employees', { name: 'Queen', email: 'king', salary: '24000' }, '1'),
        );
        expect(verdict).toMatchObject({
          kind: 'conflict',
          key: '1',
          fields: [fixture.column('name')],
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
        expect(await fixture.rows('SELECT id FROM employees ORDER BY id')).toEqual([['1'], ['2']]);
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
        expect(verdict).toMatchObject({ kind: 'rejected', code: code(fixture.codes) });
        expect([before, after]).toMatchObject([{ kind: 'applied' }, { kind: 'applied' }]);
        expect(await fixture.rows('SELECT name, email FROM employees WHERE id = 1')).toEqual([
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
          code: fixture.codes.raised,
          message: 'Not this name',
        });
        expect(JSON.stringify(verdicts[1])).not.toContain('kochhar');
      });

      test('duplicate: what was applied before is not applied again', async () => {
        const raise = employee({ key: '1', values: { salary: '25000' }, base: { salary: '24000' } });
        const fay = made('employees', { name: 'Fay' });
        const [, inserted] = await write(raise, fay);
        const { key } = inserted as Applied;
        await fixture.run(
          'UPDATE employees SET salary = 30000 WHERE id = 1',
          `DELETE FROM employees WHERE id = ${key}`,
        );
        expect(await write(raise, fay)).toMatchObject([
          { kind: 'duplicate', outcome: { state: 'applied', operation: 'update', key: '1' } },
          { kind: 'duplicate', outcome: { state: 'applied', operation: 'insert', key }, row: null },
        ]);
        expect(await salaryOf(1)).toBe(30_000);
        expect(await fixture.rows('SELECT id FROM employees ORDER BY id')).toEqual([['1'], ['2']]);
      });
    });

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
        await fixture.run(...rows);
        const together = await write(...wave());
        await fixture.reset();
        await fixture.run(...rows);
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
          fixture.codes.missing,
          'applied',
          fixture.codes.tooLong,
          'applied',
          'applied',
        ]);
        const stored = await fixture.rows('SELECT id, name FROM employees WHERE id > 2 ORDER BY name');
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
        const [[sum] = []] = await fixture.rows('SELECT SUM(salary) FROM employees WHERE id > 2');
        expect(Number(sum)).toBe((1_000 * 1_001) / 2 + 1_000);
      }, 60_000);

      test('applies a group all or not at all', async () => {
        const group = 'transfer';
        const verdicts = await write(
          employee({ key: '1', values: { salary: '23000' }, group }),
          employee({ key: '2', values: { salary: '-1' }, group }),
          employee({ key: '1', values: { name: 'Kingston' }, group: 'other' }),
        );
        expect(verdicts).toMatchObject([
          { kind: 'rejected', code: 'GROUP_FAILED' },
          { kind: 'rejected', code: fixture.codes.check },
          { kind: 'applied', row: spelled({ name: 'Kingston' }) },
        ]);
        expect(await salaryOf(1)).toBe(24_000);
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
          fixture.target.writeBatch([mutation({ entity: 'ghosts' })], writeOptions([ghosts])),
        ).rejects.toMatchObject({ code: 'SOURCE_QUERY', details: { scope: 'entity' } });
      });
    });

    lockTests(() => parts.get());
    procedureTests(() => parts.get());

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

type Parts = {
  readonly fixture: WriteFixture;
  spelled<T extends Texts | null | undefined>(texts: T): T;
  options(more?: Partial<WriteOptions>): WriteOptions;
  write(...mutations: Mutation[]): Promise<readonly Verdict[]>;
  employee(given: Partial<Mutation>): Mutation;
  made(entity: string, values: Texts, key?: string | null): Mutation;
};

function lockTests(get: () => Parts): void {
  describe('locks of others', () => {
    test('a row that is let go in time is written; one that is not holds up nobody else', async () => {
      const { fixture, employee, options, write } = get();
      const other = await fixture.lockEmployee(1);
      const [locked, free] = await fixture.target.writeBatch(
        [employee({ key: '1', values: { salary: '1' } }), employee({ key: '2', values: { salary: '2' } })],
        options({ lockWaitMs: 0, lockTries: 2 }),
      );
      expect(locked).toEqual({ kind: 'busy', code: fixture.codes.locked });
      expect(free).toMatchObject({ kind: 'applied' });
      const waiting = write(employee({ key: '1', values: { salary: '3' } }));
      await other.rollback();
      expect(await waiting).toMatchObject([{ kind: 'applied' }]);
    });

    test('the same mutation at the same time is applied once', async () => {
      const { fixture, employee, write } = get();
      for (let salary = 1; salary <= 5; salary++) {
        const twice = employee({ key: '1', values: { salary: String(salary) } });
        const verdicts = (await Promise.all([write(twice), write(twice)])).flat();
        expect(verdicts.map(({ kind }) => kind).sort()).toEqual(['applied', 'duplicate']);
      }
      expect(await fixture.rows('SELECT version FROM employees WHERE id = 1')).toEqual([['6']]);
    });

    test('two batches that lock rows in opposite order both get through', async () => {
      const { fixture, employee, options } = get();
      const both = (keys: string[], salary: string) =>
        fixture.target.writeBatch(
          keys.map((key) => employee({ key, values: { salary }, group: key })),
          options({ lockWaitMs: 5_000, lockTries: 10 }),
        );
      for (let round = 0; round < 3; round++) {
        const verdicts = (await Promise.all([both(['1', '2'], '10'), both(['2', '1'], '20')])).flat();
        expect(verdicts.map(({ kind }) => kind)).toEqual(['applied', 'applied', 'applied', 'applied']);
      }
      expect(await fixture.rows('SELECT version FROM employees ORDER BY id')).toEqual([['7'], ['7']]);
    }, 60_000);

    test('what depends on a locked row waits with it', async () => {
      const { fixture, employee, options } = get();
      const other = await fixture.lockEmployee(1);
      const verdicts = await fixture.target.writeBatch(
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

function procedureTests(get: () => Parts): void {
  describe('procedures', () => {
    const call = (): WriteOptions => writeOptions([get().fixture.called]);

    test('write in the ledger’s transaction', async () => {
      const { fixture, employee, spelled } = get();
      const raise = employee({
        key: '1',
        values: { salary: '25000.5', hired: '2004-01-02' },
        base: { salary: '24000' },
      });
      expect(await fixture.target.writeBatch([raise], call())).toMatchObject([
        {
          kind: 'applied',
          key: '1',
          row: spelled({
            hired: fixture.day('2004-01-02'),
            origin: `update:${['salary', 'hired'].map(fixture.column).join(',')}`,
          }),
        },
      ]);
      expect(await fixture.target.writeBatch([raise], call())).toMatchObject([{ kind: 'duplicate' }]);
      const stale = employee({ key: '1', values: { salary: '1' }, base: { salary: '24000' } });
      expect(await fixture.target.writeBatch([stale], call())).toMatchObject([
        { kind: 'conflict', fields: [fixture.column('salary')] },
      ]);
    });

    test('give the key of what they insert, and delete', async () => {
      const { fixture, employee, made, spelled } = get();
      const [verdict] = await fixture.target.writeBatch(
        [made('employees', { name: 'Made', salary: '5' })],
        call(),
      );
      const origin = `insert:${['name', 'salary'].map(fixture.column).join(',')}`;
      expect(verdict).toMatchObject({ kind: 'applied', row: spelled({ name: 'Made', origin }) });
      const { key } = verdict as Applied;
      expect(await fixture.target.writeBatch([employee({ key, operation: 'delete' })], call())).toEqual([
        { kind: 'applied', key, row: null },
      ]);
    });

    test('refuse with a text of their own, and keep nothing of it', async () => {
      const { fixture, employee } = get();
      const verdicts = await fixture.target.writeBatch(
        [
          employee({ key: '1', values: { salary: '99999' } }),
          employee({ key: '2', values: { salary: '18000' } }),
        ],
        call(),
      );
      expect(verdicts).toMatchObject([
        { kind: 'rejected', code: fixture.codes.called, message: 'Insufficient permissions' },
        { kind: 'applied' },
      ]);
      expect(await fixture.rows('SELECT version FROM employees WHERE id = 1')).toEqual([['1']]);
    });

    test('that do not exist fail the batch', async () => {
      const { fixture, employee } = get();
      const called = { ...fixture.called, call: `${fixture.called.call}_NOT` };
      const batch = [employee({ key: '1', values: { salary: '1' } })];
      await expect(fixture.target.writeBatch(batch, writeOptions([called]))).rejects.toMatchObject({
        code: 'SOURCE_QUERY',
      });
    });
  });
}
