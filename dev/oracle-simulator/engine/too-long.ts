/** ORA-12899 names the column and both lengths; PostgreSQL says only what the column's length is. */

import { OraError } from '../ora-error.ts';
import type { Expression } from '../sql/ast.ts';
import type { Assignment, DmlPlan, InsertValue } from '../sql/dml-plan.ts';
import type { Cell } from '../types.ts';
import type { Core } from './core.ts';
import type { DmlRun } from './dml-statement.ts';

type Assigned = { readonly column: string; readonly value: InsertValue | null };

/** The error with the column's name, as far as it can be told from what is assigned to which columns. */
export async function explainTooLong<E extends Error>(
  core: Core,
  { plan }: Pick<DmlRun, 'plan'>,
  { error, row }: { readonly error: E; readonly row: readonly Cell[] },
): Promise<E | OraError> {
  if (!(error instanceof OraError) || error.number !== 12899) return error;
  const maximum = Number(/\(maximum: (\d+)\)/.exec(error.message)?.[1]);
  const schema = plan.table.schema ?? core.schema;
  const columns = await columnsOfTable(core, schema, plan.table.name);
  const names = columns.map(({ name }) => name);
  const suspects = assignedBy(plan, names).filter(({ column }) =>
    columns.some(({ name, length }) => name === column && length === maximum),
  );
  const found = suspects
    .map(({ column, value }) => ({ column, length: lengthOf(value, row) }))
    .find(({ length }) => length !== null && length > maximum);
  const only = suspects.length === 1 ? suspects[0] : undefined;
  const column = found?.column ?? only?.column;
  if (column === undefined) return error;
  const lengths =
    found === undefined ? `maximum: ${maximum}` : `actual: ${found.length}, maximum: ${maximum}`;
  const text = `value too large for column "${schema}"."${plan.table.name}"."${column}" (${lengths})`;
  return new OraError(12899, text, { cause: error });
}

async function columnsOfTable(
  { services }: Core,
  schema: string,
  table: string,
): Promise<readonly { readonly name: string; readonly length: number }[]> {
  const { rows } = await services.control.query<{ name: string; length: number }>(
    `SELECT a.attname AS name, a.atttypmod - 4 AS length FROM pg_attribute AS a
      JOIN pg_class AS c ON c.oid = a.attrelid JOIN pg_namespace AS n ON n.oid = c.relnamespace
      WHERE n.nspname = $1 AND c.relname = $2 AND a.attnum > 0 AND NOT a.attisdropped ORDER BY a.attnum`,
    [schema, table],
  );
  return rows;
}

function assignedBy({ statement }: DmlPlan, columns: readonly string[]): readonly Assigned[] {
  switch (statement.kind) {
    case 'insert':
      return statement.source.kind === 'values'
        ? paired(statement.columns, statement.source.values, columns)
        : (statement.columns.length > 0 ? statement.columns : columns).map((column) => ({
            column,
            value: null,
          }));
    case 'update':
      return statement.set.flatMap(assignedIn);
    case 'merge':
      return [
        ...(statement.update?.set.flatMap(assignedIn) ?? []),
        ...(statement.insert === null
          ? []
          : paired(statement.insert.columns, statement.insert.values, columns)),
      ];
    default:
      return [];
  }
}

function paired(
  given: readonly string[],
  values: readonly InsertValue[],
  columns: readonly string[],
): Assigned[] {
  const names = given.length > 0 ? given : columns;
  return values.map((value, index) => ({ column: names[index] ?? '', value }));
}

function assignedIn(assignment: Assignment): Assigned[] {
  if (assignment.kind === 'value') return [{ column: assignment.column, value: assignment.value }];
  return assignment.columns.map((column) => ({ column, value: null }));
}

/** In characters; null for what only the database knows. */
function lengthOf(value: InsertValue | null, row: readonly Cell[]): number | null {
  if (value === null || value === 'default') return null;
  const text = textOf(value, row);
  return text === null ? null : [...text].length;
}

function textOf(value: Expression, row: readonly Cell[]): string | null {
  if (value.kind === 'text') return value.value;
  const cell = value.kind === 'bind' ? row[value.index] : null;
  return typeof cell === 'string' ? cell : null;
}
