/** Foreign keys of the dictionary, and the order of entities that they ask for. */
import oracledb from 'oracledb';
import { type ForeignKey, orderByKeys } from '../../domain/foreign-key-order.ts';
import type { WriteEntity } from '../write-contract.ts';
import { parseTable, quoteTable } from './relation.ts';

const FOREIGN_KEYS = `
  SELECT c.owner, c.table_name, p.owner, p.table_name
    FROM all_constraints c JOIN all_constraints p
      ON p.owner = c.r_owner AND p.constraint_name = c.r_constraint_name
   WHERE c.constraint_type = 'R' AND c.owner = :owner AND c.table_name = :name`;

type KeyRow = [childOwner: string, child: string, parentOwner: string, parent: string];

/** Names of the entities, parents first. */
export async function orderEntities(
  connection: oracledb.Connection,
  entities: readonly WriteEntity[],
): Promise<string[]> {
  const schema = await currentSchema(connection);
  const tables = entities.map(({ entity, table }) => {
    const at = parseTable(table);
    return { entity, schema: at.schema ?? schema, table: at.table };
  });
  const keys: ForeignKey[] = [];
  for (const at of tables) {
    const { rows = [] } = await connection.execute<KeyRow>(
      FOREIGN_KEYS,
      { owner: at.schema, name: at.table },
      { outFormat: oracledb.OUT_FORMAT_ARRAY },
    );
    for (const [childOwner, child, parentOwner, parent] of rows) {
      keys.push({
        child: quoteTable({ schema: childOwner, table: child }),
        parent: quoteTable({ schema: parentOwner, table: parent }),
      });
    }
  }
  return orderByKeys(
    tables.map((each) => ({ entity: each.entity, table: quoteTable(each) })),
    keys,
  );
}

async function currentSchema(connection: oracledb.Connection): Promise<string> {
  const { rows = [] } = await connection.execute<[string]>(
    `SELECT SYS_CONTEXT('USERENV', 'CURRENT_SCHEMA') FROM DUAL`,
    {},
    { outFormat: oracledb.OUT_FORMAT_ARRAY },
  );
  return rows[0]?.[0] ?? '';
}
