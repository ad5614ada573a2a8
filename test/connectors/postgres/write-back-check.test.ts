import { afterAll, beforeAll, expect, test } from 'vitest';
import type { CheckedEntity } from '../../../src/connectors/write-contract.ts';
import { never } from '../kit.ts';
import { type WriteWorld, writeWorld } from './write-back-kit.ts';

const operations = ['insert', 'update', 'delete'] as const;
const item: CheckedEntity = { entity: 'items', table: 'items', key: ['id'], operations };
const stock: CheckedEntity = { entity: 'stock', table: 'depot.stock', key: ['id'], operations };

let world: WriteWorld;

beforeAll(async () => {
  world = await writeWorld();
  await world.run(
    'CREATE TABLE items (id int PRIMARY KEY, amount int)',
    'CREATE SCHEMA depot',
    'CREATE TABLE depot.stock (id int PRIMARY KEY)',
    'CREATE SEQUENCE depot.ids',
    `CREATE PROCEDURE depot.write_stock() LANGUAGE sql AS 'SELECT 1'`,
    'REVOKE ALL ON PROCEDURE depot.write_stock FROM PUBLIC',
  );
}, 60_000);
afterAll(() => world?.close());

const problems = async (...entities: CheckedEntity[]): Promise<string[]> =>
  (await world.target().findProblems(entities, never)).map(({ problem }) => problem);

test('rights that are missing are named, by what the entity may do', async () => {
  expect(await problems(item)).toEqual(['the login lacks SELECT, UPDATE, INSERT, DELETE on items']);
  await world.run(`GRANT SELECT, UPDATE (amount) ON items TO ${world.user}`);
  expect(await problems(item)).toEqual(['the login lacks INSERT, DELETE on items']);
  expect(await problems({ ...item, operations: ['update'] })).toEqual([]);
});

test('a schema that may not be entered, a sequence and a procedure', async () => {
  const wanted = { ...stock, keySequence: 'depot.ids', call: 'depot.write_stock' };
  expect(await problems(wanted)).toEqual([
    'the login lacks USAGE of the schema, SELECT, UPDATE on depot.stock',
    'there is no procedure depot.write_stock, or the login may not execute it',
    'there is no sequence depot.ids, or the login lacks USAGE on it',
  ]);
  await world.grant(stock, wanted);
  expect(await problems(stock, wanted)).toEqual([]);
});

test('the ledger', async () => {
  await world.run(`REVOKE DELETE ON syncline_target.ledger FROM ${world.user}`);
  expect(await problems()).toEqual(['the login lacks DELETE on the ledger syncline_target.ledger']);
  await world.run('DROP SCHEMA syncline_target CASCADE');
  expect(await world.target().findProblems([], never)).toEqual([
    { entity: null, problem: 'the ledger syncline_target.ledger is missing' },
  ]);
});
