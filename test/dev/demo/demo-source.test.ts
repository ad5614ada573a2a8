/** The demo's SQL and configuration, with few rows: against the simulator, or the Oracle of ORACLE_TEST_URL. */
import type oracledb from 'oracledb';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { employeeAtBoth, same } from '../../../dev/demo/employee.ts';
import {
  ANNA,
  ANNAS,
  annasEdits,
  BEN,
  BENS,
  bensEdits,
  OTHER_EMPLOYEE,
  readSeen,
  SHARED_EMPLOYEE,
} from '../../../dev/demo/offline-edits.ts';
import { createOwnTables, dropOwnTables } from '../../../dev/demo/own-tables.ts';
import {
  changeSource,
  openLateTransaction,
  RENAMED_DEPARTMENT,
  renameDepartment,
} from '../../../dev/demo/source-changes.ts';
import { createSource } from '../../../dev/demo/source-data.ts';
import { BUSINESS_TABLES, TABLES } from '../../../dev/demo/source-tables.ts';
import { compareComputed, compareEntity } from '../../../dev/demo/verify.ts';
import type { RunMode } from '../../../src/domain/run.ts';
import { isRealOracle, type OracleUnderTest, startOracle } from '../../connectors/oracle/oracle-kit.ts';
import { createLedger } from '../../connectors/oracle/write-back-kit.ts';
import { drive } from '../../runs/run-kit.ts';
import { decide, upload } from '../../uploads/upload-kit.ts';
import { type DemoWorker, openDemoWorker } from './demo-kit.ts';

const FEW = { sales: 6_000, employees: 400 };
/** The ledger of a real Oracle is shared with tests that run beside this one. */
const OURS = isRealOracle ? BUSINESS_TABLES : TABLES;

let oracle: OracleUnderTest;
let owner: oracledb.Connection;

beforeAll(async () => {
  oracle = await startOracle();
  owner = await oracle.connect();
  if (isRealOracle) await createLedger(owner);
});
afterAll(async () => {
  await dropOwnTables(owner, OURS);
  await oracle.close();
});

const counted = async (sql: string): Promise<number> => Number((await oracle.query(sql))[0]?.[0]);

describe('the rows', () => {
  beforeAll(() => createSource(owner, FEW, OURS));

  test('are as many as were asked for, and the same every time', async () => {
    const content = async () => ({
      sales: await oracle.query('SELECT * FROM syncline_demo_sales ORDER BY id'),
      departments: await oracle.query('SELECT * FROM syncline_demo_departments ORDER BY department_id'),
      employees: await oracle.query('SELECT * FROM syncline_demo_employees ORDER BY employee_id'),
    });
    const first = await content();
    expect(Object.values(first).map((rows) => rows.length)).toEqual([FEW.sales, 40, FEW.employees]);
    await createSource(owner, FEW, OURS);
    expect(await content()).toEqual(first);
  });

  test('are of all kinds: every type, operators, no reference, one name only, people who left', async () => {
    expect(await counted('SELECT COUNT(DISTINCT type) FROM syncline_demo_sales')).toBe(3);
    expect(await counted('SELECT COUNT(DISTINCT pdv) FROM syncline_demo_sales')).toBe(120);
    expect(await counted('SELECT COUNT(DISTINCT operator) FROM syncline_demo_sales')).toBeGreaterThan(800);
    expect(await counted('SELECT COUNT(*) FROM syncline_demo_sales WHERE amount <= 0')).toBe(0);
    const without = await counted('SELECT COUNT(*) FROM syncline_demo_sales WHERE reference IS NULL');
    expect(without / FEW.sales).toBeGreaterThan(0.05);
    expect(without / FEW.sales).toBeLessThan(0.15);
    const employees = (condition: string) =>
      counted(`SELECT COUNT(*) FROM syncline_demo_employees WHERE ${condition}`);
    expect(await employees('first_name IS NULL')).toBeGreaterThan(0);
    expect(await employees("active = 'N'")).toBeGreaterThan(0);
    expect(await employees(`department_id = ${RENAMED_DEPARTMENT}`)).toBeGreaterThan(0);
    expect(await counted('SELECT COUNT(DISTINCT last_name) FROM syncline_demo_employees')).toBe(28);
  });

  test('every 500th sale repeats the one before it', async () => {
    const repeated = await counted(
      `SELECT COUNT(*) FROM syncline_demo_sales a
         JOIN syncline_demo_sales b ON b.id = a.id + 1 AND b.pdv = a.pdv AND b.operator = a.operator AND b.amount = a.amount
        WHERE MOD(b.id, 500) = 0 AND b.sold_at = a.sold_at + INTERVAL '20' SECOND`,
    );
    expect(repeated).toBe(FEW.sales / 500);
  });
});

describe('through the product', { timeout: 120_000 }, () => {
  let demo: DemoWorker;

  beforeAll(async () => {
    await createSource(owner, FEW, OURS);
    demo = await openDemoWorker(oracle.login);
  });
  afterAll(() => demo?.close());

  const runAll = async (mode: RunMode) => {
    for (const pipeline of ['pos', 'hr'])
      expect(await drive(demo.deps, { pipeline, mode })).toMatchObject({ status: 'SUCCESS' });
  };
  const compareAll = async () => {
    const comparisons = [];
    for (const spec of demo.specs)
      comparisons.push(await compareEntity(demo.source, demo.at.store.pool, spec));
    return [...comparisons, await compareComputed(owner, demo.at.store.pool)];
  };
  const query = async <R>(sql: string): Promise<R[]> =>
    (await demo.at.store.pool.query(sql)).rows as unknown as R[];

  test('check asks for no index', async () => {
    for (const spec of demo.specs) {
      const { advice } = await demo.source.describe(spec, new AbortController().signal);
      expect(advice).toEqual([]);
    }
  });

  test('the mirrors follow the story, and the checksums agree', async () => {
    await runAll('full');
    const late = await openLateTransaction(oracle.connect);
    const changes = await changeSource(owner, FEW);
    expect(changes.inserted).toBe(FEW.sales / 200);
    expect(changes.updated / FEW.sales).toBeGreaterThan(0.008);
    expect(changes.deletedIds.length).toBeGreaterThan(0);
    await late.commit();
    await renameDepartment(owner, 'Renamed');
    await runAll('incremental');
    expect(await query('SELECT entity, key FROM syncline.quarantine')).toEqual([
      { entity: 'sales', key: String(FEW.sales + 7) },
    ]);
    expect(await query("SELECT id FROM pos.sales WHERE reference = 'late'")).toHaveLength(1);
    expect(
      await query("SELECT DISTINCT department_id FROM hr.employees WHERE department_name = 'Renamed'"),
    ).toEqual([{ department_id: RENAMED_DEPARTMENT }]);
    await runAll('full');
    const comparisons = await compareAll();
    expect(comparisons.map(({ what, equal }) => ({ what, equal }))).toEqual(
      ['pos.sales', 'hr.departments', 'hr.employees', 'computed columns of hr.employees'].map((what) => ({
        what,
        equal: true,
      })),
    );
    const left = FEW.sales + changes.inserted - changes.deletedIds.length;
    expect(comparisons[0]?.sourceRows).toBeLessThan(left);
    expect(comparisons[0]?.sourceRows).toBeGreaterThan(left - FEW.sales / 250);
  });

  test('what two devices change offline is decided by the rules of the configuration', async () => {
    const mirrors = demo.at.store.pool;
    const seen = await readSeen(mirrors, SHARED_EMPLOYEE);
    const other = await readSeen(mirrors, OTHER_EMPLOYEE);
    const bens = await upload(demo.deps, bensEdits(seen), BEN);
    const annas = await upload(demo.deps, annasEdits(seen, other), ANNA);
    const statuses = [bens, annas].map((verdicts) => verdicts.map(({ status }) => status));
    expect(statuses).toEqual([
      ['applied', 'applied', 'rejected', 'applied'],
      ['merged', 'conflict', 'merged', 'pending_approval', 'applied'],
    ]);
    expect(bens[2]?.message).toBe('Insufficient permissions');
    const now = async (employee: string) => employeeAtBoth({ owner, mirrors }, employee);
    const decided = {
      notes: ANNAS.note + seen.notes + BENS.note,
      phone: BENS.phone,
      salary: seen.salary_by_5,
    };
    const before = await now(SHARED_EMPLOYEE);
    expect(same(before, { ...decided, job_title: BENS.job_title })).toBe(true);
    expect(same(before, { ...decided, job_title: ANNAS.job_title })).toBe(false);
    expect(same(await now(OTHER_EMPLOYEE), { phone: ANNAS.othersPhone })).toBe(true);
    expect(await decide(demo.deps, annas[3]?.conflictId ?? '', { decision: 'client', round: 1 })).toEqual({
      kind: 'applied',
    });
    expect(same(await now(SHARED_EMPLOYEE), { ...decided, job_title: ANNAS.job_title })).toBe(true);
    expect((await compareAll()).map(({ equal }) => equal)).toEqual([true, true, true, true]);
  });

  test.each([
    {
      what: 'another amount of a sale',
      table: 'pos.sales',
      damage: 'amount = amount + 0.01 WHERE id = 11',
      repair: 'amount = amount - 0.01 WHERE id = 11',
      index: 0,
    },
    {
      what: 'a row that is missing',
      table: 'pos.sales',
      damage: 'sync_deleted_at = now() WHERE id = 12',
      repair: 'sync_deleted_at = NULL WHERE id = 12',
      index: 0,
    },
    {
      what: 'a name in another case',
      table: 'hr.departments',
      damage: 'department_name = upper(department_name)',
      repair: 'department_name = initcap(department_name)',
      index: 1,
    },
    {
      what: 'another salary',
      table: 'hr.employees',
      damage: 'salary = salary + 1 WHERE employee_id = 5',
      repair: 'salary = salary - 1 WHERE employee_id = 5',
      index: 2,
    },
    {
      what: 'another computed value',
      table: 'hr.employees',
      damage: 'active = NOT active WHERE employee_id = 5',
      repair: 'active = NOT active WHERE employee_id = 5',
      index: 3,
    },
  ])('$what is found', async ({ table, damage, repair, index }) => {
    // Past the triggers that keep people from what is the source's.
    const update = (set: string) =>
      demo.at.store.pool.query(
        `BEGIN; SET LOCAL session_replication_role = replica; UPDATE ${table} SET ${set}; COMMIT`,
      );
    const equal = async () => (await compareAll()).map((comparison) => comparison.equal);
    await update(damage);
    expect(await equal()).toEqual([0, 1, 2, 3].map((each) => each !== index));
    await update(repair);
    expect(await equal()).toEqual([true, true, true, true]);
  });
});

describe('whose the tables are', () => {
  const [sales] = TABLES as [(typeof TABLES)[number]];
  const names = async () => {
    const tables = await oracle.query(
      "SELECT object_name FROM user_objects WHERE object_name LIKE 'SYNCLINE%'",
    );
    const ours = new Set<unknown>(OURS.map(({ name }) => name));
    return tables.flat().filter((name) => ours.has(name));
  };

  test.each([
    ['table', `CREATE TABLE ${sales.name} (x NUMBER)`, `DROP TABLE ${sales.name} PURGE`],
    ['view', `CREATE VIEW ${sales.name} AS SELECT 1 AS x FROM dual`, `DROP VIEW ${sales.name}`],
  ])(
    'a %s of that name that somebody else made is left alone, and all else with it',
    async (kind, create, drop) => {
      await dropOwnTables(owner, OURS);
      const [, departments] = TABLES as [unknown, (typeof TABLES)[number]];
      await createOwnTables(owner, [departments]);
      await oracle.execute(create);
      try {
        await expect(createSource(owner, FEW, OURS)).rejects.toThrow(
          `a ${kind} ${sales.name} that the demo did not make`,
        );
        expect(await dropOwnTables(owner, [sales])).toEqual([]);
        expect(await names()).toEqual(expect.arrayContaining([sales.name, departments.name]));
      } finally {
        await oracle.execute(drop);
      }
      expect(await dropOwnTables(owner, OURS)).toEqual([departments.name]);
      expect(await names()).toEqual([]);
    },
  );
});
