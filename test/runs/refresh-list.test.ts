/** C1 through whole runs: keys that wait to be read again, whatever they are. */
import { afterEach, expect, it } from 'vitest';
import { enqueueRefresh } from '../../src/store/refresh.ts';
import { createKit, type Kit } from './run-kit.ts';

const SQL = `
  CREATE TABLE orders (id int PRIMARY KEY, note text, updated_at timestamptz NOT NULL DEFAULT '2020-01-01');
  INSERT INTO orders SELECT n, 'old' FROM generate_series(1, 20) AS n`;
const ENTITIES = {
  orders: { read: { table: 'public.orders' }, key: 'id', changedAt: 'updated_at', mirror: 'erp.orders' },
} as const;

let kit: Kit;
afterEach(() => kit.close());

const waiting = async (): Promise<string[]> => {
  const { rows } = await kit.store.pool.query<{ key: string }>(
    'SELECT key FROM syncline.refresh ORDER BY key',
  );
  return rows.map(({ key }) => key);
};

it('rows that are there are loaded, those that are gone become tombstones, other keys are struck off', async () => {
  kit = await createKit({ sql: SQL, entities: ENTITIES });
  await kit.runOne('full');
  await kit.source.query(`UPDATE orders SET note = 'new' WHERE id = 3; DELETE FROM orders WHERE id = 4`);
  // The last ones are left of keys that the entity had once: another type, other parts.
  const keys = ['3', '4', '999', 'abc', '1|2', '05'];
  await enqueueRefresh(kit.store.pool, { entity: 'orders', keys, reason: 'test' });
  expect(await kit.runOne('incremental')).toMatchObject({
    status: 'SUCCESS',
    counts: { updated: 1, tombstoned: 1 },
  });
  expect(await waiting()).toEqual([]);
  expect(await kit.mirror('erp.orders', 'id')).toHaveLength(19);
});

it('a list of nothing but strangers asks the source for nothing', async () => {
  kit = await createKit({ sql: SQL, entities: ENTITIES });
  await kit.runOne('full');
  await enqueueRefresh(kit.store.pool, { entity: 'orders', keys: ['abc'], reason: 'test' });
  expect(await kit.runOne('incremental')).toMatchObject({ status: 'SUCCESS', counts: { fetched: 0 } });
  expect(await waiting()).toEqual([]);
});
