/** What a query's columns are in Oracle's terms. */

import type { QueryPlan } from '../sql/plan.ts';
import type { Column } from '../types.ts';
import type { Core } from './core.ts';
import type { Answer } from './pipeline.ts';

/** Of the fields that the client asked for. Names that PostgreSQL cut are made whole. */
export async function columnsOfQuery(
  { services }: Core,
  plan: QueryPlan,
  fields: Answer['fields'],
): Promise<readonly Column[]> {
  const columns = await services.columns(fields, hasOuterJoin(plan.query) ? 'everywhere' : 'asDeclared');
  const names = plan.columnNames;
  if (names === null) return columns;
  return columns.map((column, index) => ({ ...column, name: names[index] ?? column.name }));
}

/** Anywhere in the query: an outer join makes NULL of what is none in its table. The tree is plain data. */
function hasOuterJoin(node: unknown): boolean {
  if (typeof node !== 'object' || node === null) return false;
  const isJoin = 'kind' in node && node.kind === 'join' && 'type' in node;
  if (isJoin && node.type !== 'INNER' && node.type !== 'CROSS') return true;
  return Object.values(node).some(hasOuterJoin);
}

/** Whether rows of the query tell where they are stored: what is written to their LOBs has to find them. */
export async function showsPlaces({ services, schema }: Core, { lockedTable }: QueryPlan): Promise<boolean> {
  if (lockedTable === null) return false;
  return await services.isTable(lockedTable.schema ?? schema, lockedTable.name);
}
