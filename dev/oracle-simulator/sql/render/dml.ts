import type { Condition, TableName } from '../ast.ts';
import type { Assignment, Delete, DmlPlan, Insert, InsertValue, Returning, Update } from '../dml-plan.ts';
import { conditionText } from './condition.ts';
import { mergeText } from './merge.ts';
import { itemText, queryText } from './query.ts';
import { commaJoined, quoted, type Renderer, tableText, withScope } from './renderer.ts';
import { limitText, splitRownum } from './rownum.ts';
import { assignedText } from './values.ts';

/** INSERT, UPDATE, DELETE, MERGE as PostgreSQL's. */
export function dmlText(r: Renderer, { statement }: DmlPlan): string {
  if (statement.kind === 'merge') return mergeText(r, statement);
  const { table, alias } = statement;
  const target = { kind: 'table', table, alias, asOf: null } as const;
  return withScope(r, { from: [target], levels: false }, () => {
    const text =
      statement.kind === 'insert'
        ? insertText(r, statement)
        : statement.kind === 'update'
          ? updateText(r, statement)
          : deleteText(r, statement);
    return `${text}${returningText(r, statement.returning)}`;
  });
}

function targetText({ table, alias }: { readonly table: TableName; readonly alias: string | null }): string {
  return alias === null ? tableText(table) : `${tableText(table)} AS ${quoted(alias)}`;
}

export function columnList(columns: readonly string[]): string {
  return columns.length === 0 ? '' : ` (${commaJoined(columns.map(quoted))})`;
}

function insertText(r: Renderer, insert: Insert): string {
  const start = `INSERT INTO ${targetText(insert)}${columnList(insert.columns)}`;
  if (insert.source.kind === 'query') return `${start} ${queryText(r, insert.source.query)}`;
  return `${start} VALUES (${commaJoined(insert.source.values.map((value) => valueText(r, value)))})`;
}

export function valueText(r: Renderer, value: InsertValue): string {
  return value === 'default' ? 'DEFAULT' : assignedText(r, value);
}

function updateText(r: Renderer, update: Update): string {
  return `UPDATE ${targetText(update)} SET ${assignmentsText(r, update.set)}${whereText(r, update)}`;
}

export function assignmentsText(r: Renderer, set: readonly Assignment[]): string {
  return commaJoined(
    set.map((each) =>
      each.kind === 'value'
        ? `${quoted(each.column)} = ${valueText(r, each.value)}`
        : `(${commaJoined(each.columns.map(quoted))}) = (${queryText(r, each.query)})`,
    ),
  );
}

function deleteText(r: Renderer, statement: Delete): string {
  return `DELETE FROM ${targetText(statement)}${whereText(r, statement)}`;
}

/** With ROWNUM the rows are picked first: PostgreSQL has no LIMIT here. */
function whereText(r: Renderer, statement: Update | Delete): string {
  const { rest, limits } = splitRownum(statement.where);
  if (limits.length === 0) return conditionPart(r, rest);
  const place = `${quoted(statement.alias ?? statement.table.name)}.ctid`;
  const picked = `SELECT ${place} FROM ${targetText(statement)}${conditionPart(r, rest)} LIMIT ${limitText(r, limits)}`;
  return ` WHERE ${place} = ANY (ARRAY(${picked}))`;
}

function conditionPart(r: Renderer, condition: Condition | null): string {
  return condition === null ? '' : ` WHERE ${conditionText(r, condition)}`;
}

function returningText(r: Renderer, returning: Returning): string {
  if (returning.length === 0) return '';
  const items = returning.map((item) => itemText(r, { kind: 'value', ...item }));
  if (r.context.rowIdentity === 'append') items.push('tableoid', 'ctid');
  return ` RETURNING ${commaJoined(items)}`;
}
