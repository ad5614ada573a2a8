/** C5 through whole runs. */
import { afterEach, expect, it } from 'vitest';
import { z } from 'zod';
import { ownCluster } from '../support/servers.ts';
import { createKit, type Kit } from './run-kit.ts';

let kit: Kit;
afterEach(() => kit.close());

const table = (key: string, rows: string): string =>
  `CREATE TABLE items (id ${key} PRIMARY KEY, note text, updated_at timestamptz NOT NULL DEFAULT now()); INSERT INTO items (id, note) ${rows}`;
const items = (more: object = {}) => ({
  items: {
    read: { table: 'public.items' },
    key: 'id',
    changedAt: 'updated_at',
    mirror: 'm.items',
    chunkRows: 10,
    ...more,
  },
});

it('one guard for the entity: a mass delete waits for a person, everything else is loaded', async () => {
  kit = await createKit({
    sql: table('int', `SELECT n, 'a' FROM generate_series(1, 100) AS n`),
    entities: items(),
  });
  await kit.runOne('full');
  await kit.source.query(`DELETE FROM items WHERE id <= 30; INSERT INTO items (id, note) VALUES (101, 'b')`);
  const guarded = await kit.run('full');
  expect(guarded).toMatchObject({ status: 'PARTIAL', counts: { tombstoned: 0, inserted: 1 } });
  expect(guarded.entities[0]?.error).toMatchObject({ code: 'MASS_DELETE' });
  expect((await kit.run('full', { allowMassDelete: true })).counts.tombstoned).toBe(30);
});

it('keys of text are told apart as bytes: €, é, case and trailing blanks', async () => {
  const keys = ['a', 'a ', 'A', 'é', 'e\u0301', '€', 'z', '\u{1F600}', 'B|\\', ''];
  kit = await createKit({
    sql: table('text', 'SELECT NULL::text, NULL WHERE false'),
    entities: items({ chunkRows: 3 }),
  });
  await kit.source.query(`INSERT INTO items (id, note) SELECT key, 'x' FROM unnest($1::text[]) AS key`, [
    keys,
  ]);
  expect((await kit.runOne('full')).counts.inserted).toBe(keys.length);
  await kit.source.query(`DELETE FROM items WHERE id = 'a '`);
  expect((await kit.runOne('full')).counts.tombstoned).toBe(1);
  expect(await kit.mirror('m.items', 'id')).toHaveLength(keys.length - 1);
});

it('composite keys, across chunk borders', async () => {
  kit = await createKit({
    sql: `CREATE TABLE items (shop text, id int, note text, updated_at timestamptz NOT NULL DEFAULT now(), PRIMARY KEY (shop, id));
          INSERT INTO items (shop, id, note) SELECT 's|' || n % 7, n, 'x' FROM generate_series(1, 300) AS n`,
    entities: items({ key: ['shop', 'id'], chunkRows: 41 }),
  });
  expect((await kit.runOne('full')).counts.inserted).toBe(300);
  await kit.source.query(`DELETE FROM items WHERE id % 50 = 0`);
  expect((await kit.runOne('full')).counts).toMatchObject({ tombstoned: 6, inserted: 0, updated: 0 });
});

it('a source whose order is not proved keeps a list of keys: LATIN1', { timeout: 60_000 }, async () => {
  const latin = await ownCluster({ encoding: 'LATIN1' });
  try {
    kit = await createKit({
      sql: table('text', `SELECT chr(n) || 'x', 'y' FROM generate_series(192, 255) AS n`),
      entities: items(),
      servers: { source: latin },
    });
    expect((await kit.runOne('full')).counts.inserted).toBe(64);
    await kit.source.query(`DELETE FROM items WHERE id IN (chr(233) || 'x', chr(200) || 'x')`);
    expect((await kit.runOne('full')).counts).toMatchObject({ tombstoned: 2, updated: 0 });
  } finally {
    await kit.close();
    await latin.remove();
    kit = await createKit({ sql: 'SELECT', entities: items() });
  }
});

it('rows that were set aside or left out as duplicates are no deletes', async () => {
  kit = await createKit({
    sql: `CREATE TABLE items (id int PRIMARY KEY, note text, amount int, at timestamptz, updated_at timestamptz NOT NULL DEFAULT now());
          INSERT INTO items SELECT n, 'n' || n, n, '2026-01-01' FROM generate_series(1, 40) AS n`,
    entities: items({
      validate: z.object({ amount: z.number().min(0) }),
      deduplicate: { by: ['note'], at: 'at', within: '1 hour' },
    }),
  });
  await kit.runOne('full');
  await kit.source.query(`
    UPDATE items SET amount = -1, updated_at = clock_timestamp() WHERE id = 7;
    INSERT INTO items VALUES (41, 'n3', 3, '2026-01-01 00:10')`);
  const full = await kit.runOne('full');
  expect(full.counts.tombstoned).toBe(0);
  const left = await kit.store.pool.query('SELECT key, survivor_key FROM syncline.skipped_row');
  expect(left.rows).toEqual([{ key: '41', survivor_key: '3' }]);
  expect(await kit.mirror('m.items', 'id, amount')).toContain('(7,7)');
});

it('where row security hides rows, nothing is tombstoned', async () => {
  kit = await createKit({
    sql: table('int', `SELECT n, 'a' FROM generate_series(1, 20) AS n`),
    entities: items(),
  });
  await kit.runOne('full');
  await kit.source.query(`
    CREATE ROLE hidden_reader_${process.pid} LOGIN PASSWORD 'secret-reader';
    GRANT SELECT ON items TO hidden_reader_${process.pid};
    ALTER TABLE items ENABLE ROW LEVEL SECURITY;
    CREATE POLICY few ON items USING (id > 5)`);
  try {
    const url = new URL(String(kit.worker().config.sources.erp?.options.url));
    url.username = `hidden_reader_${process.pid}`;
    url.password = 'secret-reader';
    const summary = await kit.run('full', {}, kit.workerAt(url.href));
    expect(summary.counts.tombstoned).toBe(0);
    expect(await kit.mirror('m.items', 'id')).toHaveLength(20);
  } finally {
    await kit.source.query(
      `DROP OWNED BY hidden_reader_${process.pid}; DROP ROLE hidden_reader_${process.pid}`,
    );
  }
});

it('rows outside a changed `where` are left alone by the run that meets the change', async () => {
  kit = await createKit({
    sql: table('int', `SELECT n, 'a' FROM generate_series(1, 40) AS n`),
    entities: items(),
  });
  await kit.runOne('full');
  const narrower = kit.worker({ entities: items({ read: { table: 'public.items', where: 'id > 2' } }) });
  expect((await kit.run('full', {}, narrower)).counts.tombstoned).toBe(0);
  expect((await kit.run('full', {}, narrower)).counts.tombstoned).toBe(2);
});

it('soft deletes of the source are tombstones that keep their values', async () => {
  kit = await createKit({
    sql: `CREATE TABLE items (id int PRIMARY KEY, note text, gone boolean NOT NULL DEFAULT false, updated_at timestamptz NOT NULL DEFAULT now());
          INSERT INTO items (id, note) SELECT n, 'a' FROM generate_series(1, 10) AS n`,
    entities: items({ softDelete: { column: 'gone', values: [true] } }),
  });
  await kit.runOne('full');
  await kit.source.query(`UPDATE items SET gone = true, updated_at = clock_timestamp() WHERE id = 4`);
  expect((await kit.runOne('incremental')).counts.tombstoned).toBe(1);
  const { rows } = await kit.store.pool.query(
    'SELECT note FROM m.items WHERE id = 4 AND sync_deleted_at IS NOT NULL',
  );
  expect(rows).toEqual([{ note: 'a' }]);
  await kit.source.query(`UPDATE items SET gone = false, updated_at = clock_timestamp() WHERE id = 4`);
  await kit.runOne('incremental');
  expect(await kit.mirror('m.items', 'id')).toHaveLength(10);
});
