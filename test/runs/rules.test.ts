/** Whose columns they are, which rows are set aside, which count once: through whole runs. */
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { closeWhenClosedInCrm } from '../../examples/crm-opportunities/close-when-closed.ts';
import { decimal } from '../../src/index.ts';
import { retryQuarantine } from '../../src/store/quarantine.ts';
import { createKit, type Kit } from './run-kit.ts';

let kit: Kit;
afterEach(() => kit.close());

it('local columns are ours, but for the rule that closes what the CRM closed (C18)', async () => {
  kit = await createKit({
    sql: `CREATE TABLE deals (id int PRIMARY KEY, stage text, amount int, updated_at timestamptz NOT NULL DEFAULT now());
          INSERT INTO deals SELECT n, 'PROPOSAL', n FROM generate_series(1, 4) AS n`,
    entities: {
      deals: {
        read: { table: 'public.deals' },
        key: 'id',
        changedAt: 'updated_at',
        mirror: 'crm.deals',
        columns: {
          id: {},
          stage: {},
          amount: {},
          workflow_status: { local: true, type: 'text', default: 'NEW', onSource: closeWhenClosedInCrm },
          owner_note: { local: true, type: 'text' },
        },
      },
    },
  });
  await kit.runOne('full');
  await kit.store.pool.query(
    `UPDATE crm.deals SET workflow_status = 'IN_REVIEW', owner_note = 'mine' WHERE id <= 3`,
  );
  const set = (id: number, change: string) =>
    kit.source.query(`UPDATE deals SET ${change}, updated_at = clock_timestamp() WHERE id = ${id}`);
  await set(1, `stage = 'CLOSED WON'`);
  await set(2, 'amount = 200');
  await kit.runOne('incremental');
  const columns = 'id, stage, amount, workflow_status, owner_note';
  expect(await kit.mirror('crm.deals', columns)).toEqual([
    '(1,"CLOSED WON",1,CLOSED_IN_CRM,mine)',
    '(2,PROPOSAL,200,IN_REVIEW,mine)',
    '(3,PROPOSAL,3,IN_REVIEW,mine)',
    '(4,PROPOSAL,4,NEW,)',
  ]);
  await set(1, `stage = 'PROPOSAL'`);
  await kit.runOne('incremental');
  await kit.runOne('full');
  expect((await kit.mirror('crm.deals', columns))[0]).toBe('(1,PROPOSAL,1,CLOSED_IN_CRM,mine)');
  await expect(kit.store.pool.query('UPDATE crm.deals SET amount = 0 WHERE id = 2')).rejects.toThrow(
    /source-owned/,
  );
});

it('bad rows are set aside one by one, and come in once they are good (C24)', async () => {
  kit = await createKit({
    sql: `CREATE TABLE sales (id int, amount text, note text, big text, updated_at timestamptz NOT NULL DEFAULT now());
          INSERT INTO sales SELECT n, n::text, 'n', 'b' FROM generate_series(1, 50) AS n;
          UPDATE sales SET amount = '-1' WHERE id = 3;
          UPDATE sales SET amount = 'abc' WHERE id = 4;
          UPDATE sales SET big = repeat('x', 5000) WHERE id = 5;
          INSERT INTO sales VALUES (6, '66', 'twice', 'b'), (NULL, '1', 'no key', 'b')`,
    entities: {
      sales: {
        read: { table: 'public.sales' },
        key: 'id',
        changedAt: 'updated_at',
        mirror: 'pos.sales',
        columns: {
          id: {},
          amount: { compute: (row) => row.amount ?? null, type: 'numeric' },
          note: {},
          big: {},
        },
        validate: z.object({ amount: decimal({ min: '0' }).or(z.literal('abc')) }),
        maxValueBytes: 2000,
        maxQuarantined: 100,
      },
    },
  });
  const first = await kit.runOne('full');
  expect(first.error).toBeUndefined();
  expect(first).toMatchObject({ status: 'SUCCESS', counts: { inserted: 46 } });
  const quarantine = async () => {
    const { rows } = await kit.store.pool.query<{ key: string; reason: string }>(
      `SELECT CASE WHEN key LIKE 'unreadable/%' THEN 'unreadable' ELSE key END AS key, reason FROM syncline.quarantine ORDER BY 1`,
    );
    return Object.fromEntries(rows.map(({ key, reason }) => [key, reason]));
  };
  expect(await quarantine()).toEqual({
    3: 'VALIDATION',
    4: 'COMPUTE_FAILED',
    5: 'OVERSIZED',
    6: 'DUPLICATE_KEY',
    unreadable: 'UNREADABLE_KEY',
  });

  await kit.source.query(`
    UPDATE sales SET amount = '3', updated_at = clock_timestamp() WHERE id = 3;
    UPDATE sales SET amount = '4' WHERE id = 4;
    DELETE FROM sales WHERE note = 'twice'`);
  await kit.runOne('incremental');
  expect(Object.keys(await quarantine())).toEqual(['4', '5', '6', 'unreadable']);
  // Nothing says that rows 4 and 6 changed: a person asks for them.
  expect(await retryQuarantine(kit.store.pool, { entity: 'sales', keys: ['4', '6'] })).toBe(2);
  await kit.runOne('incremental');
  expect(Object.keys(await quarantine())).toEqual(['5', 'unreadable']);
  expect(await kit.mirror('pos.sales', 'id')).toHaveLength(49);
});

it('more quarantined rows than allowed make the run PARTIAL, and it says so', async () => {
  kit = await createKit({
    sql: `CREATE TABLE sales (id int PRIMARY KEY, amount int, updated_at timestamptz NOT NULL DEFAULT now());
          INSERT INTO sales SELECT n, n - 3 FROM generate_series(1, 50) AS n`,
    entities: {
      sales: {
        read: { table: 'public.sales' },
        key: 'id',
        mirror: 'pos.sales',
        validate: z.object({ amount: z.number().min(0) }),
        maxQuarantined: 1,
      },
    },
  });
  const summary = await kit.run('full');
  expect(summary).toMatchObject({ status: 'PARTIAL', counts: { inserted: 48, quarantined: 2 } });
  expect(summary.entities[0]?.error?.code).toBe('TOO_MANY_QUARANTINED');
});

it('duplicates count once, whoever comes first and in whichever mode (C23)', async () => {
  kit = await createKit({
    sql: `CREATE TABLE sales (id int PRIMARY KEY, till int, amount int, sold_at timestamptz, updated_at timestamptz NOT NULL DEFAULT now());
          INSERT INTO sales VALUES (10, 1, 5, '2026-01-01 10:01'), (11, 1, 5, '2026-01-01 10:02'), (12, NULL, 5, '2026-01-01 10:01'),
                                   (13, NULL, 5, '2026-01-01 10:03'), (14, 1, 5, '2026-01-01 10:05')`,
    entities: {
      sales: {
        read: { table: 'public.sales' },
        key: 'id',
        changedAt: 'updated_at',
        mirror: 'pos.sales',
        deduplicate: { by: ['till', 'amount'], at: 'sold_at', within: '5 minutes', retention: '9999 days' },
      },
    },
  });
  expect((await kit.runOne('full')).counts).toMatchObject({ inserted: 3, skipped: 2 });
  expect(await kit.mirror('pos.sales', 'id')).toEqual(['(10)', '(12)', '(14)']);
  // An earlier one arrives late and takes over; re-reading changes nothing.
  await kit.source.query(`INSERT INTO sales VALUES (9, 1, 5, '2026-01-01 10:00')`);
  await kit.runOne('incremental');
  await kit.runOne('full');
  expect(await kit.mirror('pos.sales', 'id')).toEqual(['(9)', '(12)', '(14)']);
  // The survivor goes: the next full run brings the lowest of the others.
  await kit.source.query('DELETE FROM sales WHERE id IN (9, 12)');
  await kit.run('full', { allowMassDelete: true });
  await kit.runOne('full');
  expect(await kit.mirror('pos.sales', 'id')).toEqual(['(10)', '(13)', '(14)']);
});

it('two sources share a mirror, and neither deletes the other’s rows (C16)', async () => {
  const shared = {
    key: 'id',
    changedAt: 'updated_at',
    mirror: { table: 'all.people', shared: true },
  } as const;
  kit = await createKit({
    sql: `CREATE TABLE north (id int PRIMARY KEY, name text, updated_at timestamptz NOT NULL DEFAULT now());
          CREATE TABLE south (LIKE north INCLUDING ALL);
          INSERT INTO north SELECT n, 'n' || n FROM generate_series(1, 10) AS n;
          INSERT INTO south SELECT n, 's' || n FROM generate_series(5, 20) AS n`,
    entities: { north_people: { ...shared, read: { table: 'public.north' } } },
    secondEntities: { south_people: { ...shared, read: { table: 'public.south' } } },
  });
  await kit.run('full');
  await kit.run('full', { pipeline: 'q' });
  expect(await kit.mirror('"all".people', 'sync_source, id')).toHaveLength(26);
  await kit.source.query('DELETE FROM north WHERE id = 5; DELETE FROM south WHERE id = 6');
  await kit.run('full', { pipeline: 'q' });
  await kit.run('full');
  expect(await kit.mirror('"all".people', 'sync_source, id')).toHaveLength(24);
});
