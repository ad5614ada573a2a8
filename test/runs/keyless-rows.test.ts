/** C5 through whole runs: rows whose key has a NULL part are set aside, and the rows around them come through. */
import { afterEach, expect, it } from 'vitest';
import { createKit, type Kit } from './run-kit.ts';

const entities = (key: string | string[]) =>
  ({
    orders: {
      read: { table: 'public.orders' },
      key,
      changedAt: 'updated_at',
      mirror: 'erp.orders',
      massDeleteGuard: 100,
    },
  }) as const;

let kit: Kit;
afterEach(() => kit.close());

it('one among the changes is set aside, and increments go on', async () => {
  kit = await createKit({
    sql: `CREATE TABLE orders (id int, note text, updated_at timestamptz DEFAULT now());
          INSERT INTO orders SELECT n, 'old' FROM generate_series(1, 20) AS n`,
    entities: entities('id'),
  });
  await kit.runOne('full');
  await kit.source.query(`INSERT INTO orders (id) VALUES (NULL), (21)`);
  expect(await kit.runOne('incremental')).toMatchObject({
    status: 'SUCCESS',
    counts: { inserted: 1, quarantined: 1, tombstoned: 0 },
  });
  expect(await kit.mirror('erp.orders', 'id')).toHaveLength(21);
});

it('pieces may end with one, the first of all too', async () => {
  const wide = `repeat(md5(n::text), 30000)`;
  kit = await createKit({
    sql: `CREATE TABLE orders (a int, b int, note text, updated_at timestamptz DEFAULT now());
          INSERT INTO orders SELECT n / 10, CASE WHEN n % 3 = 0 THEN n END, ${wide} FROM generate_series(1, 60) AS n`,
    entities: entities(['a', 'b']),
  });
  expect(await kit.runOne('full')).toMatchObject({ status: 'SUCCESS', counts: { inserted: 20 } });
  // Keys that were not shown prove nothing in a range with such rows: the row stays.
  await kit.source.query(
    `DELETE FROM orders WHERE b = 3; UPDATE orders SET updated_at = now() WHERE b IS NULL`,
  );
  expect(await kit.runOne('full')).toMatchObject({
    status: 'SUCCESS',
    counts: { unchanged: 19, updated: 0, inserted: 0, tombstoned: 0, quarantined: 40 },
  });
  expect(await kit.mirror('erp.orders', 'a, b')).toHaveLength(20);
});
