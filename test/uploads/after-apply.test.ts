/** SQL of the configuration that follows changes: in their transaction, or once they are settled. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { runAfterApply } from '../../src/activities/after-apply.ts';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { LEDGER_DDL } from '../../src/connectors/postgres/ledger.ts';
import { contextOf, createKit, type Kit, type KitOptions } from '../runs/run-kit.ts';
import { decide, hlcAt, upload } from './upload-kit.ts';

const TABLES = `
  CREATE SCHEMA hr;
  CREATE TABLE hr.departments (id bigint PRIMARY KEY, name text);
  CREATE TABLE hr.employees (id bigint PRIMARY KEY, department_id bigint, salary numeric, phone text);
  CREATE TABLE hr.notes (id bigint PRIMARY KEY, body text);
  INSERT INTO hr.departments SELECT n, 'department ' || n FROM generate_series(1, 9) AS n;
  INSERT INTO hr.employees SELECT n, 1 + n % 3, 1000, '+49' FROM generate_series(1, 30) AS n;
  INSERT INTO hr.notes SELECT n, 'note' FROM generate_series(1, 9) AS n;
  ${LEDGER_DDL.join(';\n')};`;

const BUDGET = `UPDATE hr.departments SET budget = (SELECT sum(salary) FROM hr.employees
                  WHERE department_id = $1 AND sync_deleted_at IS NULL) WHERE id = $1`;

const ENTITIES: KitOptions['entities'] = {
  departments: {
    read: { table: 'hr.departments' },
    key: 'id',
    mirror: 'hr.departments',
    columns: { id: {}, name: {}, budget: { local: true, type: 'numeric' } },
  },
  employees: {
    read: { table: 'hr.employees' },
    key: 'id',
    mirror: 'hr.employees',
    upload: {
      writeBack: 'source',
      writable: ['department_id', 'salary', 'phone'],
      operations: ['insert', 'update', 'delete'],
      fields: { phone: { policy: 'manual' } },
      afterApply: [
        { sql: BUDGET, per: 'department_id' },
        { sql: 'INSERT INTO hr.heard (department) VALUES ($1)', per: 'department_id', later: true },
      ],
    },
  },
  notes: {
    read: { table: 'hr.notes' },
    key: 'id',
    mirror: 'hr.notes',
    columns: { id: {}, body: {}, mark: { local: true }, seen: { local: true, type: 'integer' } },
    upload: {
      writeBack: 'mirror',
      afterApply: { sql: 'SELECT hr.judge($1)' },
    },
  },
};

let kit: Kit;
let deps: ActivityDeps;

beforeAll(async () => {
  kit = await createKit({ sql: TABLES, entities: ENTITIES });
  deps = kit.worker();
  await kit.run('full');
  await kit.store.pool.query(`
    CREATE TABLE hr.heard (department bigint CHECK (department < 8));
    CREATE FUNCTION hr.judge(bigint) RETURNS void LANGUAGE plpgsql AS $$
      BEGIN IF $1 = 3 THEN RAISE EXCEPTION 'no'; END IF; UPDATE hr.notes SET seen = 1 WHERE id = $1; END $$`);
});
afterAll(() => kit.close());

const changeOf =
  (entity: string) =>
  (row: number | string, values: object, more: object = {}) => ({
    entity,
    row: String(row),
    operation: 'update',
    values,
    hlc: hlcAt(Date.now()),
    ...more,
  });
const employee = changeOf('employees');
const note = changeOf('notes');

async function rows(sql: string): Promise<Record<string, unknown>[]> {
  return (await kit.store.pool.query(sql)).rows;
}

const budget = async (id: number) =>
  (
    await rows(
      `SELECT budget::text, sync_modified_by AS by, sync_xid::text AS version FROM hr.departments WHERE id = ${id}`,
    )
  )[0];
const heard = async () =>
  (await rows('SELECT department::text FROM hr.heard ORDER BY 1')).map(({ department }) => department);
const open = () =>
  rows('SELECT entity, group_values AS "values", tries, problem FROM syncline.after_apply ORDER BY 2');

describe('after changes', () => {
  test('the statement runs for each group that they concern, and what it writes is stamped', async () => {
    const before = await budget(1);
    // 3 is of department 1, 4 and 7 of 2; 7 moves to 5.
    await upload(deps, [
      employee(3, { salary: '1500' }),
      employee(4, { salary: '2000' }),
      employee(7, { department_id: '5' }),
    ]);
    expect([await budget(1), await budget(2), await budget(5), await budget(3)]).toMatchObject([
      { budget: '10500' },
      { budget: '10000' },
      { budget: '1000' },
      { budget: null },
    ]);
    expect((await budget(1))?.version).not.toBe(before?.version);
    expect((await budget(1))?.by).not.toBeNull();
    expect(await heard()).toEqual(['1', '2', '5']);
    expect(await open()).toEqual([]);
  });

  test('made, deleted, decided by people: they all count', async () => {
    await upload(deps, [
      {
        entity: 'employees',
        row: '100',
        operation: 'insert',
        values: { id: '100', department_id: '6', salary: '50' },
      },
    ]);
    expect(await budget(6)).toMatchObject({ budget: '50' });
    await upload(deps, [{ entity: 'employees', row: '100', operation: 'delete' }]);
    expect(await budget(6)).toMatchObject({ budget: null });
    const base = { base: { values: { phone: 'old', salary: '1000' } } };
    const [verdict] = await upload(deps, [employee(9, { phone: 'new', salary: '4000' }, base)]);
    expect(verdict).toMatchObject({ status: 'pending_approval' });
    await rows('TRUNCATE hr.heard');
    await decide(deps, verdict?.conflictId ?? '', { decision: 'client', round: 1 });
    expect(await budget(1)).toMatchObject({ budget: '13500' });
    expect(await heard()).toEqual(['1']);
  });

  test('a refused change runs nothing', async () => {
    await rows('TRUNCATE hr.heard');
    const verdicts = await upload(deps, [employee(10, { salary: 'much' })]);
    expect(verdicts).toMatchObject([{ status: 'rejected' }]);
    expect(await heard()).toEqual([]);
  });
});

describe('a statement that fails', () => {
  test('later is tried again until it succeeds, and people hear of it once', async () => {
    await rows('TRUNCATE hr.heard');
    const moved = [employee(11, { department_id: '8' }), employee(12, { department_id: '7' })];
    expect(await upload(deps, moved)).toMatchObject([{ status: 'applied' }, { status: 'applied' }]);
    expect(await heard()).not.toContain('8');
    expect(await heard()).toContain('7');
    expect(await open()).toMatchObject([
      { values: ['8'], tries: 1, problem: expect.stringContaining('23514') },
    ]);
    const due = "UPDATE syncline.after_apply SET try_after = now() - interval '1 second'";
    await rows(due);
    await runAfterApply(deps, contextOf());
    expect(await open()).toMatchObject([{ tries: 2 }]);
    const tasks = await rows(`SELECT state FROM syncline.task WHERE kind = 'afterApply'`);
    expect(tasks).toEqual([{ state: 'open' }]);
    await rows('ALTER TABLE hr.heard DROP CONSTRAINT heard_department_check');
    // Not before it is due.
    await runAfterApply(deps, contextOf());
    expect(await heard()).not.toContain('8');
    await rows(due);
    await runAfterApply(deps, contextOf());
    expect(await heard()).toContain('8');
    expect(await open()).toEqual([]);
  });

  test('in the transaction of what the source has already undoes nothing', async () => {
    await rows('ALTER TABLE hr.departments ADD CONSTRAINT small CHECK (budget < 100000)');
    expect(await upload(deps, [employee(15, { salary: '100000' })])).toMatchObject([{ status: 'applied' }]);
    const { rows: there } = await kit.source.query('SELECT salary::text FROM hr.employees WHERE id = 15');
    expect(there).toEqual([{ salary: '100000' }]);
    expect(await open()).toMatchObject([{ values: ['1'], tries: 1 }]);
    await rows('ALTER TABLE hr.departments DROP CONSTRAINT small');
    await upload(deps, [employee(15, { salary: '1000' })]);
    expect(await open()).toEqual([]);
  });

  test('rejects a change of the mirror alone, and no other', async () => {
    const marked = [2, 3, 4].map((id) => note(id, { mark: 'read' }));
    expect(await upload(deps, marked)).toMatchObject([
      { status: 'applied' },
      { status: 'rejected', code: 'AFTER_APPLY_FAILED' },
      { status: 'applied' },
    ]);
    expect(await rows('SELECT id::int, mark, seen FROM hr.notes WHERE id IN (2, 3, 4) ORDER BY id')).toEqual([
      { id: 2, mark: 'read', seen: 1 },
      { id: 3, mark: null, seen: null },
      { id: 4, mark: 'read', seen: 1 },
    ]);
    expect(await open()).toEqual([]);
  });
});

test('uploads of one group at the same time leave what the last one makes of all', async () => {
  const employees = [1, 4, 10, 13, 16, 19, 22, 25];
  await Promise.all(
    employees.map((row) => upload(deps, [employee(row, { salary: '3000' })], { device: `many-${row}` })),
  );
  const [total] = await rows(
    'SELECT sum(salary)::text AS total FROM hr.employees WHERE department_id = 2 AND sync_deleted_at IS NULL',
  );
  expect(await budget(2)).toMatchObject({ budget: total?.total });
});

test('what no configuration has had for a week is dropped', async () => {
  await rows(`INSERT INTO syncline.after_apply (entity, step, group_key, group_values, try_after)
              SELECT 'employees', 'gone#' || days, 'k', '["1"]', now() - days * interval '1 day' FROM unnest('{1,8}'::int[]) AS days`);
  await runAfterApply(deps, contextOf());
  expect(await rows('SELECT step FROM syncline.after_apply')).toEqual([{ step: 'gone#1' }]);
});
