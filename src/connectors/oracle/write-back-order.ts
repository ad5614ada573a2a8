/** The order in which entities may be inserted: parents before children, as foreign keys of the dictionary say. */
import oracledb from 'oracledb';
import type { WriteEntity } from '../write-contract.ts';
import { parseTable, quoteTable } from './relation.ts';

/** Names of tables, as `quoteTable` writes them with their owner. */
export type ForeignKey = { readonly child: string; readonly parent: string };

/**
 * Items so that every parent stands before its children. What stands in a cycle, or hangs on one, keeps the given
 * order among itself; a table that refers to itself is no cycle.
 */
export function parentsFirst(items: readonly string[], keys: readonly ForeignKey[]): string[] {
  const waitsFor = new Map(items.map((item) => [item, new Set<string>()]));
  for (const { child, parent } of keys) {
    if (child !== parent && waitsFor.has(parent)) waitsFor.get(child)?.add(parent);
  }
  const ordered: string[] = [];
  let left = [...items];
  while (left.length > 0) {
    // The first in the given order that waits for nobody; in a cycle the first of all.
    const next = left.find(
      (item) => ![...(waitsFor.get(item) ?? [])].some((parent) => left.includes(parent)),
    );
    const taken = next ?? inCycle(left, waitsFor);
    ordered.push(taken);
    left = left.filter((item) => item !== taken);
  }
  return ordered;
}

/** The first item that waits, in the end, for itself: what only hangs on a cycle comes behind it. */
function inCycle(left: readonly string[], waitsFor: ReadonlyMap<string, ReadonlySet<string>>): string {
  const reaches = (from: string, seen: Set<string>): Set<string> => {
    for (const parent of waitsFor.get(from) ?? []) {
      if (!left.includes(parent) || seen.has(parent)) continue;
      seen.add(parent);
      reaches(parent, seen);
    }
    return seen;
  };
  return left.find((item) => reaches(item, new Set()).has(item)) ?? (left[0] as string);
}

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
  const ordered = parentsFirst([...new Set(tables.map(quoteTable))], keys);
  return ordered.flatMap((table) =>
    tables.filter((each) => quoteTable(each) === table).map(({ entity }) => entity),
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
