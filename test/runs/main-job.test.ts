import { afterAll, beforeAll, expect, it } from 'vitest';
import { createKit, type Kit } from './run-kit.ts';

let kit: Kit;

beforeAll(async () => {
  kit = await createKit({
    sql: `
      CREATE TABLE sales (id int PRIMARY KEY, amount numeric(12, 2), note text, updated_at timestamptz NOT NULL DEFAULT now());
      CREATE INDEX ON sales (updated_at, id);
      INSERT INTO sales SELECT n, n / 4.0, 'sale ' || n FROM generate_series(1, 5000) AS n`,
    entities: {
      sales: {
        read: { table: 'public.sales' },
        key: 'id',
        changedAt: 'updated_at',
        mirror: 'pos.sales',
        chunkRows: 700,
      },
    },
  });
});
afterAll(() => kit.close());

const mirrorEqualsSource = async (): Promise<void> => {
  const { rows } = await kit.source.query<{ row: string }>(
    'SELECT row(s.*)::text AS row FROM sales AS s ORDER BY id',
  );
  const columns = 'id, amount, note, updated_at';
  expect(await kit.mirror('pos.sales', columns)).toEqual(rows.map(({ row }) => row));
};

it('copies everything at first, in chunks, though an increment was asked for', async () => {
  const summary = await kit.runOne('incremental');
  expect(summary).toMatchObject({
    mode: 'full',
    status: 'SUCCESS',
    counts: { fetched: 5000, inserted: 5000 },
  });
  await mirrorEqualsSource();
});

it('follows updates and inserts by increments, deletes by full runs', async () => {
  await kit.source.query(`
    UPDATE sales SET amount = amount + 1, updated_at = clock_timestamp() WHERE id % 100 = 0;
    INSERT INTO sales (id, amount, note) VALUES (5001, 1, 'new')`);
  const increment = await kit.runOne('incremental');
  expect(increment).toMatchObject({
    mode: 'incremental',
    status: 'SUCCESS',
    counts: { updated: 50, inserted: 1 },
  });
  await mirrorEqualsSource();

  await kit.source.query('DELETE FROM sales WHERE id BETWEEN 690 AND 710');
  expect((await kit.runOne('incremental')).counts.tombstoned).toBe(0);
  expect((await kit.runOne('full')).counts).toMatchObject({ tombstoned: 21, inserted: 0, updated: 0 });
  await mirrorEqualsSource();
});

it('writes nothing where nothing changed', async () => {
  const versions = `SELECT md5(string_agg(sync_xid::text || ctid::text, ',' ORDER BY id)) AS versions FROM pos.sales`;
  const before = await kit.store.pool.query(versions);
  expect((await kit.runOne('full')).counts).toMatchObject({ inserted: 0, updated: 0, tombstoned: 0 });
  expect((await kit.runOne('incremental')).counts).toMatchObject({ inserted: 0, updated: 0, tombstoned: 0 });
  expect((await kit.store.pool.query(versions)).rows).toEqual(before.rows);
});

it('revives a row that comes back', async () => {
  await kit.source.query(`INSERT INTO sales (id, amount, note) VALUES (700, 175, 'sale 700')`);
  await kit.runOne('incremental');
  await mirrorEqualsSource();
});

it('keeps mirrors of entities without uploads lean: no sync_fields (C25)', async () => {
  const { rows } = await kit.store.pool.query<{ name: string }>(
    `SELECT attname AS name FROM pg_attribute WHERE attrelid = 'pos.sales'::regclass AND attnum > 0`,
  );
  const names = rows.map(({ name }) => name);
  expect(names).toContain('sync_xid');
  expect(names).not.toContain('sync_fields');
});

it('a bounded run tombstones nothing and leaves the checkpoint (C5)', async () => {
  const checkpoint = async () =>
    (await kit.store.pool.query('SELECT version, watermark FROM syncline.checkpoint')).rows;
  const before = await checkpoint();
  await kit.source.query('DELETE FROM sales WHERE id <= 5');
  expect((await kit.run('full', { maxRows: 1000 })).counts).toMatchObject({ tombstoned: 0 });
  expect((await kit.run('full', { since: '2020-01-01T00:00:00Z' })).counts).toMatchObject({ tombstoned: 0 });
  expect(await checkpoint()).toEqual(before);
  expect((await kit.runOne('full')).counts.tombstoned).toBe(5);
});
