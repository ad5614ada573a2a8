import type { Condition, Expression } from '../ast.ts';
import type { Assignment, Merge } from '../dml-plan.ts';
import { unsupported } from '../errors.ts';
import { nodesOf, substitute } from '../walk.ts';
import { conditionText } from './condition.ts';
import { referenceText } from './from.ts';
import { queryText } from './query.ts';
import { commaJoined, quoted, type Renderer, referenceName, tableText, withScope } from './renderer.ts';
import { assignedText } from './values.ts';

/**
 * MERGE as PostgreSQL's. Oracle's DELETE WHERE looks at rows as the update left them: here it is a branch of its own, in
 * front of the update, with the new values in place of the columns.
 */
export function mergeText(r: Renderer, merge: Merge): string {
  const { table, alias, source, on } = merge;
  const target = { kind: 'table', table, alias, asOf: null } as const;
  const using = referenceText(r, source);
  return withScope(r, { from: [target, source], levels: false }, () => {
    const into = alias === null ? tableText(table) : `${tableText(table)} AS ${quoted(alias)}`;
    const branches = [...deleteBranch(r, merge), ...updateBranch(r, merge), ...insertBranch(r, merge)];
    return `MERGE INTO ${into} USING ${using} ON ${conditionText(r, on)} ${branches.join(' ')}`;
  });
}

function when(
  r: Renderer,
  matched: 'MATCHED' | 'NOT MATCHED',
  conditions: readonly (Condition | null)[],
): string {
  const texts = conditions.flatMap((each) => (each === null ? [] : [`(${conditionText(r, each)})`]));
  return ['WHEN', [matched, ...texts].join(' AND '), 'THEN'].join(' ');
}

function deleteBranch(r: Renderer, merge: Merge): string[] {
  const update = merge.update;
  if (update === null || update.deleteWhere === null) return [];
  const after = updatedCondition(merge, update.deleteWhere, update.set);
  return [`${when(r, 'MATCHED', [update.where, after])} DELETE`];
}

function updateBranch(r: Renderer, { update }: Merge): string[] {
  if (update === null) return [];
  return [`${when(r, 'MATCHED', [update.where])} UPDATE SET ${mergeAssignments(r, update.set)}`];
}

function mergeAssignments(r: Renderer, set: readonly Assignment[]): string {
  const texts = set.map((each) => {
    if (each.kind === 'query') {
      return `(${commaJoined(each.columns.map(quoted))}) = (${queryText(r, each.query)})`;
    }
    return `${quoted(each.column)} = ${each.value === 'default' ? 'DEFAULT' : assignedText(r, each.value)}`;
  });
  return commaJoined(texts);
}

function insertBranch(r: Renderer, { insert }: Merge): string[] {
  if (insert === null) return [];
  const columns = insert.columns.length === 0 ? '' : ` (${commaJoined(insert.columns.map(quoted))})`;
  const values = insert.values.map((value) => (value === 'default' ? 'DEFAULT' : assignedText(r, value)));
  return [`${when(r, 'NOT MATCHED', [insert.where])} INSERT${columns} VALUES (${commaJoined(values)})`];
}

/** A condition on the row as it is after the update. */
function updatedCondition(merge: Merge, condition: Condition, set: readonly Assignment[]): Condition {
  const target = merge.alias ?? merge.table.name;
  const values = new Map<string, Expression | null>();
  for (const each of set) {
    if (each.kind === 'value') values.set(each.column, each.value === 'default' ? null : each.value);
    else for (const column of each.columns) values.set(column, null);
  }
  for (const node of nodesOf(condition)) {
    if (node.kind === 'subquery' || node.kind === 'exists')
      throw unsupported('a subquery in DELETE WHERE of MERGE', 0);
  }
  return substitute(condition, (each) => {
    if (each.kind !== 'column') return null;
    const column = each.path.at(-1) ?? '';
    const owner = each.path.at(-2) ?? (referenceName(merge.source) === null ? null : target);
    if (owner !== null && owner !== target) return null;
    const value = values.get(column);
    if (value === null) throw unsupported('DELETE WHERE of MERGE on this assignment', each.offset);
    return value ?? null;
  });
}
