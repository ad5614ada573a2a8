/** Foreign keys among mirrors, which people may have added. */
import type { EntitySpec } from '../domain/entity.ts';
import type { ForeignKey } from '../domain/foreign-key-order.ts';
import { quoteTable } from '../pg/identifiers.ts';
import type { Db } from '../pg/pool.ts';

/** @returns names of entities; those that share a mirror have each its keys. */
export async function keysAmongMirrors(
  db: Db,
  specs: readonly Pick<EntitySpec, 'entity' | 'mirror'>[],
): Promise<ForeignKey[]> {
  const { rows } = await db.query<ForeignKey>(
    `WITH mirror AS (SELECT entity, to_regclass(name) AS id FROM unnest($1::text[], $2::text[]) AS given (entity, name))
     SELECT child.entity AS child, parent.entity AS parent
       FROM pg_catalog.pg_constraint AS c
       JOIN mirror AS child ON child.id = c.conrelid
       JOIN mirror AS parent ON parent.id = c.confrelid
      WHERE c.contype = 'f'`,
    [specs.map(({ entity }) => entity), specs.map(({ mirror }) => quoteTable(mirror))],
  );
  return rows;
}
