/** Foreign keys of the catalogue, and the order of entities that they ask for. */
import type pg from 'pg';
import { orderByKeys } from '../../domain/foreign-key-order.ts';
import type { WriteEntity } from '../write-contract.ts';
import { findTable } from './write-back-table.ts';

/** Names of the entities, parents first. A table that is not there has no keys. */
export async function orderEntities(
  client: pg.PoolClient,
  entities: readonly WriteEntity[],
): Promise<string[]> {
  const tables: { entity: string; table: string }[] = [];
  for (const { entity, table } of entities) {
    tables.push({ entity, table: (await findTable(client, table))?.oid ?? table });
  }
  const { rows } = await client.query<{ child: string; parent: string }>(
    `SELECT conrelid AS child, confrelid AS parent FROM pg_catalog.pg_constraint
      WHERE contype = 'f' AND conrelid = ANY ($1::oid[])`,
    [tables.map(({ table }) => table).filter((oid) => /^\d+$/.test(oid))],
  );
  return orderByKeys(tables, rows);
}
