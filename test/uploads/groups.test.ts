/** Changes that a device sends as a group: all of them are applied, or none. */
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ActivityDeps } from '../../src/activities/deps.ts';
import { LEDGER_DDL } from '../../src/connectors/postgres/ledger.ts';
import { createKit, type Kit, type KitOptions } from '../runs/run-kit.ts';
import { mortal } from './crash-kit.ts';
import { hlcAt, process, stage, upload, verdictsOf } from './upload-kit.ts';

let kit: Kit;
let deps: ActivityDeps;

const uploads = (writeBack: 'source' | 'mirror') => ({
  writeBack,
  writable: ['amount', 'note'],
  operations: ['insert', 'update'] as const,
  fields: { note: { policy: 'manual' as const } },
});

const entities = {
  accounts: {
    read: { table: 'bank.accounts' },
    key: 'id',
    mirror: 'bank.accounts',
    upload: uploads('source'),
  },
  checks: {
    read: { sql: 'SELECT id FROM bank.accounts' },
    key: 'id',
    mirror: 'bank.checks',
    columns: {
      id: {},
      amount: { local: true, type: 'integer', default: '0' },
      note: { local: true, type: 'text', default: '' },
    },
    upload: uploads('mirror'),
  },
} as unknown as KitOptions['entities'];

beforeAll(async () => {
  kit = await createKit({
    sql: `CREATE SCHEMA bank;
      CREATE TABLE bank.accounts (id bigint PRIMARY KEY, amount bigint CHECK (amount >= 0), note text);
      INSERT INTO bank.accounts SELECT n, 100, 'old' FROM generate_series(1, 300) AS n;
      ${LEDGER_DDL.join(';\n')};`,
    entities,
  });
  await kit.run('full');
  deps = kit.worker();
}, 60_000);
afterAll(() => kit?.close());

const edit = (row: number, values: object, more: object = {}) => ({
  entity: 'accounts',
  row: String(row),
  operation: 'update',
  values,
  base: { values: { amount: '100', note: 'old' } },
  hlc: hlcAt(Date.now()),
  group: 'transfer',
  ...more,
});

async function amounts(rows: readonly number[]): Promise<number[]> {
  const { rows: found } = await kit.source.query<{ amount: string }>(
    'SELECT amount::text FROM bank.accounts WHERE id = ANY ($1) ORDER BY id',
    [rows],
  );
  return found.map(({ amount }) => Number(amount));
}

describe('a group', () => {
  test('is applied as one', async () => {
    const verdicts = await upload(deps, [
      edit(1, { amount: 50 }),
      edit(2, { amount: 150 }),
      edit(3, { amount: 100 }),
      edit(4, { amount: 1 }, { group: undefined }),
    ]);
    expect(verdicts.map(({ status }) => status)).toEqual(['applied', 'applied', 'applied', 'applied']);
    expect(await amounts([1, 2, 3, 4])).toEqual([50, 150, 100, 1]);
  });

  test('of which the source refuses one row is not applied; each says which row it was', async () => {
    const verdicts = await upload(deps, [
      edit(10, { amount: 50 }),
      edit(11, { amount: -1 }),
      edit(12, { amount: 150 }),
      edit(13, { amount: 7 }, { group: 'other' }),
    ]);
    expect(verdicts).toMatchObject([
      { status: 'rejected', code: 'GROUP_FAILED', message: expect.stringContaining('Row 11') },
      { status: 'rejected', code: '23514' },
      { status: 'rejected', code: 'GROUP_FAILED' },
      { status: 'applied' },
    ]);
    expect(await amounts([10, 11, 12, 13])).toEqual([100, 100, 100, 7]);
  });

  test('one of whose changes loses, may not be made, or is a human’s to decide is not applied', async () => {
    await kit.source.query(`UPDATE bank.accounts SET note = 'theirs' WHERE id = 21`);
    const waits = await upload(deps, [edit(20, { amount: 50 }), edit(21, { note: 'mine' })]);
    expect(waits).toMatchObject([{ code: 'GROUP_FAILED' }, { code: 'GROUP_FAILED' }]);
    const forbidden = await upload(deps, [edit(22, { amount: 50 }), edit(23, { id: 7 })]);
    expect(forbidden).toMatchObject([{ code: 'GROUP_FAILED' }, { code: 'NOT_ALLOWED' }]);
    const gone = await upload(deps, [edit(24, { amount: 50 }), edit(99_999, { amount: 3 })]);
    expect(gone).toMatchObject([{ code: 'GROUP_FAILED' }, { status: 'conflict' }]);
    expect(await amounts([20, 21, 22, 23, 24])).toEqual([100, 100, 100, 100, 100]);
  });

  test('that meets a row which waits for a decision is refused, and can be sent again', async () => {
    await kit.source.query(`UPDATE bank.accounts SET note = 'theirs' WHERE id = 31`);
    const held = await upload(deps, [edit(31, { note: 'mine' }, { group: undefined })]);
    expect(held).toMatchObject([{ status: 'pending_approval' }]);
    const verdicts = await upload(deps, [edit(30, { amount: 50 }), edit(31, { amount: 150 })]);
    expect(verdicts).toMatchObject([{ code: 'GROUP_FAILED' }, { code: 'GROUP_FAILED' }]);
    expect(await amounts([30, 31])).toEqual([100, 100]);
  });

  test('is of one place, names each row once, and can be read', async () => {
    const several = await upload(deps, [
      edit(40, { amount: 50 }),
      edit(41, { amount: 50 }, { entity: 'checks' }),
    ]);
    const twice = await upload(deps, [edit(42, { amount: 50 }), edit(42, { note: 'x' })]);
    const unreadable = await upload(deps, [edit(43, { amount: 50 }), { ...edit(44, {}), operation: 'burn' }]);
    expect(several.map(({ code }) => code)).toEqual(['GROUP_INVALID', 'GROUP_INVALID']);
    expect(twice.map(({ code }) => code)).toEqual(['GROUP_INVALID', 'GROUP_INVALID']);
    expect(unreadable.map(({ code }) => code)).toEqual(['GROUP_INVALID', 'MUTATION_INVALID']);
    expect(await amounts([40, 41, 42, 43])).toEqual([100, 100, 100, 100]);
  });

  test('in the mirror is one transaction too', async () => {
    const local = (row: number, values: object) =>
      edit(row, values, { entity: 'checks', base: { values: { amount: '0', note: '' } } });
    const good = await upload(deps, [local(50, { amount: 1 }), local(51, { amount: 2 })]);
    expect(good).toMatchObject([{ status: 'applied' }, { status: 'applied' }]);
    const bad = await upload(deps, [local(52, { amount: 1 }), local(99_999, { amount: 2 })]);
    expect(bad).toMatchObject([{ code: 'GROUP_FAILED' }, { status: 'conflict' }]);
    expect(await kit.mirror('bank.checks', 'id, amount').then((rows) => rows.slice(49, 52))).toEqual([
      '(50,1)',
      '(51,2)',
      '(52,0)',
    ]);
  });

  test('is whole, whenever its worker dies', async () => {
    let died: string | null = '';
    let rounds = 0;
    for (let step = 1; died !== null; step += 4) {
      const [one, two] = [60 + 2 * rounds, 61 + 2 * rounds];
      rounds++;
      const ref = { device: `g${rounds}`, key: 'u' };
      await stage(deps, [edit(one, { amount: 50 }), edit(two, { amount: 150 })], ref);
      const worker = mortal(deps, { step, when: rounds % 2 === 0 ? 'before' : 'after' });
      await process(worker.deps, ref).catch((error: unknown) => {
        if (worker.diedAt() === null) throw error;
      });
      died = worker.diedAt();
      await kit.store.pool.query('DELETE FROM syncline.source_slot');
      await process(deps, ref);
      expect(await amounts([one, two]), `the worker died ${died}`).toEqual([50, 150]);
      expect((await verdictsOf(deps, ref)).map(({ status }) => status)).toEqual(['applied', 'applied']);
    }
    expect(rounds).toBeGreaterThan(5);
  }, 120_000);
});
