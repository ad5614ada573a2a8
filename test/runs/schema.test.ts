/** C2, C21: the source changes its shape, or becomes another database. */
import { afterEach, expect, it } from 'vitest';
import { createKit, type Kit } from './run-kit.ts';

let kit: Kit;
afterEach(() => kit.close());

const SQL = `CREATE TABLE items (id int PRIMARY KEY, size int, note varchar(10), updated_at timestamptz NOT NULL DEFAULT now());
             INSERT INTO items SELECT n, n, 'a' FROM generate_series(1, 30) AS n`;
const items = (more: object = {}) => ({
  items: { read: { table: 'public.items' }, key: 'id', changedAt: 'updated_at', mirror: 'm.items', ...more },
});

it('stops at a new column and says what to do, unless it may apply it', async () => {
  kit = await createKit({ sql: SQL, entities: items() });
  await kit.runOne('full');
  await kit.source.query(`ALTER TABLE items ADD COLUMN colour text DEFAULT 'red'`);
  const stopped = await kit.run('incremental');
  expect(stopped.status).toBe('FAILED');
  expect(stopped.entities[0]?.error).toMatchObject({ code: 'SCHEMA_CHANGED' });
  expect(stopped.entities[0]?.error?.message).toContain('colour');

  // A column that is added must be filled for every row: the run goes full by itself.
  const applying = kit.worker({ entities: items({ schemaChanges: 'apply' }) });
  const applied = await kit.run('incremental', {}, applying);
  expect(applied).toMatchObject({ status: 'SUCCESS', entities: [{ mode: 'full' }] });
  expect(await kit.mirror('m.items', 'id, colour')).toContain('(30,red)');
});

it('widens a column that the source widened', async () => {
  kit = await createKit({ sql: SQL, entities: items({ schemaChanges: 'apply' }) });
  await kit.runOne('full');
  await kit.source.query(`ALTER TABLE items ALTER COLUMN size TYPE bigint;
    UPDATE items SET size = 9007199254740993, updated_at = clock_timestamp() WHERE id = 1`);
  expect((await kit.run('incremental')).status).toBe('SUCCESS');
  expect(await kit.mirror('m.items', 'id, size')).toContain('(1,9007199254740993)');
});

it('a column that is gone stops the entity before any delete', async () => {
  kit = await createKit({ sql: SQL, entities: items({ columns: { id: {}, size: {}, note: {} } }) });
  await kit.runOne('full');
  await kit.source.query('ALTER TABLE items DROP COLUMN size; DELETE FROM items WHERE id < 5');
  const summary = await kit.run('full');
  expect(summary.status).toBe('FAILED');
  expect(summary.entities[0]?.error).toMatchObject({ code: 'SCHEMA_CHANGED' });
  expect(summary.entities[0]?.error?.message).toContain('size');
  expect(await kit.mirror('m.items', 'id')).toHaveLength(30);
});

it('another source needs a full run (C2)', async () => {
  kit = await createKit({ sql: SQL, entities: items() });
  await kit.runOne('full');
  await kit.store.pool.query(`UPDATE syncline.checkpoint SET source_identity = 'another cluster'`);
  expect((await kit.run('incremental')).entities[0]?.error).toMatchObject({
    code: 'SOURCE_IDENTITY_CHANGED',
  });
  expect((await kit.run('full')).status).toBe('SUCCESS');
  expect((await kit.run('incremental')).status).toBe('SUCCESS');
});
