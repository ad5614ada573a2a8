/** C2, C3 through whole runs: what commits late, lies in the future, has no time, or shares one. */
import { afterEach, expect, it } from 'vitest';
import { copyChanges } from '../../src/activities/copy-changes.ts';
import { prepareEntity } from '../../src/activities/prepare-entity.ts';
import { contextOf, createKit, driveEntity, type Kit, open } from './run-kit.ts';

const SQL = `
  CREATE TABLE orders (id int PRIMARY KEY, note text, updated_at timestamptz DEFAULT now());
  CREATE INDEX ON orders (updated_at, id);
  INSERT INTO orders SELECT n, 'old' FROM generate_series(1, 20) AS n`;
const ENTITIES = {
  orders: {
    read: { table: 'public.orders' },
    key: 'id',
    changedAt: 'updated_at',
    mirror: 'erp.orders',
    massDeleteGuard: 100,
  },
} as const;

let kit: Kit;
afterEach(() => kit.close());

it('transactions that stay open across runs lose nothing', async () => {
  kit = await createKit({ sql: SQL, entities: ENTITIES });
  await kit.runOne('full');
  const writers = await Promise.all([1, 2, 3].map(() => kit.source.connect()));
  for (const [at, writer] of writers.entries()) {
    await writer.query('BEGIN');
    await writer.query(
      `INSERT INTO orders (id, note) SELECT n, 'late' FROM generate_series($1::int, $2::int) AS n`,
      [100 * (at + 1), 100 * (at + 1) + 49],
    );
    await kit.source.query(`INSERT INTO orders (id, note) VALUES ($1, 'early')`, [1000 + at]);
    await kit.runOne('incremental');
  }
  for (const writer of writers) {
    await writer.query('COMMIT');
    writer.release();
    await kit.runOne('incremental');
  }
  expect(await kit.mirror('erp.orders', 'id')).toHaveLength(20 + 150 + 3);
});

it('a prepared transaction holds the watermark where it was', async () => {
  kit = await createKit({ sql: SQL, entities: ENTITIES });
  await kit.runOne('full');
  await kit.source.query(
    `BEGIN; INSERT INTO orders (id, note) VALUES (500, 'prepared'); PREPARE TRANSACTION 'later'`,
  );
  const before = (await kit.runOne('incremental')).watermark;
  await kit.source.query(`INSERT INTO orders (id, note) VALUES (501, 'meanwhile')`);
  expect((await kit.runOne('incremental')).watermark).toBe(before);
  await kit.source.query(`COMMIT PREPARED 'later'`);
  await kit.runOne('incremental');
  expect(await kit.mirror('erp.orders', 'id, note')).toEqual(
    expect.arrayContaining(['(500,prepared)', '(501,meanwhile)']),
  );
});

it('a row dated 9999 moves no checkpoint past unseen rows, and is counted', async () => {
  kit = await createKit({ sql: SQL, entities: ENTITIES });
  await kit.source.query(`INSERT INTO orders VALUES (900, 'future', '9999-12-31'), (901, 'timeless', NULL)`);
  const full = await kit.runOne('full');
  expect(full.watermark?.slice(0, 2)).toBe('20');
  const { rows } = await kit.store.pool.query(
    'SELECT null_changed_at, future_changed_at FROM syncline.sync_run_entity',
  );
  expect(rows[0]).toEqual({ null_changed_at: 1, future_changed_at: 1 });
  await kit.source.query(`INSERT INTO orders (id, note) VALUES (902, 'after')`);
  await kit.runOne('incremental');
  expect(await kit.mirror('erp.orders', 'id, note')).toEqual(
    expect.arrayContaining(['(900,future)', '(901,timeless)', '(902,after)']),
  );
});

it('50,000 rows of one instant survive an interruption among them', { timeout: 60_000 }, async () => {
  kit = await createKit({ sql: SQL, entities: ENTITIES });
  await kit.runOne('full');
  await kit.source.query(
    `INSERT INTO orders SELECT n, repeat('x', 200), '2030-01-01' FROM generate_series(1001, 51000) AS n`,
  );
  const deps = kit.worker();
  const run = { pipeline: 'p', mode: 'incremental' } as const;
  const opened = await open(deps, run);
  const ref = { ...opened.ref, entity: 'orders' };
  await prepareEntity(deps, { ref, mode: 'incremental', run }, contextOf());

  // Interrupted once some of the ties are loaded: the rest goes on at the stored position.
  const stop = new AbortController();
  const loaded = `SELECT resume_after FROM syncline.sync_chunk WHERE kind = 'changes' AND resume_after IS NOT NULL`;
  const watching = (async () => {
    while ((await kit.store.pool.query(loaded)).rows.length === 0)
      await new Promise((resolve) => setTimeout(resolve, 2));
    stop.abort(new Error('killed'));
  })();
  await expect(copyChanges(deps, { ref, timeBoxMs: 60_000 }, contextOf(stop.signal))).rejects.toThrow();
  await watching;
  expect((await kit.mirror('erp.orders', 'id')).length).toBeLessThan(50_020);

  await driveEntity(deps, ref, { run, mode: 'incremental', lanes: 1 });
  expect(await kit.mirror('erp.orders', 'id')).toHaveLength(50_020);
});

it('a joined read sees a change of either table (C20)', async () => {
  kit = await createKit({
    sql: `
      CREATE TABLE departments (id int PRIMARY KEY, name text, changed timestamptz NOT NULL DEFAULT now());
      CREATE TABLE staff (id int PRIMARY KEY, name text, department int, changed timestamptz NOT NULL DEFAULT now());
      INSERT INTO departments VALUES (1, 'Sales'), (2, 'Stores');
      INSERT INTO staff SELECT n, 'p' || n, CASE WHEN n < 8 THEN 1 + n % 2 END FROM generate_series(1, 9) AS n`,
    entities: {
      staff: {
        read: {
          sql: `SELECT s.id, s.name, s.changed, d.name AS department, d.changed AS department_changed
                  FROM staff s LEFT JOIN departments d ON d.id = s.department`,
        },
        key: 'id',
        changedAt: ['changed', 'department_changed'],
        mirror: 'hr.staff',
      },
    },
  });
  expect((await kit.runOne('full')).counts.inserted).toBe(9);
  await kit.source.query(`UPDATE departments SET name = 'Shops', changed = clock_timestamp() WHERE id = 2`);
  expect((await kit.runOne('incremental')).counts.updated).toBe(4);
  // No department, so one changedAt is NULL: the other must do.
  await kit.source.query(`UPDATE staff SET name = 'nine', changed = clock_timestamp() WHERE id = 9`);
  expect((await kit.runOne('incremental')).counts.updated).toBe(1);
});
