/** The shipped rules through the engine, from configuration to verdict, task, backup and line of history. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { financialRecordRule } from '../../examples/finance/financial-record-rule.ts';
import { inventoryRule } from '../../examples/hr/inventory-rule.ts';
import { salaryRule } from '../../examples/hr/salary-rule.ts';
import { licenseRule } from '../../examples/licenses/license-rule.ts';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { LEDGER_DDL } from '../../src/connectors/postgres/ledger.ts';
import { accept, requireApproval } from '../../src/domain/upload/rule-outcomes.ts';
import type { BusinessRule } from '../../src/domain/upload/rules.ts';
import { createKit, type Kit, type KitOptions } from '../runs/run-kit.ts';
import { decide, hlcAt, type Sent, upload } from './upload-kit.ts';

let kit: Kit;
let deps: ActivityDeps;

const writable = (columns: [string, ...string[]], more: object) => ({
  writeBack: 'source' as const,
  writable: columns,
  operations: ['insert', 'update', 'delete'] as const,
  ...more,
});

/** Without it nobody is asked: the shipped rule rejects. Record 1 has nobody to ask. */
const asksTheCfo: BusinessRule = {
  name: 'asks-the-cfo',
  decide: ({ key, clashing, approvedBy }) =>
    key !== '1' && clashing.length > 0 && approvedBy.length === 0
      ? requireApproval('The books say otherwise', { role: 'CFO' })
      : accept(),
};

const ENTITIES = {
  employees: {
    read: { table: 'hr.employees' },
    key: 'id',
    mirror: 'hr.employees',
    upload: writable(['salary'], { rules: [salaryRule] }),
  },
  inventories: {
    read: { table: 'hr.inventories' },
    key: ['product_id', 'location_id'],
    mirror: 'inventory.inventories',
    upload: writable(['quantity_on_hand'], {
      rules: [inventoryRule],
      fields: { quantity_on_hand: { policy: 'rules' } },
    }),
  },
  stock_transactions: {
    read: { table: 'hr.stock_transactions' },
    key: 'transaction_id',
    mirror: 'inventory.stock_transactions',
  },
  records: {
    read: { table: 'hr.records' },
    key: 'id',
    mirror: 'books.records',
    upload: writable(['amount'], {
      rules: [asksTheCfo, financialRecordRule],
      policy: 'rules',
      approval: { resolvers: { role: 'CFO' } },
    }),
  },
  licenses: {
    read: { table: 'hr.licenses' },
    key: 'id',
    mirror: 'hr.licenses',
    upload: writable(['status'], { rules: [licenseRule], fields: { status: { policy: 'rules' } } }),
  },
} as unknown as KitOptions['entities'];

beforeAll(async () => {
  kit = await createKit({
    sql: `CREATE SCHEMA hr;
      CREATE TABLE hr.employees (id int PRIMARY KEY, salary numeric(12, 2));
      INSERT INTO hr.employees VALUES (1, 1000), (2, 1000), (3, 1000), (4, 1000), (5, NULL), (6, 0), (7, 1000);
      CREATE TABLE hr.inventories (product_id int, location_id int, quantity_on_hand int, PRIMARY KEY (product_id, location_id));
      INSERT INTO hr.inventories SELECT 1, n, 100000 FROM generate_series(1, 5) AS n;
      CREATE TABLE hr.stock_transactions (transaction_id int PRIMARY KEY, product_id int, location_id int, quantity int);
      INSERT INTO hr.stock_transactions SELECT n, 1, n, 10 FROM generate_series(1, 5) AS n;
      CREATE TABLE hr.records (id int PRIMARY KEY, amount numeric(12, 2), approved_by text);
      INSERT INTO hr.records SELECT n, 100, NULL FROM generate_series(1, 5) AS n;
      CREATE TABLE hr.licenses (id int PRIMARY KEY, status char(10));
      INSERT INTO hr.licenses SELECT n, 'ISSUED' FROM generate_series(1, 5) AS n;
      ${LEDGER_DDL.join(';\n')};`,
    entities: ENTITIES,
  });
  await kit.run('full');
  deps = kit.worker();
}, 60_000);
afterAll(() => kit?.close());

const edit = (entity: string, row: string, { to, from }: { to: object; from: object }) => ({
  entity,
  row,
  operation: 'update',
  values: to,
  base: { values: from },
  hlc: hlcAt(Date.now() + 1_000),
});

async function one(sql: string): Promise<unknown> {
  const { rows } = await kit.source.query<{ value: unknown }>(`SELECT (${sql})::text AS value`);
  return rows[0]?.value ?? null;
}

async function ofStore(sql: string): Promise<unknown[]> {
  return (await kit.store.pool.query(sql)).rows;
}

describe('salary', () => {
  const raise = async (id: number, [from, to]: [string | null, string], sent: Sent = {}) =>
    (
      await upload(
        deps,
        [edit('employees', String(id), { to: { salary: to }, from: { salary: from } })],
        sent,
      )
    )[0];
  const salary = (id: number) => one(`SELECT salary FROM hr.employees WHERE id = ${id}`);

  test('a raise of 10 % passes, a cent more needs the permission', async () => {
    expect(await raise(1, ['1000', '1100'])).toMatchObject({ status: 'applied' });
    expect(await raise(2, ['1000', '1100.01'])).toMatchObject({
      status: 'rejected',
      code: 'RULE_REJECTED',
      message: 'Insufficient permissions',
    });
    expect(await raise(3, ['1000', '1100.01'], { permissions: ['SALARY_OVERRIDE'] })).toMatchObject({
      status: 'applied',
    });
    expect([await salary(1), await salary(2), await salary(3)]).toEqual(['1100.00', '1000.00', '1100.01']);
  });

  test('of no salary, or of 0, every raise is over 10 %', async () => {
    expect(await raise(5, [null, '1'])).toMatchObject({ status: 'rejected' });
    expect(await raise(6, ['0', '1'])).toMatchObject({ status: 'rejected' });
    expect(await raise(6, ['0', '1'], { permissions: ['SALARY_OVERRIDE'], device: 'd2' })).toMatchObject({
      status: 'applied',
    });
  });

  test('of a source that does not say when it changed a row, no older change goes over what was seen (C19)', async () => {
    await kit.source.query('UPDATE hr.employees SET salary = 1050 WHERE id = 7');
    const change = edit('employees', '7', { to: { salary: '1080' }, from: { salary: '1000' } });
    expect(await upload(deps, [{ ...change, hlc: hlcAt(Date.now() - 3_600_000) }])).toMatchObject([
      { status: 'conflict' },
    ]);
    expect(await salary(7)).toBe('1050.00');
    expect(await raise(7, ['1000', '1090'], { device: 'd2' })).toMatchObject({ status: 'applied' });
    expect(await salary(7)).toBe('1090.00');
  });

  test('a decrease waits for approval, and a task says so', async () => {
    const verdict = await raise(4, ['1000', '900']);
    expect(verdict).toMatchObject({ status: 'pending_approval', message: 'A lower salary needs approval' });
    expect(
      await ofStore(`SELECT kind, state FROM syncline.task WHERE entity = 'employees' AND row_id = '4'`),
    ).toEqual([{ kind: 'conflict', state: 'open' }]);
    await decide(deps, verdict?.conflictId ?? '', { decision: 'client', round: 1 });
    expect(await salary(4)).toBe('900.00');
    expect(
      await ofStore(`SELECT state FROM syncline.task WHERE entity = 'employees' AND row_id = '4'`),
    ).toEqual([{ state: 'closed' }]);
  });
});

describe('inventory: 100010 by the transactions', () => {
  const counted = async (location: number, { source, client }: { source: number; client: number }) => {
    await kit.source.query('UPDATE hr.inventories SET quantity_on_hand = $2 WHERE location_id = $1', [
      location,
      source,
    ]);
    const change = { to: { quantity_on_hand: client }, from: { quantity_on_hand: 100_000 } };
    return (await upload(deps, [edit('inventories', `1|${location}`, change)]))[0];
  };
  const quantity = (location: number) =>
    one(`SELECT quantity_on_hand FROM hr.inventories WHERE location_id = ${location}`);
  const tasks = (location: number) =>
    ofStore(`SELECT title FROM syncline.task WHERE entity = 'inventories' AND row_id = '1|${location}'`);
  const notes = async (location: number) =>
    JSON.stringify(
      await ofStore(
        `SELECT change FROM syncline.change_log WHERE entity = 'inventories' AND key = '1|${location}'`,
      ),
    );

  test('the side that is strictly nearer wins; who is right needs nobody', async () => {
    await counted(1, { source: 100_020, client: 100_010 });
    expect(await quantity(1)).toBe('100010');
    expect(await tasks(1)).toEqual([]);
    expect(await notes(1)).toContain('took the client');
  });

  test('a tie is the source’s, and somebody has to look', async () => {
    expect(await counted(2, { source: 100_015, client: 100_005 })).toMatchObject({ status: 'conflict' });
    expect(await quantity(2)).toBe('100015');
    expect(await tasks(2)).toEqual([{ title: 'Investigate quantity discrepancy' }]);
    expect(await notes(2)).toContain('took the source');
  });
});

describe('financial record', () => {
  const override = async (id: number) => {
    await kit.source.query('UPDATE hr.records SET amount = 200 WHERE id = $1', [id]);
    const change = { to: { amount: '300' }, from: { amount: '100' } };
    return (await upload(deps, [edit('records', String(id), change)]))[0];
  };

  test('the source wins unless the CFO approved', async () => {
    expect(await override(1)).toMatchObject({
      status: 'rejected',
      code: 'RULE_REJECTED',
      message: 'Financial override rejected',
    });
    const gone = { entity: 'records', row: '2', operation: 'delete', base: { values: { amount: '100' } } };
    expect(await upload(deps, [gone])).toMatchObject([{ message: 'Financial override rejected' }]);
    expect(await one('SELECT amount FROM hr.records WHERE id = 1')).toBe('200.00');
    expect(await one('SELECT count(*) FROM hr.records WHERE id = 2')).toBe('1');
    expect(await ofStore('SELECT FROM syncline.backup')).toHaveLength(0);
  });

  test('who else approves is not enough; with the CFO it is written, and what it replaces is kept', async () => {
    const verdict = await override(3);
    expect(verdict).toMatchObject({ status: 'pending_approval', message: 'The books say otherwise' });
    const id = verdict?.conflictId ?? '';
    expect(await decide(deps, id, { decision: 'client', round: 1, approvedBy: ['clerk'] })).toMatchObject({
      kind: 'reopen',
      because: 'refused',
    });
    expect(await ofStore('SELECT FROM syncline.backup')).toHaveLength(0);
    expect(await decide(deps, id, { decision: 'client', round: 2, approvedBy: ['CFO'] })).toEqual({
      kind: 'applied',
    });
    expect(await one('SELECT amount FROM hr.records WHERE id = 3')).toBe('300.00');
    expect(await ofStore(`SELECT row_before->>'amount' AS amount, rule FROM syncline.backup`)).toEqual([
      { amount: '200.00', rule: 'financial-record' },
    ]);
    const [line] = await ofStore(
      `SELECT change FROM syncline.change_log WHERE entity = 'records' AND key = '3'`,
    );
    expect(JSON.stringify(line)).toContain('approved by the CFO');
  });
});

describe('license', () => {
  const clash = async (id: number, { source, client }: { source: string; client: string }) => {
    await kit.source.query('UPDATE hr.licenses SET status = $2 WHERE id = $1', [id, source]);
    const change = { to: { status: client }, from: { status: 'ISSUED' } };
    return (await upload(deps, [edit('licenses', String(id), change)]))[0];
  };
  const status = (id: number) => one(`SELECT status FROM hr.licenses WHERE id = ${id}`);

  test('active beats inactive, whichever side said so', async () => {
    await clash(1, { source: 'INACTIVE', client: 'ACTIVE' });
    await clash(2, { source: 'ACTIVE', client: 'INACTIVE' });
    expect([await status(1), await status(2)].map((text) => String(text).trim())).toEqual([
      'ACTIVE',
      'ACTIVE',
    ]);
    const [line] = await ofStore(
      `SELECT change FROM syncline.change_log WHERE entity = 'licenses' AND key = '1'`,
    );
    expect(JSON.stringify(line)).toContain('active beats inactive');
  });

  test('any other pair is a human’s', async () => {
    const verdict = await clash(3, { source: 'SUSPENDED', client: 'EXPIRED' });
    expect(verdict).toMatchObject({ status: 'pending_approval' });
    await decide(deps, verdict?.conflictId ?? '', { decision: 'client', round: 1 });
    expect(String(await status(3)).trim()).toBe('EXPIRED');
  });
});
