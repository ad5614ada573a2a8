/**
 * Beneath row level security PostgreSQL lets an index do only comparisons that are known to tell nothing of the values
 * (leakproof ones): those of `numeric` are not. Reads of devices then look at every row in scope.
 */
import { partitionColumns } from '../domain/access/feed-spec.ts';
import type { Db } from '../pg/pool.ts';
import type { Readable } from './reader-rights.ts';

export type SlowColumn = { readonly entity: string; readonly column: string; readonly type: string };

/** Of btree operator families: `=`, by which keys and partitions are found, and `>`, by which a page goes on behind a key. */
const EQUAL = 3;
const GREATER = 5;

/** Columns of keys and partitions whose indexes the gateway's login cannot use; of mirrors that are there. */
export async function slowColumns(db: Db, entities: readonly Readable[]): Promise<readonly SlowColumn[]> {
  const secured = entities.flatMap((spec) => {
    const partitions = partitionColumns(spec);
    return partitions.length === 0 ? [] : [{ entity: spec.entity, ...spec.mirror, partitions }];
  });
  const { rows } = await db.query<SlowColumn>(
    `SELECT wanted.entity, a.attname AS column, format_type(a.atttypid, NULL) AS type
       FROM jsonb_to_recordset($1::jsonb) AS wanted (entity text, schema text, "table" text, partitions text[])
       JOIN pg_namespace AS n ON n.nspname = wanted.schema
       JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = wanted."table"
       JOIN pg_index AS pk ON pk.indrelid = c.oid AND pk.indisprimary
       JOIN pg_attribute AS a ON a.attrelid = c.oid AND (a.attnum = ANY (pk.indkey) OR a.attname = ANY (wanted.partitions))
      WHERE EXISTS (
        SELECT FROM pg_index AS i
          CROSS JOIN LATERAL unnest(i.indkey::int2[], i.indclass::oid[]) AS part (attnum, opclass)
          JOIN pg_opclass AS oc ON oc.oid = part.opclass
          JOIN pg_am AS am ON am.oid = oc.opcmethod AND am.amname = 'btree'
          JOIN pg_amop AS ao ON ao.amopfamily = oc.opcfamily AND ao.amoplefttype = oc.opcintype
                            AND ao.amoprighttype = oc.opcintype
          JOIN pg_operator AS o ON o.oid = ao.amopopr
          JOIN pg_proc AS p ON p.oid = o.oprcode
         WHERE i.indrelid = c.oid AND part.attnum = a.attnum AND NOT p.proleakproof
           AND (ao.amopstrategy = ${EQUAL} OR (ao.amopstrategy = ${GREATER} AND a.attnum = ANY (pk.indkey))))
      ORDER BY wanted.entity, a.attnum`,
    [JSON.stringify(secured)],
  );
  return rows;
}
