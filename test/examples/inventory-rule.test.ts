import pg from 'pg';
import { describe, expect, test } from 'vitest';
import { inventoryRule } from '../../examples/hr/inventory-rule.ts';
import { hrTables } from '../../examples/hr/rows.ts';
import type { RuleContext, Value } from '../../src/index.ts';
import { freshDatabase, storeServer } from '../support/servers.ts';
import { ruleContext } from './rule-kit.ts';

const TASK = { kind: 'quantity-discrepancy', title: 'Investigate quantity discrepancy' };

function context({ client, source, expected }: Record<'client' | 'source' | 'expected', Value>): RuleContext {
  return ruleContext({
    current: { product_id: 1, location_id: 2, quantity_on_hand: source },
    client: { quantity_on_hand: client },
    clashing: ['quantity_on_hand'],
    queries: { history: [{ expected }] },
  });
}

test.each([
  // Client, source, expected by the history: the quantity taken, and whether somebody has to look.
  { client: '10', source: '12', expected: '10', taken: '10', right: true },
  { client: '10', source: '12', expected: '12', taken: '12', right: true },
  { client: '10', source: '12', expected: '11', taken: '12', right: false },
  { client: '12', source: '10', expected: '11', taken: '10', right: false },
  { client: '10', source: '13', expected: '11', taken: '10', right: false },
  { client: '10', source: '13', expected: '12', taken: '13', right: false },
  { client: '10', source: '12', expected: '-5', taken: '10', right: false },
  { client: '-1', source: '1', expected: '0', taken: '1', right: false },
  {
    client: '9007199254740993',
    source: '9007199254740995',
    expected: '9007199254740994',
    taken: '9007199254740995',
    right: false,
  },
  {
    client: '9007199254740993',
    source: '9007199254740996',
    expected: '9007199254740994',
    taken: '9007199254740993',
    right: false,
  },
  { client: 10, source: 12, expected: '10.000', taken: 10, right: true },
])('client $client, source $source, expected $expected: $taken', ({ taken, right, ...given }) => {
  const outcome = inventoryRule.decide(context(given));
  const side = taken === given.client ? 'client' : 'source';
  expect(outcome).toMatchObject({
    kind: 'use',
    values: { quantity_on_hand: taken },
    audit: expect.stringContaining(`took the ${side}'s count, which ${right ? 'equals' : 'differs from'}`),
  });
  expect(outcome.task).toEqual(right ? undefined : TASK);
});

test('where only one side counted, the count is taken', () => {
  const given = context({ client: '10', source: '12', expected: '99' });
  expect(inventoryRule.decide({ ...given, clashing: [] })).toEqual({ kind: 'accept' });
  expect(inventoryRule.decide({ ...given, clashing: ['reorder_level'] })).toEqual({ kind: 'accept' });
  expect(inventoryRule.decide({ ...given, current: null })).toEqual({ kind: 'accept' });
});

test('no quantity is no count', () => {
  const outcome = inventoryRule.decide(context({ client: null, source: '12', expected: '12' }));
  expect(outcome).toEqual({ kind: 'reject', reason: 'A count needs a quantity' });
});

describe('the history', () => {
  test('of the generated rows it says what is there, whatever was deleted since or moved elsewhere', async () => {
    await using database = await historyDatabase();
    const [stock] = rowsOf('INVENTORIES');
    const [productId, locationId, quantity] = stock as readonly Value[];
    const history = inventoryRule.queries?.history;
    const given = ruleContext({
      current: { product_id: productId, location_id: locationId } as never,
      client: {},
    });
    const { rows } = await database.client.query(history?.sql ?? '', [...(history?.params?.(given) ?? [])]);
    expect(rows).toEqual([{ expected: String(quantity) }]);
  });
});

function rowsOf(table: string): (readonly Value[])[] {
  const found = hrTables({ employees: 50, stockTransactions: 5_000 }).find(
    (candidate) => candidate.table === table,
  );
  return [...(found?.rows() ?? [])] as (readonly Value[])[];
}

async function historyDatabase() {
  const database = await freshDatabase(await storeServer(), 'inventory_rule');
  const client = new pg.Client({ connectionString: database.url });
  await client.connect();
  await client.query(`
    CREATE SCHEMA inventory;
    CREATE TABLE inventory.stock_transactions (
      transaction_id bigint PRIMARY KEY, product_id bigint, location_id int, quantity bigint, sync_deleted_at timestamptz)`);
  const rows = rowsOf('STOCK_TRANSACTIONS').map(([id, product, location, , , quantity]) => [
    id,
    product,
    location,
    quantity,
  ]);
  await client.query(
    `INSERT INTO inventory.stock_transactions
     SELECT (r->>0)::bigint, (r->>1)::bigint, (r->>2)::int, (r->>3)::bigint
       FROM jsonb_array_elements($1::jsonb) r`,
    [JSON.stringify(rows)],
  );
  await client.query(`
    INSERT INTO inventory.stock_transactions
    SELECT -transaction_id, product_id, location_id, 7, now() FROM inventory.stock_transactions`);
  return {
    client,
    async [Symbol.asyncDispose]() {
      await client.end();
      await database.drop();
    },
  };
}
