/** Increments that follow the log of a table's changes: what they see, what they do not lose, and when they refuse to. */
import { afterEach, describe, expect, it } from 'vitest';
import { installDdl } from '../../src/connectors/oracle/capture-ddl.ts';
import { createKit, type Kit, type KitOptions } from './run-kit.ts';

let kit: Kit;
afterEach(() => kit.close());

const TABLE = { table: 'ERP.ORDERS', key: ['REGION', 'ID'] };
const ORDERS = [
  'CREATE TABLE orders (region CHAR(2), id NUMBER, amount NUMBER(10, 2), PRIMARY KEY (region, id))',
  `INSERT INTO orders SELECT 'EU', LEVEL, LEVEL * 1.5 FROM DUAL CONNECT BY LEVEL <= 20`,
];
const orders = {
  orders: {
    read: { table: 'ERP.ORDERS' },
    key: ['region', 'id'],
    capture: true,
    mirror: 'shop.orders',
  },
};
const COLUMNS = 'region, id, amount';

async function execute(...statements: readonly string[]): Promise<void> {
  for (const sql of statements) await kit.oracle?.sql('ERP', sql);
}

async function captured(more: Partial<KitOptions> = {}): Promise<void> {
  kit = await createKit({
    sql: 'SELECT',
    oracle: [...ORDERS, ...installDdl(TABLE)],
    entities: orders,
    ...more,
  });
}

describe('increments by the log of changes', () => {
  it('see inserts, updates, deletes and changed keys, without a time of change', async () => {
    await captured();
    expect((await kit.runOne('full')).counts).toMatchObject({ fetched: 20, inserted: 20 });
    await execute(
      `INSERT INTO orders VALUES ('US', 1, 7)`,
      `UPDATE orders SET amount = 0 WHERE id = 2`,
      `DELETE FROM orders WHERE id = 3`,
      `UPDATE orders SET id = 104 WHERE id = 4`,
    );
    const changed = await kit.runOne('incremental');
    expect(changed).toMatchObject({ status: 'SUCCESS', mode: 'incremental' });
    expect(changed.counts).toMatchObject({ inserted: 2, updated: 1, tombstoned: 2, lateRows: 0 });
    const rows = await kit.mirror('shop.orders', COLUMNS);
    expect(rows).toHaveLength(20);
    expect(rows).toEqual(expect.arrayContaining(['(US,1,7)', '(EU,2,0)', '(EU,104,6)']));
    const { counts } = await kit.runOne('incremental');
    expect(counts).toMatchObject({ inserted: 0, updated: 0, tombstoned: 0 });

    await execute(`INSERT INTO orders VALUES ('EU', 3, 4.5)`);
    expect((await kit.runOne('incremental')).counts).toMatchObject({ inserted: 0, updated: 1 });
    expect(await kit.mirror('shop.orders', COLUMNS)).toContain('(EU,3,4.5)');
    expect((await kit.runOne('full')).counts).toMatchObject({ unchanged: 21, tombstoned: 0, updated: 0 });
  });
});
